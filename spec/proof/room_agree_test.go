package proof

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// The model's values of a room, by the words of the spec.
var (
	roomStatuses = graphs.Words(model.StatusInitialized, model.StatusReleased)
	roomChannels = graphs.Words(model.ChannelInitialized, model.ChannelFailed)
	roomOps      = graphs.Words(model.OpNone, model.OpRelease)
	roomPhases   = graphs.Words(model.PhaseIdle, model.PhaseInGiveBack)
	roomOutcomes = graphs.Words(model.OutcomeRoomDone, model.OutcomeRoomGaveUp)
	roomOutputs  = graphs.Words(model.OutputRoomSettle, model.OutputDiscontinuity)
)

// roomComparer compares the relation of a room with the reference model and with the core, in any
// state.
type roomComparer struct {
	w               *Small
	steps           []*Steps
	alphabet        []model.RoomInput
	core            *fsm.Room[int]
	states, refused int
	taken           map[string]int // number of steps, by input
}

func newRoomComparer(t testing.TB, p *Proof, b Bounds) *roomComparer {
	w := NewSmall(p.System, b)
	return &roomComparer{w: w, steps: steps(t, w, p.Actions), core: fsm.NewRoom[int](), taken: map[string]int{},
		alphabet: model.RoomAlphabet(model.RoomBounds{Calls: b.Constants["NCalls"], Errors: b.Constants["NErrs"]})}
}

func (j *roomComparer) word(s State, symbol string, i int) string {
	return j.w.Word(j.w.Get(s, symbol, i, 0))
}

// model returns the state of the reference model that corresponds to s.
func (j *roomComparer) model(s State) model.RoomState {
	n := func(symbol string) int { return j.w.Get(s, symbol, 0, 0) }
	m := model.RoomState{Last: n("last"), Status: roomStatuses[j.word(s, "status", 0)], Err: n("err"),
		Channel: roomChannels[j.word(s, "channel", 0)], ChErr: n("chErr"), Op: roomOps[j.word(s, "op", 0)],
		Caller: n("caller"), Phase: roomPhases[j.word(s, "phase", 0)],
		AttachedOnce: n("attachedOnce") == 1, Explicit: n("explicit") == 1}
	for i := 1; i <= n("queue.len"); i++ {
		m.Queue = append(m.Queue, model.RoomEntry{Op: roomOps[j.word(s, "queue.1", i)], Caller: j.w.Get(s, "queue.2", i, 0)})
	}
	return m
}

// outputs returns the outputs of the step that led to a state.
func (j *roomComparer) outputs(s State) (all []model.RoomOutput) {
	for k := 1; k <= j.w.Get(s, "outs.len", 0, 0); k++ {
		n := func(symbol string) int { return j.w.Get(s, symbol, k, 0) }
		o := model.RoomOutput{Kind: roomOutputs[j.word(s, "outs.1.Word", k)]}
		switch o.Kind {
		case model.OutputRoomSettle:
			o.Call = n("outs.2.Int")
			o.Outcome = model.RoomOutcome{Kind: roomOutcomes[j.word(s, "outs.3.Word", k)], Err: n("outs.4.Int"),
				Status: roomStatuses[j.word(s, "outs.5.Word", k)]}
		case model.OutputRoomStatus:
			o.Previous, o.Status = roomStatuses[j.word(s, "outs.2.Word", k)], roomStatuses[j.word(s, "outs.3.Word", k)]
			o.Err = n("outs.4.Int")
		case model.OutputDiscontinuity:
			o.Err = n("outs.2.Int")
		}
		all = append(all, o)
	}
	return all
}

// input returns the input that a step of the relation takes.
func (j *roomComparer) input(action string, params []int, m model.RoomState) model.RoomInput {
	name, _, _ := strings.Cut(action, ".")
	switch name {
	case "Attach":
		return model.RoomAttach(m.Last + 1)
	case "Detach":
		return model.RoomDetach(m.Last + 1)
	case "Release":
		return model.RoomRelease(m.Last + 1)
	case "RetryDue":
		return model.RetryDue()
	case "Turned":
		return model.ChannelTurned(roomChannels[j.w.Word(params[0])], params[1])
	case "Updated":
		return model.ChannelUpdated(params[0] == 1, params[1])
	}
	return map[string]func(int) model.RoomInput{"GiveUp": model.RoomGiveUp, "AttachEnded": model.AttachEnded,
		"DetachEnded": model.DetachEnded, "GiveBackEnded": model.GiveBackEnded, "Resumed": model.ChannelResumed}[name](params[0])
}

