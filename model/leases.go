package model

import (
	"fmt"
	"slices"
)

// Leases is the state of the machine of docs/leases.md, with its history: the rooms, the calls that
// were an Acquire, and the leases that have closed. The zero Leases is the beginning. It is a
// value, as [State] is.
type Leases struct {
	State
	// Acquires has the calls that are an Acquire, ascending. In the State they are Gets (L1).
	Acquires []int
	// Closed has the Acquires whose lease has closed, ascending.
	Closed []int
}

// The inputs of [Leases] that are not inputs of [State], which refuses them.
const (
	KindAcquire Kind = KindReleaseFailed + 1 + iota // an Acquire begins (L1)
	KindClose                                       // a lease closes; Call is its Acquire (L3)
)

// Acquire returns the input: call number call begins, an Acquire of the name with the options (L1).
func Acquire(call int, name, options string) Input {
	return Input{Kind: KindAcquire, Call: call, Name: name, Options: options}
}

// Close returns the input: the lease of an Acquire closes (L3).
func Close(acquire int) Input { return Input{Kind: KindClose, Call: acquire} }

// Turn is one step of the State. A step of [Leases] consists of one or more of them.
type Turn struct {
	Input   Input
	Outputs []Output
}

// Step returns the state after the input, and the steps of the State that this step consists of. If
// no rule names the input, Step returns a [*RefusedError], as [State.Step] does. It implements L1
// to L5 of docs/leases.md.
func (l Leases) Step(in Input) (Leases, []Turn, error) {
	lease := slices.Contains(l.Acquires, in.Call) && !slices.Contains(l.Closed, in.Call)
	next := Leases{l.State, slices.Clone(l.Acquires), slices.Clone(l.Closed)}
	var turns []Turn
	take := func(in Input) error {
		state, outputs, err := next.State.Step(in)
		if err == nil {
			next.State, turns = state, append(turns, Turn{in, outputs})
		}
		return err
	}
	switch {
	case in.Kind == KindAcquire: // L1
		if err := take(Get(in.Call, in.Name, in.Options)); err != nil {
			return l, nil, &RefusedError{in, err.(*RefusedError).Reason}
		}
		next.Acquires = append(next.Acquires, in.Call)
		return next, turns, nil
	case in.Kind == KindReleaseIf:
		return l, nil, &RefusedError{in, "only a closing lease begins a ReleaseIf"}
	case in.Kind == KindClose: // L3
		if !lease || l.Calls[in.Call-1].Outcome.Kind != OutcomeRoom {
			return l, nil, &RefusedError{in, "the call is not an Acquire that has a room and an open lease"}
		}
	default: // L2, L5
		if err := take(in); err != nil {
			return l, nil, err
		}
		if in.Kind != KindGiveUp || !lease {
			return next, turns, nil
		} // else L4
	}
	i := l.Leased(in.Call)
	next.Closed = append(next.Closed, in.Call)
	slices.Sort(next.Closed)
	if next.leasedBy(i) || next.Kept(i) {
		return next, turns, nil
	}
	call := len(next.Calls) + 1
	if err := take(ReleaseIf(call, i)); err != nil {
		panic("model: " + err.Error())
	}
	if next.Calls[call-1].Pending() {
		if err := take(GiveUp(call)); err != nil {
			panic("model: " + err.Error())
		}
	}
	return next, turns, nil
}

// Leased returns the incarnation that the Acquire leases, or that the Get keeps: the one that it
// got or waited for. It returns 0 for a call that was settled without a room in its first step.
func (l Leases) Leased(call int) int {
	c := l.Calls[call-1]
	if c.WaitsFor == 0 && c.Outcome.Kind == OutcomeRoom {
		return c.Outcome.Incarnation
	}
	return c.WaitsFor
}

// Open reports whether the lease of an Acquire is open: it has not closed, and its Acquire is not
// settled with an error.
func (l Leases) Open(acquire int) bool {
	c := l.Calls[acquire-1]
	return !slices.Contains(l.Closed, acquire) && (c.Pending() || c.Outcome.Kind == OutcomeRoom)
}

// leasedBy reports whether an incarnation has an open lease.
func (l Leases) leasedBy(i int) bool {
	return slices.ContainsFunc(l.Acquires, func(call int) bool { return l.Open(call) && l.Leased(call) == i })
}

// Kept reports whether a Get keeps the incarnation (L2).
func (l Leases) Kept(i int) bool {
	for n, c := range l.Calls {
		if c.Kind == KindGet && !slices.Contains(l.Acquires, n+1) && l.Leased(n+1) == i {
			return true
		}
	}
	return false
}

