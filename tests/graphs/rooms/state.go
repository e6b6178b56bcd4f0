// Package rooms binds the machine of docs/rooms.md to package graphs: the core in package fsm (with
// a history of the calls and incarnations that it no longer stores), the reference model, and
// Rooms.tla. See [New].
package rooms

import (
	"fmt"
	"math/bits"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

// MaxCalls is the maximum of Bounds.Calls. Each call creates at most one incarnation.
const MaxCalls = 8

// Bounds make the machine finite: they are the numbers of calls, of names, and of different
// options. With Conditional, a call may also be a ReleaseIf.
type Bounds struct {
	Calls, Names, Options int
	Conditional           bool
}

// String returns the bounds as reports show them: "(4 calls, 2 names, 2 options)".
func (b Bounds) String() string {
	return fmt.Sprintf("(%d calls, %d names, %d options%s)", b.Calls, b.Names, b.Options,
		map[bool]string{true: ", ReleaseIf too"}[b.Conditional])
}

var (
	names   = []string{"a", "b", "c", "d", "e", "f", "g", "h"}
	options = []string{"x", "y", "z", "u", "v", "w", "s", "t"}
)

// Check returns an error for bounds that are out of range.
func (b Bounds) Check() error {
	if min(b.Calls, b.Names, b.Options) < 1 || max(b.Calls, b.Names, b.Options) > MaxCalls {
		return fmt.Errorf("bounds %v are out of range: 1 to %d of each", b, MaxCalls)
	}
	return nil
}

// Model returns the bounds for the reference model.
func (b Bounds) Model() model.Bounds {
	return model.Bounds{Calls: b.Calls, Names: names[:b.Names], Options: options[:b.Options],
		Conditional: b.Conditional}
}

// State is the core's state and the history that the core doesn't store: how calls began and ended,
// and the released incarnations. It uses the model's words. It is a plain value without pointers;
// names and options are represented by their indexes.
type State struct {
	NumCalls, NumIncs uint8
	Calls             [MaxCalls]Call        // call n is Calls[n-1]
	Incs              [MaxCalls]Incarnation // incarnation n is Incs[n-1]

	Disposal  fsm.Disposal // from the core
	Disposers Set          // from the core: dispose calls that wait
	Failed    Set          // from the core: incarnations whose release failed since disposal began
}

// Call is the history of a call.
type Call struct {
	Kind    model.Kind // KindGet, KindRelease, KindDispose or KindReleaseIf
	Name    uint8      // unused for a dispose
	Options uint8      // for a get
	Of      uint8      // for a ReleaseIf: the incarnation that it releases
	Waits   uint8      // the incarnation that the call waited for when it began, or 0
	Outcome model.OutcomeKind
	Inc     uint8 // the incarnation that the outcome names, or 0
	Failed  Set   // the incarnations whose failed releases the outcome names
}

func (c *Call) pending() bool { return c.Outcome == model.OutcomePending }

// Incarnation describes an incarnation. The values come from the core while the core stores the
// incarnation, and from the history after it was released.
type Incarnation struct {
	Name, Options uint8
	Life          model.Life
	Work          model.Work
	// the last result that the backend reported for it: KindOpened, KindOpenFailed, KindReleased,
	// KindReleaseFailed, or 0
	Ended   model.Kind
	Waiters Set // from the core: calls that wait for it
}

func (i *Incarnation) waits() bool {
	return i.Life == model.LifeInitializing && i.Work == model.WorkNone
}

func (i *Incarnation) releasing() bool { return i.Life == model.LifeReleasing }

// Set is a set of numbers: of calls or of incarnations.
type Set uint8

func (s Set) has(n int) bool { return s&setOf(n) != 0 }

func setOf(n int) Set { return 1 << (n - 1) }

// appendTo appends the members of a set in order.
func appendTo[N ~int | ~uint64](dst []N, s Set) []N {
	for ; s != 0; s &= s - 1 {
		dst = append(dst, N(bits.TrailingZeros8(uint8(s))+1))
	}
	return dst
}

// packed returns the set of the numbers in a list. It returns an error if the list is not
// ascending.
func packed[N ~int | ~uint64](list []N) (s Set, err error) {
	for i, n := range list {
		if n < 1 || n > MaxCalls || i > 0 && n <= list[i-1] {
			return 0, fmt.Errorf("the list %v is not ascending, or out of range", list)
		}
		s |= setOf(int(n))
	}
	return s, nil
}

// index returns the index of a name or of options. It panics if they are outside the bounds.
func index(list []string, s string) uint8 {
	i := slices.Index(list, s)
	if i < 0 {
		panic(fmt.Sprintf("rooms: %q is outside the bounds", s))
	}
	return uint8(i)
}

// appendKey appends the whole state.
func appendKey(dst []byte, s *State) []byte {
	dst = append(dst, s.NumCalls|s.NumIncs<<4, byte(s.Disposal), byte(s.Disposers), byte(s.Failed))
	for i := range s.NumCalls {
		c := &s.Calls[i]
		what := c.Options // for a ReleaseIf (kind 4): the incarnation
		if c.Kind == model.KindReleaseIf {
			what = c.Of - 1
		}
		dst = append(dst, byte(c.Kind)&3|c.Name<<2|what<<5, c.Waits|byte(c.Outcome)<<4, c.Inc, byte(c.Failed))
	}
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		dst = append(dst, inc.Name|inc.Options<<3, byte(inc.Life)|byte(inc.Work)<<4,
			byte(inc.Ended), byte(inc.Waiters))
	}
	return dst
}

