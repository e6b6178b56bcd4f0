// Package model is the reference model of the Rooms machine: what Get, Release and Dispose do to
// names and their incarnations, as one pure function over plain values.
//
// # What it assumes
//
//   - Steps are atomic, and every one is seen: each call that begins, each caller that gives up,
//     each end that the backend reports, in the order in which they happened and with their true
//     fate. No input is lost and none is invented.
//   - Calls are numbered 1, 2, 3, … as they begin, incarnations 1, 2, 3, … as they are created,
//     over all names.
//   - Options are valid and complete before they get here, so that equal strings mean equal
//     options. Names and options are opaque beyond that.
//   - An error of the backend is known by the incarnation that it ended, and nothing else about it
//     matters.
//   - There is no time. What the backend was asked for ends at some moment, or never; only liveness
//     needs that it does.
//
// # What it is good for, and what not
//
// It says, for any sequence of inputs, which calls are settled with which outcome, what the backend
// is asked for, and which inputs are refused. So it can judge an implementation step by step, be
// explored exhaustively at small bounds, and have its state graph compared with that of another
// statement of the same rules. It keeps the whole history of calls and incarnations, so that a
// property of a run is a predicate over one state.
//
// It is not good for judging a system of which only the beginnings and returns of calls are known,
// or some of whose answers are lost: the order of steps inside is then a guess, and a set of states
// would be needed. It is no base for an implementation either: it forgets nothing, and every step
// copies and searches the history.
//
// The rules, R1 to R24, stand in docs/rooms.md, each with the points of Ably's Chat specification
// (CHA-…) that it comes from. The model is written from those sentences alone, and shares neither
// code nor shape with any implementation: there is no entry per name here, only the list of
// incarnations, and what a name has in use is found by searching it.
package model

import (
	"slices"
	"strconv"
	"strings"
)

// State is the whole state of the machine, with its history. The zero State is the beginning: no
// call, no incarnation.
//
// A State is a value: nothing in this package writes to one that it was given, so that a State may
// be kept, shared and read by many goroutines, as long as no caller writes to its slices. Two
// States are compared with [State.Equal] or by their [State.Key].
type State struct {
	// Calls are all calls that ever began; call n is Calls[n-1].
	Calls []Call
	// Incarnations are all that were ever created; incarnation n is Incarnations[n-1].
	Incarnations []Incarnation
	// Failed are the incarnations whose release ended with an error since disposal began, ascending
	// (R15).
	Failed []int
}

// Call is one Get, Release, Dispose or ReleaseIf, with its history.
type Call struct {
	// Kind is KindGet, KindRelease, KindDispose or KindReleaseIf.
	Kind Kind
	// Name is the name asked for, or that of the incarnation asked for; empty for a Dispose.
	Name string
	// Of is the incarnation that a ReleaseIf is for; 0 for the other kinds.
	Of int
	// Options are the options asked for; empty unless it is a Get.
	Options string
	// WaitsFor is the incarnation that the call waits for or, once it is settled, waited for: its
	// opening for a Get, the end of its release for a Release or a ReleaseIf. It is 0 for a call
	// that was settled as it began, and for every Dispose, which waits for all that is releasing.
	WaitsFor int
	// Outcome is what the call was settled with; its zero value stands for a call that is pending.
	Outcome Outcome
}

// Pending reports whether the call is yet to be settled.
func (c Call) Pending() bool { return c.Outcome.Kind == OutcomePending }

// Incarnation is one life of a name: what one opening makes and one release ends (CHA-RC1).
type Incarnation struct {
	// Name is the name that lives.
	Name string
	// Options are those of the Get that created it.
	Options string
	// Life tells how far it has come.
	Life Life
	// Work is what the backend has been asked for and has not ended yet.
	Work Work
	// Ended is the last end that the backend reported: KindOpened, KindOpenFailed, KindReleased or
	// KindReleaseFailed, or the zero Kind if it reported none. No rule asks for it; it is history,
	// which properties compare with what callers hear.
	Ended Kind
}

// Life is how far an incarnation has come: initializing, ready, releasing, released.
type Life uint8

// The four lives. The zero Life is none of them.
const (
	LifeInitializing Life = iota + 1 // in use, not open yet
	LifeReady                        // in use
	LifeReleasing                    // no longer in use, not gone yet
	LifeReleased                     // final
)

// String returns the word of docs/rooms.md.
func (l Life) String() string {
	return word(int(l), "", "initializing", "ready", "releasing", "released")
}

// Work is what the backend has been asked for and has not ended yet: nothing, opening, closing.
type Work uint8

// The three works. WorkNone is the zero Work.
const (
	WorkNone    Work = iota // the backend has nothing to do
	WorkOpening             // ends with Opened or OpenFailed
	WorkClosing             // ends with Released or ReleaseFailed
)

// String returns the word of docs/rooms.md.
func (w Work) String() string { return word(int(w), "none", "opening", "closing") }

// InUse returns the incarnation of the name that is initializing or ready, or 0 if there is none.
func (s State) InUse(name string) int {
	return s.latest(name, func(life Life) bool { return life == LifeInitializing || life == LifeReady })
}

// BeingReleased returns the incarnation of the name that is releasing, or 0 if there is none.
func (s State) BeingReleased(name string) int {
	return s.latest(name, func(life Life) bool { return life == LifeReleasing })
}

// latest returns the youngest incarnation of the name whose life is as wanted, or 0.
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

// releasing reports whether any incarnation, of whatever name, is releasing.
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

// String returns the state in one line, for people.
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

// word returns the n-th word, or one that shows a value outside the enumeration.
func word(n int, words ...string) string {
	if n >= len(words) || words[n] == "" {
		return "invalid(" + strconv.Itoa(n) + ")"
	}
	return words[n]
}

// plain returns a name or options as they are if that can't be misread in a list, else quoted.
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

// set returns numbers as a set is written.
func set(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return "{" + strings.Join(words, ", ") + "}"
}