// Equal reports whether two states are the same, history included.
func (l Leases) Equal(m Leases) bool {
	return l.State.Equal(m.State) && slices.Equal(l.Acquires, m.Acquires) && slices.Equal(l.Closed, m.Closed)
}

// Key returns a string that two states share if and only if they are equal.
func (l Leases) Key() string {
	return string(numbers(numbers([]byte(l.State.Key()), l.Acquires), l.Closed))
}

// LeasesAlphabet returns every input within the bounds, each once. The bound on calls counts the
// ReleaseIfs that closing begins, too.
func LeasesAlphabet(b Bounds) []Input {
	b.Conditional = false
	var all []Input
	for _, in := range Alphabet(b) {
		if all = append(all, in); in.Kind == KindGet {
			all = append(all, Acquire(in.Call, in.Name, in.Options))
		}
	}
	for call := range b.Calls {
		all = append(all, Close(call+1))
	}
	return all
}

// LeasesProperty is a property of docs/leases.md, "What must hold".
type LeasesProperty struct {
	Name      string
	Check     func(Leases) error               // checks a state; may be nil
	CheckStep func(before, after Leases) error // checks a step; may be nil
}

// LeasesProperties returns the properties of docs/leases.md, in its order.
func LeasesProperties() []LeasesProperty {
	return []LeasesProperty{
		{Name: "LeaseKeeps", CheckStep: leaseKeeps},
		{Name: "LastLease", Check: lastLease},
		{Name: "CloseIsLocal", CheckStep: closeIsLocal},
		{Name: "GetsKeep", Check: getsKeep},
	}
}

func leaseKeeps(before, after Leases) error {
	for i, was := range before.Incarnations {
		if !was.inUse() || after.Incarnations[i].inUse() || after.Incarnations[i].Ended == KindOpenFailed {
			continue
		}
		byName := slices.ContainsFunc(after.Calls[len(before.Calls):], func(c Call) bool {
			return c.Kind == KindDispose || c.Kind == KindRelease && c.Name == was.Name
		})
		for _, call := range before.Acquires {
			if !byName && before.Open(call) && before.Leased(call) == i+1 && after.Open(call) {
				return fmt.Errorf("incarnation %d of %s is no longer in use, but call %d still leases it", i+1, plain(was.Name), call)
			}
		}
	}
	return nil
}

func lastLease(l Leases) error {
	for i, inc := range l.Incarnations {
		if inc.inUse() && !l.Kept(i+1) && !l.leasedBy(i+1) {
			return fmt.Errorf("incarnation %d of %s is in use, but neither kept nor leased", i+1, plain(inc.Name))
		}
	}
	return nil
}

func closeIsLocal(before, after Leases) error {
	if len(after.Closed) == len(before.Closed) {
		return nil
	}
	closed := slices.IndexFunc(after.Closed, func(call int) bool { return !slices.Contains(before.Closed, call) })
	lease := before.Leased(after.Closed[closed])
	for i, was := range before.Incarnations {
		may := i+1 == lease && was.inUse() && !after.leasedBy(i+1) && !before.Kept(i+1)
		if after.Incarnations[i] != was && !may {
			return fmt.Errorf("closing a lease of %d changes incarnation %d from %v to %v", lease, i+1, was, after.Incarnations[i])
		}
	}
	for n, was := range before.Calls {
		now := after.Calls[n].Outcome.Kind
		if now == OutcomeReleasedBefore && was.Pending() && was.WaitsFor != lease {
			return fmt.Errorf("closing a lease of %d settles call %d, which waits for %d, with %v", lease, n+1, was.WaitsFor, now)
		}
	}
	return nil
}

func getsKeep(l Leases) error {
	rooms := map[string]int{} // by name: the last room of a Get, since the last release
	for n, c := range l.Calls {
		switch {
		case c.Kind == KindDispose:
			clear(rooms)
		case c.Kind == KindRelease:
			delete(rooms, c.Name)
		case c.Kind == KindGet && c.Outcome.Kind == OutcomeRoom && !slices.Contains(l.Acquires, n+1):
			if had := rooms[c.Name]; had != 0 && had != c.Outcome.Incarnation {
				return fmt.Errorf("call %d has room %d of %s, but an earlier Get had room %d", n+1, c.Outcome.Incarnation, plain(c.Name), had)
			}
			rooms[c.Name] = c.Outcome.Incarnation
		}
	}
	return nil
}

// String returns the state in one line, for messages.
func (l Leases) String() string {
	return fmt.Sprintf("%v acquires %v closed %v", l.State, l.Acquires, l.Closed)
}
