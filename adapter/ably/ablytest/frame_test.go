package ablytest_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

// scenario uses several features, then closes or fails the client, and returns the names of the
// frames.
func scenario(t *testing.T, prepare func(*ablytest.Server), fail bool) (names []string, frames []ablytest.Frame) {
	ctx := testContext(t)
	srv := ablytest.NewServer(t)
	prepare(srv)
	client := connect(t, srv, ably.WithDisconnectedRetryTimeout(time.Millisecond))
	for _, name := range []string{"a", "b"} {
		ch := client.Channels.Get(name)
		if err := ch.Attach(ctx); err != nil {
			t.Fatal(err)
		}
		if err := ch.Publish(ctx, "n", "d"); err != nil {
			t.Fatal(err)
		}
		if err := ch.Detach(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if fail {
		failClient(t, srv, client)
	} else {
		closeClient(t, client)
	}
	srv.Close()
	frames = srv.Frames()
	for _, f := range frames {
		names = append(names, f.String())
	}
	slices.Sort(names)
	return names, frames
}

func TestFramesHaveTheSameNamesInEachRun(t *testing.T) {
	first, frames := scenario(t, func(*ablytest.Server) {}, false)
	second, _ := scenario(t, func(*ablytest.Server) {}, false)
	if !slices.Equal(first, second) {
		t.Errorf("first run:\n%q\nsecond run:\n%q", first, second)
	}
	if len(frames) < 16 {
		t.Errorf("only %d frames", len(frames))
	}
	for i, f := range frames {
		if f.Seq != i+1 {
			t.Errorf("frame %d has Seq %d", i+1, f.Seq)
		}
	}
	// A fault can select each frame by its name.
	for _, f := range frames {
		var fault *ablytest.Fault
		closing := f.Action == ablytest.ActionClose || f.Action == ablytest.ActionClosed
		scenario(t, func(srv *ablytest.Server) { fault = srv.Fault(f.Match().Once(), ablytest.CutBefore()) }, !closing)
		if fault.Hits() != 1 {
			t.Errorf("the fault at %v was applied %d times, want 1", f, fault.Hits())
		}
	}
}

func TestFaultsBySeedAreTheSameEachTime(t *testing.T) {
	hit := func(seed uint64) []string {
		var mu sync.Mutex
		var names []string
		_, _ = scenario(t, func(srv *ablytest.Server) {
			srv.FaultsBySeed(seed, 0.5, ablytest.AnyFrame(), ablytest.Call(func(f ablytest.Frame) {
				mu.Lock()
				defer mu.Unlock()
				names = append(names, f.String())
			}))
		}, false)
		slices.Sort(names)
		return names
	}
	one, again, other := hit(1), hit(1), hit(2)
	if !slices.Equal(one, again) {
		t.Errorf("seed 1 selected the frames\n%q\nand in a second run\n%q", one, again)
	}
	if slices.Equal(one, other) || len(one) == 0 {
		t.Errorf("seeds 1 and 2 selected the same %d frames", len(one))
	}
}
