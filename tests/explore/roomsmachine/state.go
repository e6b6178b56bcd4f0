// Package roomsmachine is the Rooms machine for package explore: the core of package fsm together with what it forgets, and the
// reference model, at the same bounds; what must hold of the core, written from docs/rooms.md; and faults to plant.
package roomsmachine

import (
	"errors"

	"ablyrooms.example/fsm"
)

// MaxCalls is the most calls that Bounds may have. Each creates one incarnation at most.
const MaxCalls = 8

// State is the core's state together with its environment: what the core forgets and the world remembers, which is how calls began
// and ended, and the incarnations that are gone. It is a plain value; names and options are their indexes in Bounds.
type State struct {
	NumCalls, NumIncs uint8
	Calls             [MaxCalls]Call        // call n is Calls[n-1]
	Incs              [MaxCalls]Incarnation // incarnation n is Incs[n-1]

	Disposal  fsm.Disposal // the core's
	Disposers Set          // the core's: dispose calls that wait
	Failed    Set          // the core's: incarnations whose release failed since disposal began
}

// Call is what the environment knows of a call.
type Call struct {
	Kind    fsm.RoomsInputKind // CallGet, CallRelease or CallDispose
	Name    uint8              // unless it is a dispose
	Options uint8              // of a get
	Waits   uint8              // the incarnation that the core had it wait for when it began, or 0
	Outcome fsm.OutcomeKind    // 0 while it is pending
	Inc     uint8              // of an outcome that names an incarnation
	Failed  Set                // of an outcome that names several
}

// Pending reports whether nobody has told the caller how the call ended.
func (c *Call) Pending() bool { return c.Outcome == 0 }

// Incarnation is what is known of an incarnation: from the core while that has it, from the environment when it is released.
type Incarnation struct {
	Name, Options uint8
	Life          fsm.Life
	Work          fsm.Work
	Waiters       Set   // the core's: calls that wait for it
	Ended         uint8 // how the backend last ended a work on it: 0, or the place of the input's kind in ends, from 1
}

// Set is a set of calls or of incarnations, by number.
type Set uint8

// Has reports whether the number is in the set.
func (s Set) Has(n int) bool { return s&setOf(n) != 0 }

func setOf(n int) Set { return 1 << (n - 1) }

// appendKey appends all of the state: 4 bytes, 4 for each call and 3 for each incarnation.
func (s *State) appendKey(dst []byte) []byte {
	dst = append(dst, s.NumCalls|s.NumIncs<<4, byte(s.Disposal), byte(s.Disposers), byte(s.Failed))
	for i := range s.NumCalls {
		c := &s.Calls[i]
		dst = append(dst, byte(c.Kind)|c.Name<<2|c.Options<<5, c.Waits|byte(c.Outcome)<<4, c.Inc, byte(c.Failed))
	}
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		dst = append(dst, inc.Name|inc.Options<<3, byte(inc.Life)|byte(inc.Work)<<2|inc.Ended<<4, byte(inc.Waiters))
	}
	return dst
}

var errKey = errors.New("no key of a state")

// load reads what appendKey wrote.
func (s *State) load(key []byte) error {
	if len(key) < 4 {
		return errKey
	}
	*s = State{NumCalls: key[0] & 15, NumIncs: key[0] >> 4, Disposal: fsm.Disposal(key[1]), Disposers: Set(key[2]), Failed: Set(key[3])}
	if s.NumCalls > MaxCalls || s.NumIncs > MaxCalls || len(key) != 4+4*int(s.NumCalls)+3*int(s.NumIncs) {
		return errKey
	}
	key = key[4:]
	for i := range s.NumCalls {
		s.Calls[i] = Call{Kind: fsm.RoomsInputKind(key[0] & 3), Name: key[0] >> 2 & 7, Options: key[0] >> 5,
			Waits: key[1] & 15, Outcome: fsm.OutcomeKind(key[1] >> 4), Inc: key[2], Failed: Set(key[3])}
		key = key[4:]
	}
	for i := range s.NumIncs {
		s.Incs[i] = Incarnation{Name: key[0] & 7, Options: key[0] >> 3, Life: fsm.Life(key[1] & 3), Work: fsm.Work(key[1] >> 2 & 3),
			Ended: key[1] >> 4, Waiters: Set(key[2])}
		key = key[3:]
	}
	return nil
}
