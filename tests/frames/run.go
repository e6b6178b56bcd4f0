package main

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/tests/frames/memnet"
)

// plan is one run: a scenario, and the faults that befall frames in it. Without faults it is the scenario's plain run.
type plan struct {
	scenario scenario
	strikes  []strike
}

// strike is a fault at a frame.
type strike struct {
	frame ablytest.Frame
	fault fault
}

// String is the run's name, by which it can be run again: "get-attach-release/1.3/out/cut-before". A frame is named by the WebSocket, and its
// index among the frames of its direction there.
func (p plan) String() string {
	var b strings.Builder
	b.WriteString(p.scenario.name)
	for i, s := range p.strikes {
		if i > 0 {
			b.WriteByte('+')
		} else {
			b.WriteByte('/')
		}
		fmt.Fprintf(&b, "%d.%d/%s/%s", s.frame.Connection, s.frame.Index, direction(s.frame), s.fault.name)
	}
	return b.String()
}

// direction is "out" for what a client sends and "in" for what it gets.
func direction(f ablytest.Frame) string {
	if f.Direction == ablytest.ClientToServer {
		return "out"
	}
	return "in"
}

// result is what came of a run.
type result struct {
	plan     plan
	problems []string
	frames   []frame // those of the scenario
	missed   int     // strikes whose frame never came
	calls    int
	slowest  time.Duration // of the calls, in virtual time
	took     time.Duration // in virtual time
	steps    int           // of rooms
	report   string        // for people; made when there is a problem
}

// patience is how long, in real time, a run may take before it is taken for stuck: it waits for a lock, which virtual time doesn't wait out.
const patience = 90 * time.Second

// run runs a plan in a bubble of its own.
func run(t *testing.T, network *memnet.Net, p plan) result {
	var bubble atomic.Pointer[string]
	ended := make(chan result, 1)
	go func() {
		r := result{plan: p, problems: []string{"the run ended without a result"}}
		defer func() {
			if x := recover(); x != nil {
				r.problems = append(r.problems, fmt.Sprintf("%v; goroutines that are left:\n%s", x, stacks(bubble.Load())))
			}
			ended <- r
		}()
		synctest.Test(t, func(*testing.T) {
			bubble.Store(bubbleName())
			play(network, p, &r)
		})
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case r := <-ended:
		return r
	case <-timer.C:
		return result{plan: p, problems: []string{"the run is stuck; its goroutines:\n" + stacks(bubble.Load())}}
	}
}

// play plays a scenario with its faults, then ends them and looks whether all is well.
func play(network *memnet.Net, p plan, r *result) {
	w, err := newWorld(network)
	if err != nil {
		r.problems = []string{err.Error()}
		return
	}
	r.problems = nil
	var struck []*ablytest.Fault
	for _, s := range p.strikes {
		struck = append(struck, w.server.Fault(s.frame.Match(), s.fault.effects(w)...))
	}
	p.scenario.play(w)
	w.mu.Lock()
	played := len(w.frames)
	w.mu.Unlock()
	if len(p.strikes) == 0 {
		for _, what := range w.astray {
			w.problem("without a fault, %s", what)
		}
	}
	w.rest()
	w.truth("at rest")
	w.usable()
	w.truth("after it was used")
	w.end()
	w.server.Close()
	// What ably-go began before may go on for as long as a pause of its own.
	time.Sleep(10 * time.Minute)

	w.mu.Lock()
	defer w.mu.Unlock()
	for i, f := range struck {
		if f.Hits() == 0 {
			r.missed++
			if i == 0 {
				w.problems = append(w.problems, "the frame of the fault never came, so the run shows nothing")
			}
		}
	}
	r.problems, r.frames, r.calls, r.took = w.problems, w.frames[:played], len(w.calls), w.now()
	for _, c := range w.calls {
		if c.ended > 0 || c.err != nil {
			r.slowest = max(r.slowest, c.ended-c.began)
		}
	}
	for _, c := range w.clients {
		for _, s := range c.recorder.Streams() {
			r.steps += len(s.Steps)
		}
	}
	if len(r.problems) > 0 {
		r.report = w.report()
	}
}

// report tells all that happened, in the order of time. The lock is held.
func (w *world) report() string {
	var b strings.Builder
	b.WriteString("calls\n")
	for _, c := range w.calls {
		select {
		case <-c.done:
			fmt.Fprintf(&b, "  %9s  %s: %v, after %v\n", c.began.Round(time.Millisecond), c.what, c.err, c.ended-c.began)
		default:
			fmt.Fprintf(&b, "  %9s  %s: not settled\n", c.began.Round(time.Millisecond), c.what)
		}
	}
	b.WriteString("frames\n")
	for _, f := range w.frames {
		fmt.Fprintf(&b, "  %9s  %v", f.at.Round(time.Millisecond), f.Frame)
		if f.Injected {
			b.WriteString(", by the fault")
		}
		if m := f.Message; m != nil {
			if m.Flags.Has(ablytest.FlagResumed) {
				b.WriteString(", resumed")
			}
			if m.Error != nil {
				fmt.Fprintf(&b, ", error %d", m.Error.Code)
			}
		}
		b.WriteByte('\n')
	}
	for _, c := range w.clients {
		for _, s := range c.recorder.Streams() {
			fmt.Fprintf(&b, "%s's %v", c.id, s)
		}
	}
	return b.String()
}

const marker = "synctest bubble "

// bubbleName returns the words by which a dump of stacks marks the goroutines of the bubble that it is called in.
func bubbleName() *string {
	var buf [96]byte
	_, rest, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte(marker))
	number, _, _ := bytes.Cut(rest, []byte("]"))
	name := marker + string(number) + "]:"
	return &name
}

// stacks returns the stacks of a bubble's goroutines.
func stacks(bubble *string) string {
	if bubble == nil {
		return "unknown"
	}
	dump := make([]byte, 1<<20)
	for n := runtime.Stack(dump, true); ; n = runtime.Stack(dump, true) {
		if n < len(dump) {
			dump = dump[:n]
			break
		}
		dump = make([]byte, 2*len(dump))
	}
	var of []string
	for g := range strings.SplitSeq(string(dump), "\n\n") {
		if head, _, _ := strings.Cut(g, "\n"); strings.HasSuffix(head, *bubble) {
			of = append(of, g)
		}
	}
	return strings.Join(of, "\n\n")
}
