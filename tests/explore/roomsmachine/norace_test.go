//go:build !race

package roomsmachine

// raceDetector is off.
const raceDetector = false
