package roomstatus

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/report/golden"
)

const root = "../../.."

// The core takes and refuses what the model does, in all states of the machines of up to some ten
// thousand states, and puts out the same; all properties hold.
func TestCoreAndModelHaveTheKnownSizes(t *testing.T) {
	t.Parallel()
	for _, m := range Sizes() {
		if golden.Int(m.Golden+"/states") > 20_000 {
			continue
		}
		r := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		if err := r.Check(m.Golden); err != nil {
			t.Error(err)
		}
		if tried := uint64(len(m.Inputs)) * r.States; r.Edges+r.Refused != tried {
			t.Errorf("%s: %d inputs were taken and %d refused, of %d", m.Name, r.Edges, r.Refused, tried)
		}
		fmt.Printf("EVIDENCE room_explored of=%s states=%d steps=%d refusals=%d properties=%d\n", m.Golden, r.States,
			r.Edges, r.Refused, len(m.Properties))
	}
}

func TestEachInvariantFailsOnAPlantedFault(t *testing.T) {
	t.Parallel()
	live := New(Bounds{Calls: 2, Errors: 1})
	broken, err := graphs.CheckFaults(t.Context(), "room", New(Bounds{Calls: 3, Errors: 1, Promised: true}), live)
	if err != nil {
		t.Error(err)
	}
	for _, p := range live.Liveness {
		if !broken[p.Name] {
			t.Errorf("no fault breaks %s", p.Name)
		}
	}
	fmt.Printf("EVIDENCE room_explorer_faults planted=%d properties=%d\n", len(live.Faults), len(broken))
}

// The properties that name the port's promise need it.
func TestThePromiseIsNeeded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]model.RoomInput{
		"AttachedOnlyIf": {model.RoomAttach(1), model.AttachEnded(0)},
		"OwnEventSilent": {model.RoomAttach(1), model.AttachEnded(0), model.ChannelTurned(model.ChannelAttached, 0)},
	} {
		m := New(Bounds{Calls: 1, Promised: true}).Only(name)
		m.Gives = nil
		r := graphs.Explore(t.Context(), m, graphs.Options{})
		if r.Verdict != graphs.Violated || !slices.Equal(r.Violation.Path, want) {
			t.Errorf("%s: %v, want %v", name, r.Reason, want)
		}
	}
}

func TestTheRoomKeepsTheLivenessProperties(t *testing.T) {
	t.Parallel()
	b := Bounds{Calls: 2, Errors: 1}
	of := map[string]*graphs.LivenessReport[model.RoomInput]{}
	var errs [2]error
	of["core"], errs[0] = graphs.CheckLiveness(t.Context(), New(b))
	of["model"], errs[1] = graphs.CheckLiveness(t.Context(), New(b).OfModel())
	for name, r := range of {
		if errs != [2]error{} || r.Err() != nil || len(r.Vacuous) > 0 || len(r.Without) != len(fairness()) {
			t.Fatalf("%s: %v, %v, %+v", name, errs, r.Err(), r)
		}
		for conjunct, broken := range r.Without { // each is needed by each property, the strong one for a loop
			if len(broken) != r.Properties {
				t.Errorf("%s: without %s only %v fail", name, conjunct, broken)
			}
			graphs.Caught("fairness-room", conjunct)
			for _, l := range broken {
				if slices.Contains(l.Cycle, model.RetryDue()) != (conjunct == "ReleaseDetaches") {
					t.Errorf("%s: without %s: %v", name, conjunct, l)
				}
			}
		}
		fmt.Printf("EVIDENCE room_liveness of=%s calls=%d errors=%d states=%d steps=%d properties=%d fairness=%d\n", name,
			b.Calls, b.Errors, r.States, r.Edges, r.Properties, len(r.Without))
	}
}

func TestBoundsAreChecked(t *testing.T) {
	for _, b := range []Bounds{{}, {Calls: 13}, {Calls: 1, Errors: -1}, {Calls: 1, Errors: 4}, {Calls: 1, Bare: true, Promised: true}} {
		if b.Check() == nil {
			t.Errorf("%v are taken", b)
		}
	}
}

// TestRoomCoreAgainstModelEverywhere walks every state of small configurations, with the odd events of
// channels, and tries every input in each.
func TestRoomCoreAgainstModelEverywhere(t *testing.T) {
	t.Parallel()
	for _, b := range []Bounds{{3, 1, true, false, true}, {2, 2, true, false, true}} {
		m := New(b)
		r := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		if err := r.Check(m.Golden); err != nil {
			t.Error(err)
		}
		fmt.Printf("EVIDENCE room_core_against_model calls=%d errors=%d states=%d steps=%d refusals=%d\n", b.Calls, b.Errors,
			r.States, r.Edges, r.Refused)
	}
}

