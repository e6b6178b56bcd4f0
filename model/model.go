// Package model is the reference model of the Rooms machine: the effects of Get, Release and
// Dispose on names and their incarnations, as one pure function of plain values.
//
// # Assumptions
//
//   - Steps are atomic, and every one is seen: each call that begins, each caller that gives up,
//     each end that the backend reports, in the order in which they happened. No input is lost and
//     none is invented.
//   - Calls are numbered 1, 2, 3, … as they begin, incarnations 1, 2, 3, … as they are created,
//     over all names.
//   - Options are valid and complete, so that equal strings mean equal options. Otherwise names and
//     options are opaque.
//   - An error of the backend is known only by the incarnation whose work failed. Nothing else
//     about the error matters.
//   - There is no time. A work of the backend ends at some moment, or never; only liveness needs
//     that it ends.
//
// # Uses and limits
//
// For any sequence of inputs, the model determines which calls are settled with which outcome, what
// the backend must do, and which inputs are refused. So it can check an implementation step by
// step, be explored exhaustively within small bounds, and have its state graph compared with the
// graph of a spec or an implementation of the same rules. It keeps the whole history of calls and
// incarnations, so that a property of a run is a predicate of one state.
//
// The model can't check a system if some steps are not seen, for example if only the beginnings and
// returns of calls are known. Then many orders of steps would be possible, and the model would have
// to follow a set of states. It is no base for an implementation either: it keeps the whole
// history, and every step copies and searches it.
//
// docs/rooms.md contains the rules, R1 to R24, each with the points of Ably's Chat specification
// (CHA-…) that it comes from. The model is written from that text alone, and shares neither code
// nor data structures with any implementation: it has no entry for each name, only the list of
// incarnations, and searches it for the incarnation that a name has in use.
package model

import (
	"slices"
	"strconv"
	"strings"
)

// State is the whole state of the machine, with its history. The zero State is the beginning: no
// call, no incarnation.
//
// A State is a value: no function of this package changes a State that it is given. So a State may
// be kept, shared and read by many goroutines, as long as no caller writes to its slices. Compare
// two States with [State.Equal] or by their [State.Key].
type State struct {
	// Calls has all calls that ever began; call n is Calls[n-1].
	Calls []Call
	// Incarnations has all that were ever created; incarnation n is Incarnations[n-1].
	Incarnations []Incarnation
	// Failed has the incarnations whose release ended with an error since disposal began, ascending
	// (R15).
	Failed []int
}

// Call is one Get, Release, Dispose or ReleaseIf, with its history.
type Call struct {
	// Kind is KindGet, KindRelease, KindDispose or KindReleaseIf.
	Kind Kind
	// Name is the name that the call is for, or that of its incarnation; empty for a Dispose.
	Name string
	// Of is the incarnation that a ReleaseIf is for; 0 for the other kinds.
	Of int
	// Options are the options of a Get; empty for other kinds.
	Options string
	// WaitsFor is the incarnation that the call waits for or, once it is settled, waited for. A Get
	// waits for its opening, a Release or a ReleaseIf for the end of its release. It is 0 for a
	// call that was settled as it began, and for a Dispose, which waits until nothing is releasing.
	WaitsFor int
	// Outcome is the outcome of the call. Its zero value is for a call that is pending.
	Outcome Outcome
}

// Pending reports whether the call is not settled.
func (c Call) Pending() bool { return c.Outcome.Kind == OutcomePending }

// Incarnation is one life of a name: one opening begins it and one release ends it (CHA-RC1).
type Incarnation struct {
	// Name is the name of which this is a life.
	Name string
	// Options are the options of the Get that created it.
	Options string
	// Life is the present stage of its life.
	Life Life
	// Work is what the backend must still do for it.
	Work Work
	// Ended is the last end that the backend reported: KindOpened, KindOpenFailed, KindReleased or
	// KindReleaseFailed, or the zero Kind if it reported none. No rule uses it; it is history, with
	// which properties compare the outcomes of calls.
	Ended Kind
}

// Life is the stage of an incarnation: initializing, ready, releasing, released.
type Life uint8

