package equality

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore/roommachine"
	"ablyrooms.example/tests/graphs"
)

var roomBounds = roommachine.Bounds{Calls: 2, Errors: 1, Bare: true}

func roomGolden(t *testing.T) Golden {
	t.Helper()
	g, err := ReadGolden(filepath.Join("testdata", RoomGoldenConfig+".dot.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The golden was made from the spec and the configuration as they are now.
func TestTheRoomsGoldenIsOfThisSpec(t *testing.T) {
	hash, err := RoomHash(root, RoomGoldenConfig)
	if err != nil {
		t.Fatal(err)
	}
	if g := roomGolden(t); g.Hash != hash {
		t.Errorf("RoomStatus.tla, MCRoomStatus.tla or %s.cfg in spec/TLA changed since the golden was made, or the golden changed alone; make it anew, which wants Java: make golden", RoomGoldenConfig)
	}
}

// The graphs of the room's spec, model and core are equal, both ways, refusals included.
func TestTheRoomsGraphsAreEqual(t *testing.T) {
	spec, err := read(t, roomGolden(t), graphs.Mapping[RoomNode](RoomSpec{}))
	if err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]roommachine.Machine{"the model": roommachine.NewModel(roomBounds), "the core": roommachine.NewCore(roomBounds)} {
		other, rooms, refused, err := RoomGraph(t.Context(), name, m)
		if err != nil {
			t.Fatal(err)
		}
		if found, a, b := graphs.Compare(spec, other, 2); a+b+len(found) > 0 {
			t.Errorf("%d edges of the spec are missing in %s, %d the other way: %v", a, other.Name, b, found)
		}
		if rooms != 1397 || refused != 17100 {
			t.Errorf("%s has %d states without outputs, and refuses %d inputs", name, rooms, refused)
		}
	}
	states, edges := spec.Len()
	fmt.Printf("EVIDENCE room_golden calls=%d errors=%d states=%d edges=%d\n", roomBounds.Calls, roomBounds.Errors, states, edges)
	if states != 5181 || edges != 115269 || spec.Unreached() > 0 {
		t.Errorf("%d states, %d edges, %d unreached", states, edges, spec.Unreached())
	}
}

// brokenRoom is a mapping with something wrong with it.
type brokenRoom struct {
	RoomSpec
	state func(*RoomNode)
	step  func(string) string
}

func (b brokenRoom) State(vars map[string]graphs.Value) (RoomNode, error) {
	n, err := b.RoomSpec.State(vars)
	if b.state != nil {
		b.state(&n)
	}
	return n, err
}

func (b brokenRoom) Step(action string, before, after RoomNode) (string, error) {
	if b.step != nil {
		action = b.step(action)
	}
	return b.RoomSpec.Step(action, before, after)
}

// TestABrokenMappingOfTheRoomIsSeen shows that the mapping can hide no difference: a field that is dropped or swapped, or an action
// that is taken for another, is no bijection or differs from the core.
func TestABrokenMappingOfTheRoomIsSeen(t *testing.T) {
	g := roomGolden(t)
	core, _, _, err := RoomGraph(t.Context(), "the core", roommachine.NewCore(roomBounds))
	if err != nil {
		t.Fatal(err)
	}
	swap := func(a, b string) func(string) string {
		return func(action string) string {
			switch action {
			case a:
				return b
			case b:
				return a
			}
			return action
		}
	}
	for what, m := range map[string]brokenRoom{
		"last":          {state: func(n *RoomNode) { n.Room.Last = 0 }},
		"status":        {state: func(n *RoomNode) { n.Room.Status = 0 }},
		"err":           {state: func(n *RoomNode) { n.Room.Err = 0 }},
		"channel":       {state: func(n *RoomNode) { n.Room.Channel = 0 }},
		"chErr":         {state: func(n *RoomNode) { n.Room.ChErr = 0 }},
		"op":            {state: func(n *RoomNode) { n.Room.Op = 0 }},
		"caller":        {state: func(n *RoomNode) { n.Room.Caller = 0 }},
		"phase":         {state: func(n *RoomNode) { n.Room.Phase = 0 }},
		"queue":         {state: func(n *RoomNode) { n.Room.Queue = nil }},
		"attachedOnce":  {state: func(n *RoomNode) { n.Room.AttachedOnce = false }},
		"explicit":      {state: func(n *RoomNode) { n.Room.Explicit = false }},
		"outs":          {state: func(n *RoomNode) { n.Outs = nil }},
		"order of outs": {state: func(n *RoomNode) { slices.Reverse(n.Outs) }},
		"flags swapped": {state: func(n *RoomNode) { n.Room.AttachedOnce, n.Room.Explicit = n.Room.Explicit, n.Room.AttachedOnce }},
		"states swapped": {state: func(n *RoomNode) {
			switch n.Room.Channel {
			case model.ChannelSuspended:
				n.Room.Channel = model.ChannelFailed
			case model.ChannelFailed:
				n.Room.Channel = model.ChannelSuspended
			}
		}},
		"resumed swapped": {step: swap("Updated0", "UpdatedResumed0")},
		"errors swapped":  {step: swap("TurnedFailed0", "TurnedFailed1")},
		"ends swapped":    {step: swap("AttachEnded0", "AttachEnded1")},
	} {
		spec, err := read(t, g, graphs.Mapping[RoomNode](m))
		if err != nil {
			continue // no bijection, or a step that can't be read: seen
		}
		if found, a, b := graphs.Compare(spec, core, 1); a+b+len(found) == 0 {
			t.Errorf("%s: not seen", what)
		}
	}
	for _, action := range []string{"", "Attached0", "TurnedInto0", "Resumed", "Turned0"} {
		if in, err := roomInput(action, RoomNode{}, RoomNode{}); err == nil {
			t.Errorf("the action %q is read as %v", action, in)
		}
	}
}

// TestADifferenceOfTheRoomIsSeen shows that one edge less is told, and a fault of the core.
func TestADifferenceOfTheRoomIsSeen(t *testing.T) {
	g := roomGolden(t)
	at := bytes.LastIndex(g.Dump, []byte(" -> "))
	begin, end := bytes.LastIndexByte(g.Dump[:at], '\n')+1, at+bytes.IndexByte(g.Dump[at:], '\n')+1
	less := Golden{Dump: slices.Concat(g.Dump[:begin], g.Dump[end:])}
	spec, err := read(t, less, graphs.Mapping[RoomNode](RoomSpec{}))
	if err != nil {
		t.Fatal(err)
	}
	reference, _, _, err := RoomGraph(t.Context(), "the model", roommachine.NewModel(roomBounds))
	if err != nil {
		t.Fatal(err)
	}
	if found, a, b := graphs.Compare(spec, reference, 3); a != 0 || b != 1 || len(found) != 1 || found[0].Only != "the model" {
		t.Errorf("one edge less: %d, %d, %v", a, b, found)
	}
	fault, ok := roommachine.FaultByName("missed")
	if !ok {
		t.Fatal("no such fault")
	}
	broken, _, _, err := RoomGraph(t.Context(), "the core", roommachine.NewCore(roomBounds).WithFault(fault))
	if err != nil {
		t.Fatal(err)
	}
	if _, a, b := graphs.Compare(reference, broken, 1); a == 0 || b == 0 {
		t.Errorf("a fault of the core: %d, %d", a, b)
	}
}

// A dump whose states were renumbered says the same.
func TestRenumberingChangesNothing(t *testing.T) {
	dump := []byte("strict digraph DiskGraph {\n-5 [label=\"a\",style = filled]\n-5 -> 77 [label=\"Attach\",color=\"black\",fontcolor=\"black\"];\n" +
		"77 [label=\"b\"];\n77 -> -5 [label=\"RetryDue\",color=\"black\",fontcolor=\"black\"];\n}\n")
	want := "strict digraph DiskGraph {\n0 [label=\"a\",style = filled]\n0 -> 1 [label=\"Attach\"];\n1 [label=\"b\"];\n1 -> 0 [label=\"RetryDue\"];\n}\n"
	got, err := Renumber(dump)
	if err != nil || string(got) != want {
		t.Errorf("%v\n%s", err, got)
	}
}