func TestRoomCoreAgainstModel(t *testing.T) {
	t.Parallel()
	b := Bounds{Calls: 12, Errors: 3, Bare: true, Odd: true}
	rapid.Check(t, func(t *rapid.T) {
		script := Script(t, b, 60)
		if err := graphs.Follow(New(b), script); err != nil {
			t.Fatalf("%v\n%s", err, graphs.Script(New(b), script))
		}
	})
}

// spoilt is a core with something wrong with it.
type spoilt struct {
	core
	step func(c *core, in model.RoomInput) ([]model.RoomOutput, error)
}

func (s *spoilt) Step(in model.RoomInput) ([]model.RoomOutput, error) { return s.step(&s.core, in) }

// Faults of the core are seen: each by an output, a state or a refusal that is not the model's.
func TestRoomCoreFaultsAreSeen(t *testing.T) {
	t.Parallel()
	tampered := func(f func(*State, model.RoomInput)) func(*core, model.RoomInput) ([]model.RoomOutput, error) {
		return func(c *core, in model.RoomInput) (outs []model.RoomOutput, err error) {
			outs, err = c.Step(in)
			var s State
			if bad := c.Read(&s); bad != nil {
				return nil, bad
			}
			f(&s, in)
			if bad := c.Restore(&s); bad != nil {
				return nil, bad
			}
			return outs, err
		}
	}
	for name, step := range map[string]func(*core, model.RoomInput) ([]model.RoomOutput, error){
		"a state that differs": tampered(func(s *State, in model.RoomInput) {
			s.Explicit = s.Explicit && !(in == model.DetachEnded(0) && s.Op == model.OpNone && s.Status == model.StatusDetached)
		}),
		"a refused input that changes the state": tampered(func(s *State, in model.RoomInput) {
			if in == model.RetryDue() && s.Phase == model.PhaseInGiveBack {
				s.ChErr ^= 1
			}
		}),
		"an output that is missing": func(c *core, in model.RoomInput) ([]model.RoomOutput, error) {
			outs, err := c.Step(in)
			return slices.DeleteFunc(outs,
				func(o model.RoomOutput) bool { return o.Kind == model.OutputDiscontinuity && in.Update }), err
		},
		"outputs in another order": func(c *core, in model.RoomInput) ([]model.RoomOutput, error) {
			outs, err := c.Step(in)
			if in.Kind == model.KindGiveBackEnded {
				slices.Reverse(outs)
			}
			return outs, err
		},
		"an input that is taken": func(c *core, in model.RoomInput) ([]model.RoomOutput, error) {
			outs, err := c.Step(in)
			if in == model.RetryDue() {
				err = nil
			}
			return outs, err
		},
		"an odd event that counts": func(c *core, in model.RoomInput) ([]model.RoomOutput, error) {
			in.Resumed = in.Resumed && in.Channel == model.ChannelAttached
			in.Update = in.Update && in.Channel == model.ChannelAttached
			return c.Step(in)
		},
	} {
		m := New(Bounds{Calls: 2, Errors: 1, Bare: true, Odd: true})
		m.New = func() graphs.Core[State, model.RoomInput, model.RoomOutput] {
			return &spoilt{core{room: fsm.NewRoom[int]()}, step}
		}
		r := graphs.Explore(t.Context(), m, graphs.Options{Against: true})
		if r.Verdict != graphs.Violated || r.Violation.Property != graphs.SameAsModel && r.Violation.Property != graphs.Unchanged {
			t.Errorf("%s is not seen: %v", name, r.Reason)
		} else {
			graphs.Caught("chain-room-core", name)
		}
	}
}

// The graphs of the room's spec, core and model are equal, both ways, refusals included.
func TestTheRoomsGraphsAreEqual(t *testing.T) {
	e, err := Comparisons()[0].CompareGolden(t.Context(), root)
	if err != nil || !e.Equal() || e.Edges != golden.Int("equality/"+e.Config+"/edges") ||
		int(e.Refused) != golden.Int("equality/"+e.Config+"/refused") {
		t.Fatalf("%v, %+v", err, e)
	}
	fmt.Printf("EVIDENCE room_golden states=%d edges=%d\n", e.States, e.Edges)
}

