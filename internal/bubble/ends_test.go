package bubble_test

import (
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ablyrooms.example/internal/bubble"
)

// recorder is a test whose failure is only recorded.
type recorder struct {
	testing.TB
	failure string
}

func (r *recorder) Helper() {}

func (r *recorder) FailNow() { r.failure = "failed" }

func (r *recorder) Fatalf(format string, args ...any) { r.failure = fmt.Sprintf(format, args...) }

// If the computation returns, the test continues. If it fails the test or never ends, the test
// fails.
func TestEnds(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for want, run := range map[string]func(){
		"":                          func() {},
		"failed":                    runtime.Goexit, // as t.Fatal does
		"the function does not end": func() { <-stop },
	} {
		r, patience := &recorder{TB: t}, time.Minute
		if strings.HasPrefix(want, "the function") {
			patience = time.Millisecond
		}
		bubble.Ends(r, patience, run)
		if !strings.HasPrefix(r.failure, want) || want == "" && r.failure != "" {
			t.Errorf("the test failed with %q, want %q", r.failure, want)
		}
	}
}

// Run reports that a bubble hangs when its virtual time is over, even if timers in it still fire.
func TestABubbleThatNeverEnds(t *testing.T) {
	var stop atomic.Bool
	defer stop.Store(true)
	limits := bubble.Limits{Look: time.Second, Patience: time.Minute, Virtual: time.Hour}
	end := bubble.Run(t, limits, func() {
		for range time.Tick(15 * time.Minute) {
			if stop.Load() {
				select {} // don't return: the bubble must not end after its test has ended
			}
		}
	})
	if !strings.Contains(end.Hang, "1h0m0s of virtual time") || !strings.Contains(end.Stacks, "ends_test.go") {
		t.Errorf("Run returned %+v, expected a hang with the stacks", end)
	}
}
