package roomstatus

import (
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/graphtest"
)

func TestCoreAndModelHaveTheKnownSizes(t *testing.T) { graphtest.Sizes(t, Sizes(), 20_000) }

func TestEachInvariantFailsOnAPlantedFault(t *testing.T) {
	t.Parallel()
	live := New(Bounds{Calls: 2, Errors: 1})
	broken := graphtest.Faults(t, "room", New(Bounds{Calls: 3, Errors: 1, Promised: true}), live)
	for _, p := range live.Liveness {
		if !broken[p.Name] {
			t.Errorf("no fault breaks %s", p.Name)
		}
	}
}

// The properties that need the port's promise must fail without it.
func TestThePromiseIsNeeded(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]model.RoomInput{
		"AttachedOnlyIf": {model.RoomAttach(1), model.AttachEnded(0)},
		"OwnEventSilent": {model.RoomAttach(1), model.AttachEnded(0), model.ChannelTurned(model.ChannelAttached, 0)},
	} {
		m := New(Bounds{Calls: 1, Promised: true})
		m.Properties = slices.DeleteFunc(m.Properties, func(p property) bool { return p.Name != name })
		m.Gives = nil
		r := graphs.Explore(t.Context(), m, graphs.Options{})
		if r.Verdict != graphs.Violated || !slices.Equal(r.Violation.Path, want) {
			t.Errorf("%s: the exploration found %v, want a violation with the path %v", name, r.Reason, want)
		}
	}
}

func TestTheRoomKeepsTheLivenessProperties(t *testing.T) {
	r := graphtest.Liveness(t, "room", New(Bounds{Calls: 2, Errors: 1}))
	if len(r.Vacuous) > 0 || len(r.Without) != len(fairness()) {
		t.Fatalf("a conjunct of fairness is vacuous or missing: %+v", r)
	}
	// Each liveness property must fail without any of the conjuncts. Without the strong conjunct, a
	// release retries for ever.
	for conjunct, broken := range r.Without {
		if len(broken) != r.Properties {
			t.Errorf("without the fairness %s, only these properties fail: %v", conjunct, broken)
		}
		for _, l := range broken {
			if slices.Contains(l.Cycle, model.RetryDue()) != (conjunct == "ReleaseDetaches") {
				t.Errorf("without the fairness %s, a cycle is wrong or missing: %v", conjunct, l)
			}
		}
	}
}

func TestBoundsAreChecked(t *testing.T) {
	for _, b := range []Bounds{{}, {Calls: 13}, {Calls: 1, Errors: -1}, {Calls: 1, Errors: 4}, {Calls: 1, Bare: true, Promised: true}} {
		if b.Check() == nil {
			t.Errorf("Check accepts the wrong bounds %v", b)
		}
	}
}

// Core and model are compared in every state of small machines, with the odd events of channels.
func TestRoomCoreAgainstModelEverywhere(t *testing.T) {
	t.Parallel()
	graphtest.Sizes(t, []Machine{New(Bounds{3, 1, true, false, true}), New(Bounds{2, 2, true, false, true})}, 20_000)
}

func TestRoomCoreAgainstModel(t *testing.T) {
	t.Parallel()
	graphtest.Scripts(t, New(Bounds{Calls: 12, Errors: 3, Bare: true, Odd: true}), 60, Weight)
}

// spoilt is a core with a fault in its Step.
type spoilt struct {
	core
	step func(c *core, in model.RoomInput) ([]model.RoomOutput, error)
}

func (s *spoilt) Step(in model.RoomInput) ([]model.RoomOutput, error) { return s.step(&s.core, in) }

// Each fault of the core must show as an output, a state or a refusal that differs from the
// model's.
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
			t.Errorf("the fault %s was not found, or with the wrong reason: %v", name, r.Reason)
		} else {
			graphs.Caught("chain-room-core", name)
		}
	}
}

func TestTheRoomsGraphsAreEqual(t *testing.T) { graphtest.Equal(t, "room", Comparisons()[0]) }

type broken = graphtest.Broken[Node]

func TestABrokenMappingOfTheRoomIsSeen(t *testing.T) {
	t.Parallel()
	m := New(Bounds{Calls: 2, Errors: 1, Bare: true})
	graphtest.BrokenMappings(t, "room", Comparisons()[0], m, Spec, map[string]broken{
		"last":          broken{Spoil: func(n *Node) { n.State.Last = 0 }},
		"status":        broken{Spoil: func(n *Node) { n.State.Status = 0 }},
		"err":           broken{Spoil: func(n *Node) { n.State.Err = 0 }},
		"channel":       broken{Spoil: func(n *Node) { n.State.Channel = 0 }},
		"chErr":         broken{Spoil: func(n *Node) { n.State.ChErr = 0 }},
		"op":            broken{Spoil: func(n *Node) { n.State.Op = 0 }},
		"caller":        broken{Spoil: func(n *Node) { n.State.Caller = 0 }},
		"phase":         broken{Spoil: func(n *Node) { n.State.Phase = 0 }},
		"queue":         broken{Spoil: func(n *Node) { n.State.Queue = nil }},
		"attachedOnce":  broken{Spoil: func(n *Node) { n.State.AttachedOnce = false }},
		"explicit":      broken{Spoil: func(n *Node) { n.State.Explicit = false }},
		"outs":          broken{Spoil: func(n *Node) { n.Outs = nil }},
		"order of outs": broken{Spoil: func(n *Node) { slices.Reverse(n.Outs) }},
		"flags swapped": broken{Spoil: func(n *Node) {
			n.State.AttachedOnce, n.State.Explicit = n.State.Explicit, n.State.AttachedOnce
		}},
		"states swapped": broken{Spoil: func(n *Node) {
			switch n.State.Channel {
			case model.ChannelSuspended:
				n.State.Channel = model.ChannelFailed
			case model.ChannelFailed:
				n.State.Channel = model.ChannelSuspended
			}
		}},
		"resumed swapped": broken{Swapped: [2]string{"Updated0", "UpdatedResumed0"}},
		"errors swapped":  broken{Swapped: [2]string{"TurnedFailed0", "TurnedFailed1"}},
		"ends swapped":    broken{Swapped: [2]string{"AttachEnded0", "AttachEnded1"}},
	})
	for _, action := range []string{"", "Attached0", "TurnedInto0", "Resumed", "Turned0"} {
		if in, err := inputOf(action, Node{}, Node{}); err == nil {
			t.Errorf("the unknown action %q is read as %v", action, in)
		}
	}
}

func TestAFaultOfTheCoreIsNoMachineOfTheModels(t *testing.T) {
	m, _ := New(Bounds{Calls: 2, Errors: 1, Bare: true}).WithFault("missed")
	if _, _, err := graphs.ToGraph(t.Context(), m); err == nil || !strings.Contains(err.Error(), graphs.SameAsModel) {
		t.Fatalf("a fault of the core: %v", err)
	}
	graphs.Caught("mapping-room", "a fault of the core")
}
