package fsm

import (
	"fmt"
	"maps"
	"slices"
)

// Call is the number of one Get, Release, Dispose or ReleaseIf: 1, 2, 3, … in the order in which
// they begin.
type Call uint64

// Incarnation is the number of one life of a name, from the Get that creates it to the end of its
// release: 1, 2, 3, … over all names.
type Incarnation uint64

// Work is what the backend was asked to do with an incarnation, until the backend ends it.
type Work uint8

// The works.
const (
	NoWork  Work = iota
	Opening      // the backend opens it
	Closing      // the backend releases it
)

var workNames = [...]string{"none", "opening", "closing"}

// String returns the work's name, in lower case.
func (w Work) String() string { return enumName(workNames[:], uint8(w)) }

// Rooms is the core of Get, Release and Dispose: which incarnation of a name is in use, which one
// is being released, and what each call waits for. The comments here cite the rules of
// docs/rooms.md (R1, R2, …). O is the type of options, which must be complete and valid; ==
// compares the options of two gets.
//
// A Rooms is made by [NewRooms], changed by Step alone, and used by one goroutine at a time. It
// holds at most two incarnations of a name, and removes released ones. The cost of a step other
// than Dispose doesn't depend on the number of names.
type Rooms[O comparable] struct {
	table    *Table[Life, LifeEvent]
	names    map[string]*slot[O]
	incs     map[Incarnation]*incarnation[O]
	waits    map[Call]Incarnation // the incarnation that a pending get or release waits for
	lastCall Call
	lastInc  Incarnation

	releasing int // the number of incarnations that are releasing
	disposal  Disposal
	disposers []Call        // the dispose calls that wait, by number
	failed    []Incarnation // incarnations whose release failed since disposal began, by number
}

// Disposal is a phase of the disposal of a [Rooms].
type Disposal uint8

// The phases of disposal.
const (
	NotDisposed Disposal = iota
	Disposing            // begun, and something is still releasing
	Disposed             // over
)

var disposalNames = [...]string{"no", "disposing", "disposed"}

// String returns the phase's name.
func (d Disposal) String() string { return enumName(disposalNames[:], uint8(d)) }

// slot holds the incarnations of a name. At least one of its fields is set.
type slot[O comparable] struct {
	use *incarnation[O] // initializing or ready
	rel *incarnation[O] // releasing
}

type incarnation[O comparable] struct {
	id      Incarnation
	name    string
	options O
	life    Life
	work    Work
	// the calls that wait, by number. If the incarnation is in use, they are gets that wait until
	// it is opened; if it is releasing, releases that wait until it is released
	waiters []Call
	first   [1]Call // the memory of waiters while there is only one
}

// NewRooms returns a core without names.
func NewRooms[O comparable]() *Rooms[O] {
	return &Rooms[O]{
		table: RoomLifecycle(),
		names: map[string]*slot[O]{},
		incs:  map[Incarnation]*incarnation[O]{},
		waits: map[Call]Incarnation{},
	}
}

// NextCall returns the number that the next call must have.
func (r *Rooms[O]) NextCall() Call { return r.lastCall + 1 }

// Disposal returns the present phase of the disposal.
func (r *Rooms[O]) Disposal() Disposal { return r.disposal }

// InUse returns the incarnation of the name that is in use, and its life, initializing or ready. If
// there is none, ok is false.
func (r *Rooms[O]) InUse(name string) (id Incarnation, life Life, ok bool) {
	if s := r.names[name]; s != nil && s.use != nil {
		return s.use.id, s.use.life, true
	}
	return 0, Released, false
}

// Describe returns the name and the options of an incarnation that is not released.
func (r *Rooms[O]) Describe(id Incarnation) (name string, options O) {
	if inc := r.incs[id]; inc != nil {
		return inc.name, inc.options
	}
	return "", options
}

// RefusedError reports that no rule names an input in the present state: for example a call that is
// not the next one, giving up a call that is not pending, or the end of a work that is not under
// way. The core is unchanged. Find it with [errors.As].
type RefusedError struct {
	Input  string // the input, printed
	Reason string // why the input doesn't fit
}

