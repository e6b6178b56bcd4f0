package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// whole is one run of the whole stack: a chat client on the link, whose rooms are attached by those who get them. Nothing predicts what
// happens: calls begin and give up, detaches are held and let pass, and the trace is what the client's own Rooms did.
type whole struct {
	link  *link
	chat  *ablychat.Client
	gates map[string]*ablytest.Gate

	mu        sync.Mutex
	moved     chan struct{} // closed and made anew when something happens
	recording bool
	lines     []trace.Line
	err       error
	started   int // calls
	returned  int
	settled   int // calls that the core settled
	attaching int // rooms that are being attached
	callers   sync.WaitGroup
}

// limit is how many calls begin in a trace, as in the small configuration.
const limit = 3

// observe records a step.
func (w *whole) observe(step lifecycle.RoomsStep) {
	line, err := trace.LineOf(step)
	w.change(func() {
		if !w.recording {
			return
		}
		w.err = errors.Join(w.err, err)
		w.lines = append(w.lines, line)
		for _, out := range step.Outputs {
			if out.Kind == fsm.Settle {
				w.settled++
			}
		}
	})
}

func (w *whole) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
	close(w.moved)
	w.moved = make(chan struct{})
}

// await waits until a condition holds.
func (w *whole) await(what string, condition func() bool) error {
	timeout := time.After(patience)
	for {
		w.mu.Lock()
		ok, moved := condition(), w.moved
		w.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-moved:
		case <-timeout:
			w.mu.Lock()
			defer w.mu.Unlock()
			return fmt.Errorf("waited in vain for %s: %d calls began, %d came back, %d are settled, %d rooms are being attached; %d and %d detaches are held; the last lines are %+v",
				what, w.started, w.returned, w.settled, w.attaching, w.gates["a"].Held(), w.gates["b"].Held(), w.lines[max(0, len(w.lines)-2):])
		}
	}
}

// quiet waits until all calls have begun, and nothing goes on but what waits for the script: for a detach at the gate, or for good.
func (w *whole) quiet() error {
	return w.await("quiet", func() bool {
		pending := 0 // in the core
		if len(w.lines) > 0 {
			pending = int(w.lines[len(w.lines)-1].State.NextCall) - 1 - w.settled
		}
		if w.attaching > 0 || w.started-w.returned != pending {
			return false
		}
		if len(w.lines) == 0 {
			return true
		}
		for _, inc := range w.lines[len(w.lines)-1].State.Incarnations {
			if inc.Work == fsm.Opening.String() {
				return false
			}
		}
		return true
	})
}

// releasing tells whether the backend is releasing a room of a name.
func (w *whole) releasing(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.lines) > 0 && slices.ContainsFunc(w.lines[len(w.lines)-1].State.Incarnations, func(i inc) bool {
		return i.Name == name && i.Work == fsm.Closing.String()
	})
}

// recordWhole runs a script that it draws as it goes along.
func recordWhole(l *link, draw *rand.Rand) (trace.Trace, error) {
	w := &whole{link: l, gates: map[string]*ablytest.Gate{}, moved: make(chan struct{}), recording: true}
	var faults []*ablytest.Fault
	for _, name := range []string{"a", "b"} {
		w.gates[name] = ablytest.NewGate()
		// Not the detaches by which the adapter gets rid of what stands in the way of an attach: that would wait for the script.
		faults = append(faults, l.hold(ablytest.ActionDetach, name, w.gates[name], draw.IntN(6) == 0, func() bool { return w.releasing(name) }))
	}
	var err error
	w.chat, err = ablychat.New(l.client, ablychat.WithRoomsObserver(w.observe), ablychat.WithObservedStates(), ablychat.WithChannelRetryTimeout(time.Hour))
	if err != nil {
		return trace.Trace{}, err
	}
	err = w.script(draw)
	w.change(func() { w.recording = false })
	for _, f := range faults {
		f.Remove()
	}
	for _, g := range w.gates {
		g.Open()
	}
	err = errors.Join(err, w.err, w.chat.Dispose(context.Background()))
	w.callers.Wait()
	return trace.Trace{Label: "stack", Lines: w.lines}, err
}

// script does what it draws. Half of the time it goes on at once, so that calls meet an opening under way.
func (w *whole) script(draw *rand.Rand) error {
	var cancels []context.CancelCauseFunc
	for step := 0; step < 12; step++ {
		switch choice := draw.IntN(10); {
		case choice < 6 && len(cancels) < limit:
			ctx, cancel := context.WithCancelCause(context.Background())
			cancels = append(cancels, cancel)
			w.begin(ctx, draw)
		case choice < 8 && len(cancels) > 0:
			cancels[draw.IntN(len(cancels))](errGaveUp)
		case choice == 8:
			w.gates["a"].Pass(1)
		case choice == 9:
			w.gates["b"].Pass(1)
		}
		if draw.IntN(2) == 0 {
			continue
		}
		if err := w.quiet(); err != nil {
			return err
		}
	}
	return nil
}

func (w *whole) begin(ctx context.Context, draw *rand.Rand) {
	rooms, name, options := w.chat.Rooms(), []string{"a", "b"}[min(draw.IntN(3), 1)], tokens["x"]
	if draw.IntN(4) == 0 {
		options = tokens["y"]
	}
	choice := draw.IntN(10)
	w.change(func() { w.started++ })
	w.callers.Go(func() {
		switch {
		case choice < 5:
			room, err := rooms.Get(ctx, name, lifecycle.WithRoomOptions(options))
			if err != nil {
				break
			}
			w.change(func() { w.attaching++; w.returned++ })
			_ = room.Attach(context.Background()) // so that its release has something to detach; it may be released by now
			w.change(func() { w.attaching-- })
			return
		case choice < 9:
			_ = rooms.Release(ctx, name)
		default:
			_ = rooms.Dispose(ctx)
		}
		w.change(func() { w.returned++ })
	})
}
