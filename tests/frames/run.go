package main

import (
	"bytes"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/tests/frames/judge"
	"ablyrooms.example/tests/frames/memnet"
)

// plan is one run: a scenario, and the faults that befall frames in it. Without faults it is the scenario's plain run.
type plan struct {
	scenario scenario
	strikes  []strike
}

// String is the run's name, by which it can be run again: "get-attach-release/1/out/ATTACH.lobby.1/cut-before".
func (p plan) String() string {
	var b strings.Builder
	b.WriteString(p.scenario.name)
	for i, s := range p.strikes {
		if i > 0 {
			b.WriteByte('+')
		} else {
			b.WriteByte('/')
		}
		fmt.Fprintf(&b, "%v/%s", s.frame, s.fault.name)
	}
	return b.String()
}

// strike is a fault at a frame.
type strike struct {
	frame name
	fault fault
}

// loses tells whether the client never hears what it was told by the frame, and hears what comes after it: no transport does that.
func (s strike) loses() bool {
	carries := s.frame.direction == ablytest.ServerToClient && (s.frame.action == ablytest.ActionAttached || s.frame.action == ablytest.ActionMessage)
	return carries && slices.Contains([]string{"drop", "refuse", "disconnect", "fail-connection", "fail-channel", "detach-channel"}, s.fault.name)
}

// result is what came of a run.
type result struct {
	plan     plan
	problems []string
	frames   []frame // those of the scenario
	missed   int     // faults whose frame never came
	calls    int
	slowest  time.Duration // of the calls, in virtual time
	took     time.Duration // in virtual time
	streams  []judge.Stream
	report   string // for people; made when there is a problem
}

// patience is how long, in real time, a run may take before it is taken for stuck: it waits for a lock, which virtual time doesn't wait out.
const patience = 40 * time.Second

// run runs a plan in a bubble of its own.
func run(t *testing.T, network *memnet.Net, p plan) result {
	var bubble atomic.Pointer[string]
	ended := make(chan result, 1)
	go func() {
		r := result{plan: p, problems: []string{"the run ended without a result"}}
		defer func() {
			if x := recover(); x != nil {
				r.problems = append(r.problems, left(x, stacks(bubble.Load())))
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
		return result{plan: p, problems: []string{stuck(stacks(bubble.Load()))}}
	}
}

// stuck says where a run stands that doesn't go on.
func stuck(stacks string) string {
	for g := range strings.SplitSeq(stacks, "\n\n") {
		if strings.Contains(g, "ably.(*msgQueue).Enqueue(") && strings.Contains(g, "ably.(*msgQueue).Flush(") {
			return "ably-go is locked up: it sends a message that waited, and puts it among those that wait"
		}
	}
	return "the run is stuck; its goroutines:\n" + stacks
}

// left says which goroutines a bubble had left.
func left(x any, stacks string) string {
	all, ours := strings.Split(stacks, "\n\n"), 0
	for _, g := range all {
		if !strings.Contains(g, "ably.(*RealtimeChannel).retryAttach(") {
			ours++
		}
	}
	if stacks != "" && ours == 0 {
		return fmt.Sprintf("ably-go has left %d goroutines that wait for the end of an attach of its own", len(all))
	}
	return fmt.Sprintf("%v; goroutines that are left:\n%s", x, stacks)
}

// steps is how many steps the rooms took.
func (r *result) steps() (n int) {
	for _, s := range r.streams {
		n += len(s.Steps)
	}
	return n
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
		// After a lost connection, the client may get messages on a channel that it was told is gone: it drops them, and resumes behind them.
		besides := len(p.strikes) > 1 && strings.HasSuffix(s.fault.name, "-beside")
		w.lossy = w.lossy || s.loses() || besides
		struck = append(struck, w.server.Fault(s.frame.match(), s.fault.effects(w)...))
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
	for _, f := range struck {
		if f.Hits() == 0 {
			r.missed++
		}
	}
	r.problems, r.frames, r.calls, r.took = w.problems, w.frames[:played], len(w.calls), w.now()
	for _, c := range w.calls {
		if c.ended > 0 || c.err != nil {
			r.slowest = max(r.slowest, c.ended-c.began)
		}
	}
	for _, c := range w.clients {
		r.streams = append(r.streams, c.recorder.Streams()...)
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