// Error names the input and the reason.
func (e *RefusedError) Error() string { return fmt.Sprintf("refused %s: %s", e.Input, e.Reason) }

// Step applies one input and appends its outputs to outs: settled calls first, by number, then
// outputs for the backend, by incarnation. It refuses an input that no rule names with a
// [*RefusedError]; then nothing has changed, and it returns outs as given.
func (r *Rooms[O]) Step(in RoomsInput[O], outs []RoomsOutput) ([]RoomsOutput, error) {
	return r.stepInPlace(&in, outs)
}

// stepInPlace is [Rooms.Step] without a copy of the input, which it doesn't change.
func (r *Rooms[O]) stepInPlace(in *RoomsInput[O], outs []RoomsOutput) ([]RoomsOutput, error) {
	if reason := r.refusal(in); reason != "" {
		return outs, &RefusedError{Input: in.String(), Reason: reason}
	}
	switch in.Kind {
	case CallGet:
		r.lastCall = in.Call
		outs = r.get(in, outs)
	case CallRelease:
		r.lastCall = in.Call
		outs = r.release(in, outs)
	case CallDispose:
		r.lastCall = in.Call
		outs = r.dispose(in, outs)
	case CallReleaseIf:
		r.lastCall = in.Call
		outs = r.releaseIf(in, outs)
	case GiveUp:
		r.giveUp(in.Call)
		outs = append(outs, settle(in.Call, Outcome{Kind: GaveUp}))
	case Opened, OpenFailed:
		outs = r.openingEnded(r.incs[in.Incarnation], in.Kind == Opened, outs)
	case ReleaseDone, ReleaseFailed:
		outs = r.closed(r.incs[in.Incarnation], in.Kind == ReleaseFailed, outs)
	}
	return outs, nil
}

// refusal returns why no rule names the input in the present state, or "" if one does.
func (r *Rooms[O]) refusal(in *RoomsInput[O]) string {
	work := NoWork
	switch in.Kind {
	case CallGet, CallRelease, CallDispose, CallReleaseIf:
		switch {
		case in.Call != r.lastCall+1:
			return "it is not the next call"
		case in.Kind == CallReleaseIf && (in.Incarnation < 1 || in.Incarnation > r.lastInc):
			return "no such incarnation was created"
		}
		return ""
	case GiveUp:
		if _, waits := r.waits[in.Call]; waits || slices.Contains(r.disposers, in.Call) {
			return ""
		}
		return "the call is not pending"
	case Opened, OpenFailed:
		work = Opening
	case ReleaseDone, ReleaseFailed:
		work = Closing
	default:
		return "unknown kind of input"
	}
	if inc := r.incs[in.Incarnation]; inc == nil || inc.work != work {
		return "the incarnation is not " + work.String()
	}
	return ""
}

// get is CHA-RC1f.
func (r *Rooms[O]) get(in *RoomsInput[O], outs []RoomsOutput) []RoomsOutput {
	if r.disposal != NotDisposed { // R1
		return append(outs, settle(in.Call, Outcome{Kind: RejectedDisposed}))
	}
	s := r.names[in.Name]
	if s == nil {
		s = &slot[O]{}
		r.names[in.Name] = s
	}
	if use := s.use; use != nil {
		switch {
		case use.options != in.Options: // R2
			return append(outs, settle(in.Call, Outcome{Kind: RejectedOptions, Incarnation: use.id}))
		case use.life == Ready: // R3
			return append(outs, settle(in.Call, Outcome{Kind: GotRoom, Incarnation: use.id}))
		}
		r.wait(in.Call, use) // R4
		return outs
	}
	r.lastInc++
	inc := &incarnation[O]{id: r.lastInc, name: in.Name, options: in.Options}
	r.incs[inc.id] = inc
	s.use = inc
	r.wait(in.Call, inc)
	if s.rel != nil { // R6
		return outs
	}
	return startOpening(inc, outs) // R5
}

// release is CHA-RC1g.
func (r *Rooms[O]) release(in *RoomsInput[O], outs []RoomsOutput) []RoomsOutput {
	s := r.names[in.Name]
	if s == nil { // R7
		return append(outs, settle(in.Call, Outcome{Kind: Done}))
	}
	if s.use != nil { // R9, R10, R11
		outs = r.leave(s, outs)
	}
	r.wait(in.Call, s.rel) // R8 too
	return outs
}

