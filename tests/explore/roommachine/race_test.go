//go:build race

package roommachine

// raceDetector is on: everything is ten times as slow.
const raceDetector = true
