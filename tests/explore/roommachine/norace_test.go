//go:build !race

package roommachine

// raceDetector is off.
const raceDetector = false
