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

// patience is how long a trial may take. Everything that it waits for takes milliseconds, except
// for the end of typing and for answers that never come, which take two seconds.
const patience = 30 * time.Second

// errLate is the error of a trial that waits longer than patience.
var errLate = errors.New("the check waited too long for an event or an answer")

// runner runs a check with two persons: the person do acts, and the person see checks the
// effects.
type runner = func(t *trial, do, see person)

// row is a check of a feature.
type row struct {
	what string
	run  runner
}

// check compares one thing that both libraries do. It runs once for each direction and each pair of
// formats.
type check struct {
	feature string
	row
}

// of returns checks for the rows of a feature.
func of(feature string, rows ...row) (checks []check) {
	for _, r := range rows {
		checks = append(checks, check{feature, r})
	}
	return checks
}

// trial is one run of a check. It belongs to the goroutine of the check. A failure ends it by a
// panic with a value of type stop.
type trial struct {
	ctx    context.Context
	server *ablytest.Server
	room   string // the name of a room that no other trial uses

	mu       sync.Mutex
	err      error // an error for events that could not be read
	ends     []func()
	differs  string
	compared int
}

// stop is what a trial panics with.
type stop struct{ err error }

// fail ends the trial.
func (t *trial) fail(err error) { panic(stop{err}) }

// broken makes the trial fail. It may be called from any goroutine.
func (t *trial) broken(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = errors.Join(t.err, err)
}

// atEnd registers f to be called when the trial ends. The last function is called first.
func (t *trial) atEnd(f func()) { t.ends = append(t.ends, f) }

// differ records that one of the libraries does something differently, and where its source shows
// this. The check must have verified the difference before.
func (t *trial) differ(format string, args ...any) { t.differs = fmt.Sprintf(format, args...) }

// difference returns how two values differ, field by field, or "" if they are equal. A nil map and
// an empty map differ. Times are equal if they are the same moment.
func difference(want, got any) string { return cmp.Diff(want, got) }

// same ends the trial if the values differ.
func (t *trial) same(what string, want, got any) {
	t.compared++
	if diff := difference(want, got); diff != "" {
		t.fail(fmt.Errorf("%s: expected (-) and found (+):\n%s", what, diff))
	}
}

// refusal returns the error of a call that must fail. It ends the trial if the call doesn't fail.
func (t *trial) refusal(what string, call func()) error {
	err := caught(call)
	if err == nil {
		t.fail(fmt.Errorf("%s: the call was not refused", what))
	}
	return err
}

// caught calls f, and returns the error that ended it, or an error for its panic.
func caught(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case stop:
			err = r.err
		default: // only this row fails; the run goes on
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	f()
	return nil
}

// apart returns a runner in which both persons get the same room, with the same options. Neither
// attaches it.
func apart(options string, run func(t *trial, d, s *room)) runner {
	return func(t *trial, do, see person) {
		run(t, do.room(t, t.room, options), see.room(t, t.room, options))
	}
}

// attached is like apart, but both persons attach the room.
func attached(options string, run func(t *trial, d, s *room)) runner {
	return apart(options, func(t *trial, d, s *room) {
		s.attach()
		d.attach()
		run(t, d, s)
	})
}

// named returns a runner whose room has another name: the result of name for the trial's own name.
func named(name func(string) string, run runner) runner {
	return func(t *trial, do, see person) {
		t.room = name(t.room)
		run(t, do, see)
	}
}

// told checks that the next event of each subscription equals want.
func told[T any](t *trial, what string, want T, by ...*inbox[T]) {
	for _, in := range by {
		t.same(what, want, in.next(t))
	}
}

// outcome is the result of a trial: an error, or a difference, or neither.
type outcome struct {
	err     error
	differs string
}

// try runs a check with two persons.
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
