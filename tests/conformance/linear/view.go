package linear

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"ablyrooms.example/model"
)

// Op is one operation of a history: a call begins or is settled, or a backend call ends.
type Op struct {
	Kind    OpKind
	Call    int        // for Begins and Settled: the call's number in the recording
	What    model.Kind // for Begins: KindGet, KindRelease or KindDispose
	Options string     // for Begins of a get, and for Opened
	Room    int        // for Opened and Released: the opening's number in the recording
	Failed  bool       // for Opened and Released
	// for Settled; its rooms are the numbers of their openings in the recording
	Outcome model.Outcome
}

// OpKind is the kind of an [Op].
type OpKind uint8

// The values of OpKind.
const (
	Begins   OpKind = iota + 1
	Settled         // the call has its outcome, or gives up
	Opened          // an opening ended
	Released        // a release ended
)

// String describes the operation.
func (op Op) String() string {
	switch op.Kind {
	case Begins:
		return fmt.Sprintf("call %d begins: %v %s", op.Call, op.What, op.Options)
	case Settled:
		return fmt.Sprintf("call %d ends: %v", op.Call, op.Outcome)
	case Opened:
		return fmt.Sprintf("opened %d %s, failed %t", op.Room, op.Options, op.Failed)
	}
	return fmt.Sprintf("released %d, failed %t", op.Room, op.Failed)
}

const theName = "n"

// view is the model's state of one name, without settled calls and released rooms, which have no
// influence any more. It is a value.
type view struct {
	state   model.State
	calls   []int                 // for each call of the state: its number in the recording
	rooms   []int                 // for each incarnation: its opening's number, 0 until that ends
	settled map[int]model.Outcome // the outcomes of calls that are settled and have not returned
	key     string                // equal views have equal keys
}

func start() view { return view{}.keyed() }

// step returns the view after an operation, or false if the operation can't happen in this view.
func (v view) step(op Op) (view, bool) {
	switch op.Kind {
	case Begins:
		in := model.Input{Kind: op.What, Call: len(v.state.Calls) + 1, Name: theName, Options: op.Options}
		if op.What == model.KindDispose {
			in.Name = ""
		}
		w := v
		w.calls = append(slices.Clone(v.calls), op.Call)
		return w.take(in)
	case Settled:
		return v.settle(op)
	case Opened:
		for i, inc := range v.state.Incarnations {
			if inc.Work == model.WorkOpening && inc.Options == op.Options {
				w := v
				w.rooms = slices.Clone(v.rooms)
				w.rooms[i] = op.Room
				if op.Failed {
					return w.take(model.OpenFailed(i + 1))
				}
				return w.take(model.Opened(i + 1))
			}
		}
	case Released:
		for i, inc := range v.state.Incarnations {
			if inc.Work == model.WorkClosing && v.rooms[i] == op.Room {
				if op.Failed {
					return v.take(model.ReleaseFailed(i + 1))
				}
				return v.take(model.Released(i + 1))
			}
		}
	}
	return v, false
}

// settle returns the view after a call has returned its outcome, or has given up.
func (v view) settle(op Op) (view, bool) {
	got, settled := v.settled[op.Call]
	if op.Outcome.Kind == model.OutcomeGaveUp {
		for i, call := range v.calls {
			if call == op.Call && v.state.Calls[i].Pending() {
				w, ok := v.take(model.GiveUp(i + 1))
				return w.without(op.Call), ok
			}
		}
		// The disposal has settled for this name. Its call gave up while it waited for other names.
		return v.without(op.Call), settled && got.Kind != model.OutcomeRoom && op.What == model.KindDispose
	}
	if !settled || !got.Equal(op.Outcome) {
		return v, false
	}
	return v.without(op.Call), true
}

func (v view) without(call int) view {
	v.settled = maps.Clone(v.settled)
	delete(v.settled, call)
	return v.keyed()
}

// take gives the model an input, records which calls it settled, and drops settled calls and
// released rooms.
func (v view) take(in model.Input) (view, bool) {
	next, outs, err := v.state.Step(in)
	if err != nil {
		return v, false
	}
	w := view{state: next, calls: v.calls, rooms: v.rooms, settled: map[int]model.Outcome{}}
	for len(w.rooms) < len(next.Incarnations) {
		w.rooms = append(slices.Clone(w.rooms), 0)
	}
	maps.Copy(w.settled, v.settled)
	for _, out := range outs {
		if out.Kind == model.OutputSettle {
			w.settled[w.calls[out.Call-1]] = w.outcome(out.Outcome)
		}
	}
	return w.forget().keyed(), true
}

func (v view) outcome(o model.Outcome) model.Outcome {
	if o.Incarnation != 0 {
		o.Incarnation = v.rooms[o.Incarnation-1]
	}
	o.Failed = slices.Clone(o.Failed)
	for i, inc := range o.Failed {
		o.Failed[i] = v.rooms[inc-1]
	}
	slices.Sort(o.Failed)
	return o
}

// forget leaves out settled calls, except the first disposal. It leaves out released incarnations,
// except those whose release failed during the disposal. The rules of docs/rooms.md depend on
// nothing else: they look at what is in use, what is being released, who waits, and whether
// disposal began.
func (v view) forget() view {
	w := view{settled: v.settled}
	number := make([]int, len(v.state.Incarnations)+1)
	for i, inc := range v.state.Incarnations {
		if inc.Life != model.LifeReleased || slices.Contains(v.state.Failed, i+1) {
			w.state.Incarnations = append(w.state.Incarnations, inc)
			w.rooms = append(w.rooms, v.rooms[i])
			number[i+1] = len(w.rooms)
		}
	}
	disposal := false
	for i, c := range v.state.Calls {
		first := c.Kind == model.KindDispose && !disposal
		disposal = disposal || first
		if !c.Pending() && !first {
			continue
		}
		if c.WaitsFor = number[c.WaitsFor]; !c.Pending() {
			c.Outcome = model.Outcome{Kind: model.OutcomeDone}
		}
		w.state.Calls = append(w.state.Calls, c)
		w.calls = append(w.calls, v.calls[i])
	}
	for _, i := range v.state.Failed {
		w.state.Failed = append(w.state.Failed, number[i])
	}
	return w
}

// keyed returns the view with its key.
func (v view) keyed() view {
	key := []byte(v.state.Key())
	add := func(numbers ...int) {
		for _, n := range numbers {
			key = append(strconv.AppendInt(key, int64(n), 36), ' ')
		}
	}
	add(v.calls...)
	add(v.rooms...)
	for _, call := range slices.Sorted(maps.Keys(v.settled)) {
		o := v.settled[call]
		add(call, int(o.Kind), o.Incarnation)
		add(o.Failed...)
	}
	v.key = string(key)
	return v
}

// String shows the view in porcupine's picture.
func (v view) String() string {
	return fmt.Sprintf("%v, rooms %v, settled %v", v.state, v.rooms, v.settled)
}
