package bubble

import (
	"testing"
	"time"
)

// Ends runs a part of a test that only computes. If run doesn't end within patience, in real time,
// Ends fails the test and prints the stacks of all goroutines. The caller must not use what it
// shares with run after that.
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
		t.Fatalf("the function does not end within %v:\n%s", patience, Stacks())
	}
}