// check tries every input in a state. Either the relation has exactly one step for it, and model
// and core make the same step with the same outputs. Or the relation has none, and model and core
// refuse the input.
func (j *roomComparer) check(s State) error {
	j.states++
	m := j.model(s)
	relation := map[model.RoomInput][]State{}
	for _, steps := range j.steps {
		steps.Each(s, func(params []int, next State) {
			name, _, _ := strings.Cut(steps.Action.Name, ".")
			j.taken[name]++
			in := j.input(steps.Action.Name, params, m)
			relation[in] = append(relation[in], next)
		})
	}
	for _, in := range j.alphabet {
		ways := relation[in]
		delete(relation, in)
		after, outs, err := m.Step(in)
		if err := j.core.Restore(roomstatus.ToState(m, roomstatus.Same)); err != nil {
			return fmt.Errorf("%v\nthe core can't be restored: %w", m, err)
		}
		coreOuts, coreErr := j.core.Step(roomstatus.ToCore(in, roomstatus.Same), nil)
		var state fsm.RoomState[int]
		j.core.StateInto(&state)
		now := roomstatus.FromState(state, roomstatus.Same)
		if (err == nil) != (len(ways) == 1) || (err == nil) != (coreErr == nil) {
			return fmt.Errorf("%v\n%v: the relation has %d steps, the model says %v, the core %v", m, in, len(ways), err, coreErr)
		}
		if err != nil {
			j.refused++
			if !now.Equal(m) || len(coreOuts) > 0 {
				return fmt.Errorf("%v\n%v is refused, but changes the core", m, in)
			}
			continue
		}
		if to := j.model(ways[0]); !to.Equal(after) || !now.Equal(after) {
			return fmt.Errorf("%v\n%v leads by the relation to\n%v\nby the model to\n%v\nand by the core to\n%v", m, in, to, after, now)
		}
		var fromCore []model.RoomOutput
		for _, out := range coreOuts {
			fromCore = append(fromCore, roomstatus.FromCore(out, roomstatus.Same))
		}
		if got := j.outputs(ways[0]); !slices.Equal(got, outs) || !slices.Equal(fromCore, outs) {
			return fmt.Errorf("%v\n%v: outputs by the relation %v, by the model %v, by the core %v", m, in, got, outs, fromCore)
		}
	}
	for in := range maps.Keys(relation) {
		return fmt.Errorf("%v\nthe relation takes %v, which is not an input", m, in)
	}
	return nil
}

// roomStates enumerates the small states of a room that satisfy the invariant, reachable or not.
// They have calls up to last, and at most queue operations in the queue.
type roomStates struct {
	w           *Small
	holds       conjuncts
	last, queue int
	few         bool // only flags of a room that was attached, and equal errors
	done        bool
	visit       func(State)
}

func newRoomStates(t testing.TB, p *Proof, w *Small) *roomStates {
	t.Helper()
	e := &roomStates{w: w}
	for _, name := range p.Invariant {
		formula, err := p.State(name, false)
		if err != nil {
			t.Fatal(err)
		}
		holds, err := w.Predicate(formula)
		if err != nil {
			t.Fatal(err)
		}
		e.holds = append(e.holds, holds)
	}
	return e
}

// turns has each running operation with each of its phases.
var turns = [][2]string{{"none", "idle"}, {"attach", "inAttach"}, {"detach", "inDetach"}, {"release", "inDetach"},
	{"release", "inRetryPause"}, {"release", "inGiveBack"}}

func (e *roomStates) all() {
	w := e.w
	flags := 4
	if e.few {
		flags = 1
	}
	for n := range len(turns) * len(roomStatuses) * len(roomChannels) * 4 * flags {
		digit := func(base int) int {
			d := n % base
			n /= base
			return d
		}
		s := w.Blank()
		turn := turns[digit(len(turns))]
		w.SetWord(s, "op", turn[0], 0)
		w.SetWord(s, "phase", turn[1], 0)
		w.SetWord(s, "status", slices.Sorted(maps.Keys(roomStatuses))[digit(len(roomStatuses))], 0)
		w.SetWord(s, "channel", slices.Sorted(maps.Keys(roomChannels))[digit(len(roomChannels))], 0)
		w.Set(s, "err", digit(2), 0, 0)
		w.Set(s, "chErr", digit(2), 0, 0)
		if e.few {
			w.Set(s, "attachedOnce", 1-w.Bounds.Constants["OwnEvent"], 0, 0)
		} else {
			w.Set(s, "attachedOnce", digit(2), 0, 0)
			w.Set(s, "explicit", digit(2), 0, 0)
		}
		w.Set(s, "fresh", w.Bounds.Constants["OwnEvent"], 0, 0)
		if e.few && w.Get(s, "chErr", 0, 0) != w.Get(s, "err", 0, 0) || !e.holds.hold(s) {
			continue
		}
		for last := 0; last <= e.last; last++ {
			w.Set(s, "last", last, 0, 0)
			for caller := 0; caller <= last; caller++ {
				w.Set(s, "caller", caller, 0, 0)
				e.queued(s, 0)
			}
		}
		w.Set(s, "last", 0, 0, 0)
	}
}

// queued visits a state with its queue, and with each longer queue that begins with it, up to the
// length.
func (e *roomStates) queued(s State, length int) {
	if e.done || !e.holds.hold(s) {
		return
	}
	e.visit(slices.Clone(s))
	if length == e.queue {
		return
	}
	w := e.w
	for _, op := range []string{"attach", "detach", "release"} {
		for caller := 0; caller <= w.Get(s, "last", 0, 0); caller++ {
			next := slices.Clone(s)
			w.Set(next, "queue.len", length+1, 0, 0)
			w.SetWord(next, "queue.1", op, length+1)
			w.Set(next, "queue.2", caller, length+1, 0)
			e.queued(next, length+1)
		}
	}
}

// TestRelationModelAndCoreOfRoomsAgreeInUnreachableStates checks that relation, model and core of a
// room agree on every input, with the outputs in the same order. It checks every state with two
// calls, one error and a queue of up to three that satisfies the invariant, reachable or not.
// Without EVIDENCE, the states have fewer flags and errors.
func TestRelationModelAndCoreOfRoomsAgreeInUnreachableStates(t *testing.T) {
	t.Parallel()
	p := read(t, "RoomStatus")
	j := newRoomComparer(t, p, smallRoom(3, 1, false))
	e := newRoomStates(t, p, j.w)
	e.last, e.queue, e.few = 2, 3, os.Getenv("EVIDENCE") == ""
	e.visit = func(s State) {
		if err := j.check(s); err != nil {
			t.Fatal(err)
		}
	}
	e.all()
	for _, input := range roomInputs() {
		if j.taken[input.Name] == 0 {
			t.Errorf("%s is taken in no state", input.Name)
		}
	}
	t.Logf("EVIDENCE agreement of=roomstatus which=invariant states=%d refused=%d", j.states, j.refused)
}
