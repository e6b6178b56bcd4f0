//go:build !race

package evidence

// Race says whether the race detector runs.
const Race = false
