//go:build race

package evidence

// Race says that the race detector runs.
const Race = true