// releaseIf is R24.
func (r *Rooms[O]) releaseIf(in *RoomsInput[O], outs []RoomsOutput) []RoomsOutput {
	inc := r.incs[in.Incarnation]
	if inc == nil || inc.life == Releasing {
		return append(outs, settle(in.Call, Outcome{Kind: Done}))
	}
	s := r.names[inc.name]
	outs = r.leave(s, outs)
	r.wait(in.Call, s.rel)
	return outs
}

// leave takes the incarnation of a slot out of use: R9, R10, R11. Afterwards the slot has an
// incarnation that is being released.
func (r *Rooms[O]) leave(s *slot[O], outs []RoomsOutput) []RoomsOutput {
	inc := s.use
	s.use = nil
	for _, c := range inc.waiters {
		delete(r.waits, c)
		outs = append(outs, settle(c, Outcome{Kind: RejectedReleased, Incarnation: inc.id}))
	}
	inc.waiters = nil
	if s.rel != nil { // R9: the backend was never asked to open it
		r.move(inc, LifeDrop)
		delete(r.incs, inc.id)
		return outs
	}
	r.move(inc, LifeRelease)
	r.releasing++
	s.rel = inc
	if inc.work == Opening { // R11
		return append(outs, RoomsOutput{Kind: Abandon, Incarnation: inc.id})
	}
	return startClosing(inc, outs) // R10
}

// dispose is CHA-RD1.
func (r *Rooms[O]) dispose(in *RoomsInput[O], outs []RoomsOutput) []RoomsOutput {
	if r.disposal == NotDisposed { // R12
		r.disposal = Disposing
		first := len(outs)
		for _, s := range r.names {
			if s.use != nil {
				outs = r.leave(s, outs)
			}
		}
		sortOutputs(outs[first:])
	}
	r.disposers = append(r.disposers, in.Call) // R14
	return r.endDisposal(outs)                 // R13
}

// endDisposal settles the dispose calls if nothing is releasing any more: R13, R14 and R23.
func (r *Rooms[O]) endDisposal(outs []RoomsOutput) []RoomsOutput {
	if r.disposal == NotDisposed || r.releasing > 0 {
		return outs
	}
	r.disposal = Disposed
	out := Outcome{Kind: Done}
	if len(r.failed) > 0 { // R15
		out = Outcome{Kind: DisposeFailed, Failed: r.failed}
	}
	for _, c := range r.disposers {
		outs = append(outs, settle(c, out))
	}
	r.disposers = nil
	return outs
}

// giveUp is R16.
func (r *Rooms[O]) giveUp(c Call) {
	if id, ok := r.waits[c]; ok {
		inc := r.incs[id]
		inc.waiters = remove(inc.waiters, c)
		delete(r.waits, c)
		return
	}
	r.disposers = remove(r.disposers, c)
}

// openingEnded applies the end of an opening: R17 to R20.
func (r *Rooms[O]) openingEnded(inc *incarnation[O], opened bool, outs []RoomsOutput) []RoomsOutput {
	inc.work = NoWork
	switch {
	case inc.life == Releasing && opened: // R18
		return startClosing(inc, outs)
	case inc.life == Releasing: // R20
		return r.ended(inc, Outcome{Kind: Done}, outs)
	}
	out := Outcome{Kind: GotRoom, Incarnation: inc.id}
	if opened { // R17
		r.move(inc, LifeOpened)
	} else { // R19
		r.move(inc, LifeOpenFailed)
		out.Kind = RejectedOpenFailed
		delete(r.incs, inc.id)
		delete(r.names, inc.name) // it has no predecessor, so the slot is empty now
	}
	return r.settleAll(inc, out, outs)
}

