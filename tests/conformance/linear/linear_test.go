package linear

import (
	"flag"
	"fmt"
	"strings"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
	"ablyrooms.example/tests/conformance/ours"
)

var operations = flag.Int("linear.ops", 0, "the number of calls to make; 0 for 20,000, or for 1,000,000 with EVIDENCE=full")

// round returns the n-th round: 8 goroutines make 12 calls each, on 3 names. Every fourth round has
// a disposal. In every second round the backend is slow.
func round(n int) Round {
	return Round{Names: 3, Goroutines: 8, Calls: 12, Dispose: n%4 == 3, Jitter: n%2 == 1, Seed: uint64(n)}
}

// TestLinearizable makes calls from 8 goroutines in parallel, and checks that every history is
// linearizable. Histories are short: each round has a Rooms of its own, and each name a history of
// its own.
func TestLinearizable(t *testing.T) {
	want := *operations
	switch {
	case want == 0 && evidence.At(evidence.Full):
		want = 1_000_000
	case want == 0:
		want = 20_000
	}
	// Some Rooms have an observer, since Rooms may behave differently with one.
	var watched *ours.Watched
	look := func() {
		if watched == nil {
			return
		}
		if steps, err := watched.Steps(); err != nil || len(steps) == 0 {
			t.Errorf("the observer got %d steps, or steps that the core does not take: %v", len(steps), err)
		}
		watched = nil
	}
	made := 0
	subject := ours.Subject()
	subject.New = func(b *conformance.Backend) conformance.System {
		look()
		if made++; made/4%2 == 0 {
			return ours.New(b)
		}
		watched = ours.Watch(b, nil)
		return watched
	}
	r, err := Run(subject, want, round)
	look()
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for kind := model.OutcomeRoom; kind <= model.OutcomeGaveUp; kind++ {
		kinds = append(kinds, fmt.Sprintf("%v:%d", kind, r.Ends[kind]))
		if r.Ends[kind] == 0 {
			t.Errorf("no call ended with %v", kind)
		}
	}
	evidence.Print("linear", "ops", r.Calls, "goroutines", 8, "rounds", r.Rounds, "histories", r.Histories,
		"longest", r.Longest, "unknown", 0, "illegal", 0, "ends", strings.Join(kinds, ","))
}