// view maps the state to the reference model's state. It leaves out which calls wait, and how far
// the disposal has come. Only the core stores these two, and agrees checks that they follow from
// the rest.
func view(s *State, m *model.State) {
	m.Calls, m.Incarnations = m.Calls[:0], m.Incarnations[:0]
	for i := range s.NumCalls {
		c := &s.Calls[i]
		call := model.Call{Kind: c.Kind, Of: int(c.Of), WaitsFor: int(c.Waits),
			Outcome: model.Outcome{Kind: c.Outcome, Incarnation: int(c.Inc), Failed: appendTo[int](nil, c.Failed)}}
		if c.Kind != model.KindDispose {
			call.Name = names[c.Name]
		}
		if c.Kind == model.KindGet {
			call.Options = options[c.Options]
		}
		m.Calls = append(m.Calls, call)
	}
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		m.Incarnations = append(m.Incarnations,
			model.Incarnation{Name: names[inc.Name], Options: options[inc.Options],
				Life: inc.Life, Work: inc.Work, Ended: inc.Ended})
	}
	m.Failed = appendTo(m.Failed[:0], s.Failed)
}

// record updates the history after a step: which call began, with which arguments, and which calls
// were settled.
func record(before *State, in model.Input, outs []model.Output, s *State) error {
	begun := before.NumCalls
	switch in.Kind {
	case model.KindGet, model.KindRelease, model.KindDispose, model.KindReleaseIf:
		begun++
		c := Call{Kind: in.Kind}
		switch in.Kind {
		case model.KindGet, model.KindRelease:
			c.Name = index(names, in.Name)
		case model.KindReleaseIf:
			c.Of, c.Name = uint8(in.Incarnation), s.Incs[in.Incarnation-1].Name
		}
		if in.Kind == model.KindGet {
			c.Options = index(options, in.Options)
		}
		for i := range s.NumIncs {
			if s.Incs[i].Waiters.has(int(begun)) {
				c.Waits = i + 1
			}
		}
		s.Calls[begun-1] = c
	case model.KindOpened, model.KindOpenFailed, model.KindReleased, model.KindReleaseFailed:
		s.Incs[in.Incarnation-1].Ended = in.Kind
	}
	if s.NumCalls != begun {
		return fmt.Errorf("the core counts %d calls, but %d began", s.NumCalls, begun)
	}
	for i := range outs {
		o := &outs[i]
		if o.Kind != model.OutputSettle {
			continue
		}
		if o.Call < 1 || o.Call > int(begun) {
			return fmt.Errorf("%v settles a call that never began", o)
		}
		failed, err := packed(o.Outcome.Failed)
		if err != nil {
			return err
		}
		c := &s.Calls[o.Call-1]
		c.Outcome, c.Inc, c.Failed = o.Outcome.Kind, uint8(o.Outcome.Incarnation), failed
	}
	return nil
}

// agrees checks that the core stores exactly the pending calls, that each waits for the right
// incarnation, and that the core stores the right progress of the disposal.
func agrees(s *State) error {
	began, releasing := false, false
	for i := range s.NumIncs {
		releasing = releasing || s.Incs[i].releasing()
	}
	for i := range s.NumCalls {
		c := &s.Calls[i]
		began = began || c.Kind == model.KindDispose
		n, kept := int(i+1), 0
		if s.Disposers.has(n) {
			kept++
		}
		for j := range s.NumIncs {
			if s.Incs[j].Waiters.has(n) {
				kept++
				if c.Waits != j+1 {
					return fmt.Errorf("call %d must wait for incarnation %d, but the core stores it with %d", n, c.Waits, j+1)
				}
			}
		}
		disposes := c.pending() && c.Kind == model.KindDispose
		if c.pending() != (kept == 1) || kept > 1 || s.Disposers.has(n) != disposes {
			return fmt.Errorf("call %d: pending %t, pending dispose %t; the core stores it %d times, as a disposer: %t", n, c.pending(), disposes, kept, s.Disposers.has(n))
		}
	}
	want := fsm.NotDisposed
	switch {
	case began && releasing:
		want = fsm.Disposing
	case began:
		want = fsm.Disposed
	}
	if s.Disposal != want {
		return fmt.Errorf("the core's disposal is %q; by the history of calls it must be %q", s.Disposal, want)
	}
	return nil
}