// closed applies the end of a release by the backend: R21.
func (r *Rooms[O]) closed(inc *incarnation[O], failed bool, outs []RoomsOutput) []RoomsOutput {
	inc.work = NoWork
	if !failed {
		return r.ended(inc, Outcome{Kind: Done}, outs)
	}
	if r.disposal != NotDisposed { // R15
		i, _ := slices.BinarySearch(r.failed, inc.id)
		// Insert into a copy: outcomes that were returned share the old list.
		r.failed = slices.Insert(slices.Clone(r.failed), i, inc.id)
	}
	return r.ended(inc, Outcome{Kind: RejectedReleaseFailed, Incarnation: inc.id}, outs)
}

// ended makes an incarnation released, settles the calls that waited for that, and lets its
// successor be opened: R21, R22 and R23.
func (r *Rooms[O]) ended(inc *incarnation[O], out Outcome, outs []RoomsOutput) []RoomsOutput {
	r.move(inc, LifeReleased)
	r.releasing--
	first := len(outs)
	outs = r.settleAll(inc, out, outs)
	outs = r.endDisposal(outs)
	sortOutputs(outs[first:])
	delete(r.incs, inc.id)
	s := r.names[inc.name]
	s.rel = nil
	if s.use == nil {
		delete(r.names, inc.name)
		return outs
	}
	return startOpening(s.use, outs)
}

func (r *Rooms[O]) settleAll(inc *incarnation[O], out Outcome, outs []RoomsOutput) []RoomsOutput {
	for _, c := range inc.waiters {
		delete(r.waits, c)
		outs = append(outs, settle(c, out))
	}
	inc.waiters = nil
	return outs
}

func (r *Rooms[O]) wait(c Call, inc *incarnation[O]) {
	if len(inc.waiters) == 0 {
		inc.waiters = inc.first[:0]
	}
	inc.waiters = append(inc.waiters, c)
	r.waits[c] = inc.id
}

// move moves an incarnation through the lifecycle machine. The machine has every transition that
// the rules need.
func (r *Rooms[O]) move(inc *incarnation[O], e LifeEvent) {
	next, err := r.table.Next(inc.life, e)
	if err != nil {
		panic(fmt.Sprintf("fsm: incarnation %d: %v", inc.id, err))
	}
	inc.life = next
}

// Clone returns a copy. A later step of one doesn't change the other.
func (r *Rooms[O]) Clone() *Rooms[O] {
	c := *r
	c.incs = make(map[Incarnation]*incarnation[O], len(r.incs))
	c.names = make(map[string]*slot[O], len(r.names))
	for name, s := range r.names {
		t := &slot[O]{}
		for _, p := range []struct {
			from *incarnation[O]
			to   **incarnation[O]
		}{{s.use, &t.use}, {s.rel, &t.rel}} {
			if p.from == nil {
				continue
			}
			inc := *p.from
			inc.waiters = slices.Clone(inc.waiters)
			*p.to = &inc
			c.incs[inc.id] = &inc
		}
		c.names[name] = t
	}
	c.waits = maps.Clone(r.waits)
	c.disposers = slices.Clone(r.disposers)
	c.failed = slices.Clone(r.failed)
	return &c
}

func startOpening[O comparable](inc *incarnation[O], outs []RoomsOutput) []RoomsOutput {
	inc.work = Opening
	return append(outs, RoomsOutput{Kind: Open, Incarnation: inc.id})
}

func startClosing[O comparable](inc *incarnation[O], outs []RoomsOutput) []RoomsOutput {
	inc.work = Closing
	return append(outs, RoomsOutput{Kind: Release, Incarnation: inc.id})
}

func settle(c Call, o Outcome) RoomsOutput { return RoomsOutput{Kind: Settle, Call: c, Outcome: o} }

func remove(calls []Call, c Call) []Call {
	if i := slices.Index(calls, c); i >= 0 {
		return slices.Delete(calls, i, i+1)
	}
	return calls
}

// sortOutputs sorts outputs as Step promises. Without it, they would have the order of a map.
func sortOutputs(outs []RoomsOutput) {
	slices.SortFunc(outs, func(a, b RoomsOutput) int {
		switch {
		case (a.Kind == Settle) != (b.Kind == Settle):
			if a.Kind == Settle {
				return -1
			}
			return 1
		case a.Kind == Settle:
			return int(int64(a.Call) - int64(b.Call))
		}
		return int(int64(a.Incarnation) - int64(b.Incarnation))
	})
}
