//go:build race

package roomsmachine

// raceDetector is on: everything is ten times as slow.
const raceDetector = true
