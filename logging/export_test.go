package logging

// RaceEnabled is for the tests that see the package from outside.
const RaceEnabled = raceEnabled
