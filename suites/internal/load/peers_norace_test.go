//go:build !race

package load

const peersRace = false
