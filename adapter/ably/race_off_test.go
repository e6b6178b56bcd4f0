//go:build !race

package ablychat_test

const raceDetector = false
