//go:build race

package load

const peersRace = true
