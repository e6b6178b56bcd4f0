package bubble

import (
	"testing"
	"time"
)

// Ends runs a part of a test that only computes, and fails the test, with the stacks of all
// goroutines, unless it ends within patience, in real time. What it runs shares with the caller
// must be left alone then.
func Ends(t testing.TB, patience time.Duration, run func()) {
	t.Helper()
	ended := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { ended <- returned }()
		run()
		returned = true
	}()
	select {
	case returned := <-ended:
		if !returned {
			t.FailNow()
		}
	case <-time.After(patience):
		t.Fatalf("it does not end within %v:\n%s", patience, Stacks())
	}
}
