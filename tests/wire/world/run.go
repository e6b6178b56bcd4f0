package world

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/tests/wire/judge"
)

// Result is the result of a run.
type Result struct {
	Plan     Plan
	Problems []string
	Frames   []FrameName // frames of the scenario at which a fault can be injected
	Missed   int         // faults whose frame was not sent
	Calls    int
	Rooms    int           // rooms that a crowd got
	Streams  int           // rooms whose steps were checked
	Steps    int           // number of steps of all rooms
	Slowest  time.Duration // the longest duration of a call
	Took     time.Duration
	Traces   []trace.Trace // of the clients' Rooms; only in a bubble, and not for a crowd
	Report   string        // calls, frames and steps; only if there is a problem

	streams []*judge.Stream

	Channels []*judge.ChannelStream // the steps of the channels; only in a bubble
}

// Run runs a plan in a bubble of its own.
func Run(t *testing.T, p Plan) Result {
	r := Result{Plan: p}
	problem, stuck := InBubble(t, func(network *memnet.Net) {
		w, err := newWorld(virtual, 1, ablytest.WithListener(network.Listen()))
		if err != nil {
			r.Problems = []string{err.Error()}
			return
		}
		var struck []*ablytest.Fault
		for _, s := range p.Strikes {
			// After a lost connection, the client may receive messages on a channel that it has
			// already detached. It drops them, and later resumes after them.
			beside := len(p.Strikes) > 1 && strings.HasSuffix(s.Fault.Name, "-beside")
			w.lossy = w.lossy || s.loses() || beside
			struck = append(struck, w.server.Fault(s.Frame.match(), s.Fault.effect(w)))
		}
		w.play(&r, func() {
			for _, f := range struck {
				if f.Hits() == 0 {
					r.Missed++
				}
			}
		})
	})
	if stuck {
		r = Result{Plan: p}
	}
	if problem != "" {
		r.Problems = append(r.Problems, problem)
	}
	return r
}

// Live plays a scenario on real sockets and the real clock. It calls inject with the server before
// the scenario, and the returned function after it.
func Live(s Scenario, seed uint64, inject func(*ablytest.Server) (stop func())) Result {
	r := Result{Plan: Plan{Scenario: s}}
	w, err := newWorld(short, seed, ablytest.WithFrameLog(0), ablytest.WithMessageLimit(100))
	if err != nil {
		r.Problems = []string{err.Error()}
		return r
	}
	w.lossy = true // random faults lose frames
	w.play(&r, inject(w.server))
	return r
}

// play plays a scenario, then ends the faults and checks the outcome.
func (w *World) play(r *Result, faultsEnd func()) {
	s := r.Plan.Scenario
	s.play(w)
	w.mu.Lock()
	r.Frames = names(w.frames)
	w.mu.Unlock()
	faultsEnd()
	if len(r.Plan.Strikes) == 0 && w.bubble {
		for _, what := range w.astray {
			w.problem("without a fault, %s", what)
		}
	}
	w.rest()
	w.holds("at rest", w.truth)
	w.usable()
	w.holds("after it was used", w.truth)
	w.end(r)
	w.server.Close()
	if w.bubble { // goroutines of ably-go may run until one of their timers fires
		time.Sleep(10 * time.Minute)
	}

	w.mu.Lock()
	defer w.mu.Unlock()
	r.Problems, r.Calls, r.Rooms, r.Took = w.problems, len(w.calls)+w.ops, w.opened, w.now()
	for _, c := range w.calls {
		if c.settled() {
			r.Slowest = max(r.Slowest, c.ended-c.began)
		}
	}
	for _, c := range w.clients {
		r.streams = append(r.streams, c.recorder.Streams()...)
		r.Channels = append(r.Channels, c.recorder.Channels()...)
	}
	r.Streams = len(r.streams)
	for _, s := range r.streams {
		r.Steps += len(s.Steps)
	}
	if len(r.Problems) > 0 {
		r.Report = w.report()
	}
	if !w.bubble {
		r.streams, r.Channels = nil, nil
		for _, c := range w.clients {
			c.recorder.Forget()
		}
	}
}

// report lists the calls, the frames and the steps of rooms, in the order of time. Callers hold the
// lock.
func (w *World) report() string {
	var b strings.Builder
	b.WriteString("calls\n")
	for _, c := range w.calls {
		if c.settled() {
			fmt.Fprintf(&b, "  %9s  %s: %v, after %v\n", c.began.Round(time.Millisecond), c.what, c.err, c.ended-c.began)
		} else {
			fmt.Fprintf(&b, "  %9s  %s: not settled\n", c.began.Round(time.Millisecond), c.what)
		}
	}
	b.WriteString("frames\n")
	for _, f := range w.frames {
		fmt.Fprintf(&b, "  %9s  %v", f.at.Round(time.Millisecond), f.Frame)
		if f.Injected {
			b.WriteString(", by the fault")
		}
		if m := f.Message; m != nil && m.Flags.Has(ablytest.FlagResumed) {
			b.WriteString(", resumed")
		}
		if m := f.Message; m != nil && m.Error != nil {
			fmt.Fprintf(&b, ", error %d", m.Error.Code)
		}
		b.WriteByte('\n')
	}
	for _, c := range w.clients {
		for _, s := range c.recorder.Streams() {
			if w.bubble || s.Err() != nil { // a crowd has too many streams
				fmt.Fprintf(&b, "%s's %v", c.id, s)
			}
		}
	}
	return b.String()
}