// The four stages. The zero Life is none of them.
const (
	LifeInitializing Life = iota + 1 // in use, not open yet
	LifeReady                        // in use
	LifeReleasing                    // no longer in use, not released yet
	LifeReleased                     // final
)

// String returns the name that docs/rooms.md uses.
func (l Life) String() string {
	return word(int(l), "", "initializing", "ready", "releasing", "released")
}

// Work is what the backend was asked to do and has not ended yet: nothing, opening, closing.
type Work uint8

// The three works. WorkNone is the zero Work.
const (
	WorkNone    Work = iota // the backend has nothing to do
	WorkOpening             // ends with Opened or OpenFailed
	WorkClosing             // ends with Released or ReleaseFailed
)

// String returns the name that docs/rooms.md uses.
func (w Work) String() string { return word(int(w), "none", "opening", "closing") }

// InUse returns the incarnation of the name that is initializing or ready, or 0 if there is none.
func (s State) InUse(name string) int {
	return s.latest(name, func(life Life) bool { return life == LifeInitializing || life == LifeReady })
}

// BeingReleased returns the incarnation of the name that is releasing, or 0 if there is none.
func (s State) BeingReleased(name string) int {
	return s.latest(name, func(life Life) bool { return life == LifeReleasing })
}

// latest returns the last created incarnation of the name for whose life wanted returns true, or 0.
func (s State) latest(name string, wanted func(Life) bool) int {
	for i := len(s.Incarnations); i > 0; i-- {
		if inc := s.Incarnations[i-1]; inc.Name == name && wanted(inc.Life) {
			return i
		}
	}
	return 0
}

// Disposing reports whether disposal began; it stays true when disposal has ended (CHA-RD1a).
func (s State) Disposing() bool {
	return slices.ContainsFunc(s.Calls, func(c Call) bool { return c.Kind == KindDispose })
}

// releasing reports whether any incarnation of any name is releasing.
func (s State) releasing() bool {
	return slices.ContainsFunc(s.Incarnations, func(inc Incarnation) bool { return inc.Life == LifeReleasing })
}

// Clone returns a State that is equal to s and shares no memory with it.
func (s State) Clone() State {
	c := State{
		Calls:        slices.Clone(s.Calls),
		Incarnations: slices.Clone(s.Incarnations),
		Failed:       slices.Clone(s.Failed),
	}
	for i := range c.Calls {
		c.Calls[i].Outcome.Failed = slices.Clone(c.Calls[i].Outcome.Failed)
	}
	return c
}

// String returns the state in one line, for messages.
func (s State) String() string {
	var b strings.Builder
	b.WriteString("calls [")
	for i, c := range s.Calls {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(Input{Kind: c.Kind, Call: i + 1, Name: c.Name, Options: c.Options, Incarnation: c.Of}.String())
		b.WriteString(" " + c.Outcome.String())
		if c.WaitsFor != 0 {
			b.WriteString(" @" + strconv.Itoa(c.WaitsFor))
		}
	}
	b.WriteString("] incarnations [")
	for i, inc := range s.Incarnations {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Itoa(i+1) + " " + plain(inc.Name) + "/" + plain(inc.Options) + " " + inc.Life.String())
		if inc.Work != WorkNone {
			b.WriteString("+" + inc.Work.String())
		}
		if inc.Ended != 0 {
			b.WriteString(" after " + inc.Ended.String())
		}
	}
	b.WriteString("]")
	if len(s.Failed) > 0 {
		b.WriteString(" failed " + set(s.Failed))
	}
	return b.String()
}

// word returns the n-th word, or n itself as text if there is no such word.
func word(n int, words ...string) string {
	if n >= len(words) || words[n] == "" {
		return "invalid(" + strconv.Itoa(n) + ")"
	}
	return words[n]
}

// plain returns a name or options unchanged if they can't be misread in a list, else quoted.
func plain(s string) string {
	odd := func(r rune) bool { return !strings.ContainsRune("-_.:", r) && !alphanumeric(r) }
	if s == "" || strings.ContainsFunc(s, odd) {
		return strconv.Quote(s)
	}
	return s
}

func alphanumeric(r rune) bool {
	return '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// set returns the numbers in braces.
func set(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return "{" + strings.Join(words, ", ") + "}"
}