// broken is a mapping with something wrong with it.
type broken struct {
	Spec
	state func(*Node)
	step  [2]string // two actions that are taken for each other
}

func (b broken) State(vars graphs.Value) (Node, error) {
	n, err := b.Spec.State(vars)
	if b.state != nil {
		b.state(&n)
	}
	return n, err
}

func (b broken) Step(action string, before, after Node) (string, error) {
	if i := slices.Index(b.step[:], action); i >= 0 {
		action = b.step[1-i]
	}
	return b.Spec.Step(action, before, after)
}

// The mapping can hide no difference: a field that is dropped or swapped, or an action that is taken for
// another, is no bijection or differs from the core.
func TestABrokenMappingOfTheRoomIsSeen(t *testing.T) {
	t.Parallel()
	for what, m := range map[string]broken{
		"last":          {state: func(n *Node) { n.Room.Last = 0 }},
		"status":        {state: func(n *Node) { n.Room.Status = 0 }},
		"err":           {state: func(n *Node) { n.Room.Err = 0 }},
		"channel":       {state: func(n *Node) { n.Room.Channel = 0 }},
		"chErr":         {state: func(n *Node) { n.Room.ChErr = 0 }},
		"op":            {state: func(n *Node) { n.Room.Op = 0 }},
		"caller":        {state: func(n *Node) { n.Room.Caller = 0 }},
		"phase":         {state: func(n *Node) { n.Room.Phase = 0 }},
		"queue":         {state: func(n *Node) { n.Room.Queue = nil }},
		"attachedOnce":  {state: func(n *Node) { n.Room.AttachedOnce = false }},
		"explicit":      {state: func(n *Node) { n.Room.Explicit = false }},
		"outs":          {state: func(n *Node) { n.Outs = nil }},
		"order of outs": {state: func(n *Node) { slices.Reverse(n.Outs) }},
		"flags swapped": {state: func(n *Node) {
			n.Room.AttachedOnce, n.Room.Explicit = n.Room.Explicit, n.Room.AttachedOnce
		}},
		"states swapped": {state: func(n *Node) {
			switch n.Room.Channel {
			case model.ChannelSuspended:
				n.Room.Channel = model.ChannelFailed
			case model.ChannelFailed:
				n.Room.Channel = model.ChannelSuspended
			}
		}},
		"resumed swapped": {step: [2]string{"Updated0", "UpdatedResumed0"}},
		"errors swapped":  {step: [2]string{"TurnedFailed0", "TurnedFailed1"}},
		"ends swapped":    {step: [2]string{"AttachEnded0", "AttachEnded1"}},
	} {
		c := graphs.NewComparison("spec/TLA", "MCRoomStatus_graph2", "tests/graphs/roomstatus/testdata",
			New(Bounds{Calls: 2, Errors: 1, Bare: true}), m)
		if e, err := c.CompareGolden(t.Context(), root); err == nil && e.Equal() {
			t.Errorf("%s: not seen", what)
		} else {
			graphs.Caught("mapping-room", what)
		}
	}
	for _, action := range []string{"", "Attached0", "TurnedInto0", "Resumed", "Turned0"} {
		if in, err := inputOf(action, Node{}, Node{}); err == nil {
			t.Errorf("the action %q is read as %v", action, in)
		}
	}
}

// One edge less is reported, and so is a fault of the core.
func TestADifferenceOfTheRoomIsSeen(t *testing.T) {
	c := Comparisons()[0]
	dump, err := c.ReadGolden(root)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.LastIndex(dump, []byte(" -> "))
	begin, end := bytes.LastIndexByte(dump[:at], '\n')+1, at+bytes.IndexByte(dump[at:], '\n')+1
	e, err := c.CompareGolden(t.Context(), root, slices.Concat(dump[:begin], dump[end:]))
	if err != nil || e.OnlySpec != 0 || e.OnlyCore != 1 || len(e.Shown) != 1 || e.Shown[0].Only != c.Name {
		t.Errorf("one edge less: %v, %+v", err, e)
	}
	m, _ := New(Bounds{Calls: 2, Errors: 1, Bare: true}).WithFault("missed")
	if _, _, err := graphs.ToGraph(t.Context(), m); err == nil || !strings.Contains(err.Error(), graphs.SameAsModel) {
		t.Errorf("a fault of the core: %v", err)
	}
	graphs.Caught("mapping-room", "an edge less")
	graphs.Caught("mapping-room", "a fault of the core")
}
