package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/google/go-cmp/cmp"

	"ablyrooms.example/adapter/ably/ablytest"
)

// patience is how long a trial may take: all that it waits for takes milliseconds, but for the
// end of typing and for what is never answered, which take two seconds.
const patience = 30 * time.Second

// errLate is how a trial ends that waits for longer than that.
var errLate = errors.New("nothing more happened in time")

// runner has one person do something, and another see it.
type runner = func(t *trial, do, see person)

// row is a check of a feature.
type row struct {
	what string
	run  runner
}

// check is one thing that both libraries are compared in. It is tried once for each direction and
// pair of formats.
type check struct {
	feature string
	row
}

// of makes checks of the rows of a feature.
func of(feature string, rows ...row) (checks []check) {
	for _, r := range rows {
		checks = append(checks, check{feature, r})
	}
	return checks
}

// trial is one run of a check. It belongs to the goroutine of the check; what fails ends it by a
// panic of the type stop.
type trial struct {
	ctx    context.Context
	server *ablytest.Server
	room   string // names a room that no other trial uses

	mu       sync.Mutex
	err      error // of an event that could not be read
	ends     []func()
	differs  string
	compared int
}

// stop is what a trial panics with.
type stop struct{ err error }

// fail ends the trial.
func (t *trial) fail(err error) { panic(stop{err}) }

// broken has the trial fail, from whatever goroutine.
func (t *trial) broken(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = errors.Join(t.err, err)
}

// atEnd has f called when the trial ends, the last first.
func (t *trial) atEnd(f func()) { t.ends = append(t.ends, f) }

// differ states what one of the libraries does otherwise, and where that is to be seen. The check
// has made sure of it.
func (t *trial) differ(format string, args ...any) { t.differs = fmt.Sprintf(format, args...) }

// difference reports where two values differ, field by field; empty for nowhere. A nil map is not
// an empty one; times are equal when they are the same moment.
func difference(want, got any) string { return cmp.Diff(want, got) }

// same ends the trial when the values differ.
func (t *trial) same(what string, want, got any) {
	t.compared++
	if diff := difference(want, got); diff != "" {
		t.fail(fmt.Errorf("%s: expected (-) and found (+):\n%s", what, diff))
	}
}

// refusal returns the error of a call that shall fail, and ends the trial when it doesn't.
func (t *trial) refusal(what string, call func()) error {
	err := caught(call)
	if err == nil {
		t.fail(fmt.Errorf("%s: was not refused", what))
	}
	return err
}

// caught calls f and returns what it failed with, or panicked.
func caught(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			err = r.err
		default: // a row that fails, and not the end of all
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	f()
	return nil
}

// apart has a check run in one room of both, with the same options.
func apart(options string, run func(t *trial, d, s *room)) runner {
	return func(t *trial, do, see person) {
		run(t, do.room(t, t.room, options), see.room(t, t.room, options))
	}
}

// attached is apart with the room attached.
func attached(options string, run func(t *trial, d, s *room)) runner {
	return apart(options, func(t *trial, d, s *room) {
		s.attach()
		d.attach()
		run(t, d, s)
	})
}

// named has a check run in a room of the name that the trial's room has then.
func named(name func(string) string, run runner) runner {
	return func(t *trial, do, see person) {
		t.room = name(t.room)
		run(t, do, see)
	}
}

// told compares the next event of each subscription.
func told[T any](t *trial, what string, want T, by ...*inbox[T]) {
	for _, in := range by {
		t.same(what, want, in.next(t))
	}
}

// outcome is what came of a trial: an error, or what differs, or neither.
type outcome struct {
	err     error
	differs string
}

// try runs a check.
func try(ctx context.Context, patience time.Duration, server *ablytest.Server, room string, c check,
	do, see person) outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errLate)
	defer cancel()
	t := &trial{ctx: ctx, server: server, room: room}
	err := caught(func() { c.run(t, do, see) })
	for _, end := range slices.Backward(t.ends) {
		err = errors.Join(err, caught(end))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	err = errors.Join(err, t.err)
	if err == nil && t.compared == 0 {
		err = errors.New("the check has compared nothing")
	}
	return outcome{err, t.differs}
}
