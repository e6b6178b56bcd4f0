package proof

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/proof/tla"
	"ablyrooms.example/tests/graphs/roomstatus"
)

// roomChanges are changes in the text of RoomStatus.tla or RoomStatusSteps.tla. A test makes one at
// a time.
var roomChanges = [][2]string{
	{`IsBusy(r)          == r.op # "none"`, `IsBusy(r) == r.op = "attach"`},
	{`GoesFirst(o)       == o = "release"`, `GoesFirst(o) == o # "attach"`},
	{`ErrorSet(r, e)     == e `, `ErrorSet(r, e) == r.err `},
	{`r.status = s /\ r.err = e`, `r.status = s`},
	{`CallerLeft(r)      == 0`, `CallerLeft(r) == r.caller`},
	{`LeavesQueue(o)     == o # "release"`, `LeavesQueue(o) == o # "detach"`},
	{`MovedOn(r)         == r.channel # "attached"`, `MovedOn(r) == r.channel = "attached"`},
	{`IsAttached(r)      == r.status = "attached"`, `IsAttached(r) == r.status = "attaching"`},
	{`r.status \in {"released", "failed"}`, `r.status \in {"released", "suspended"}`},
	{`Follows(r)         == r.op = "none"`, `Follows(r) == r.op # "attach"`},
	{`~resumed /\ r.attachedOnce /\ ~r.explicit`, `~resumed /\ r.attachedOnce`},
	{`IsDeaf(r)          == r.status = "released"`, `IsDeaf(r) == r.status = "releasing"`},
	{`e = 0 \/ r.channel = "failed"`, `e = 0`},
	{`Put(r, o) == [r EXCEPT !.outs = Append(r.outs, o)]`, `Put(r, o) == [r EXCEPT !.outs = <<o>> \o r.outs]`},
	{`GiveBackChannel) EXCEPT !.phase = "inGiveBack"]`, `GiveBackChannel) EXCEPT !.phase = "inDetach"]`},
	{`IF r.channel = "failed" THEN GiveBack(r)`, `IF r.channel = "detached" THEN GiveBack(r)`},
	{`SubSeq(q, 1, i - 1) \o SubSeq(q, i + 1, Len(q))`, `SubSeq(q, 2, Len(q))`},
	{`SubSeq(q, 1, i - 1) \o SubSeq(q, i + 1, Len(q))`, `SubSeq(q, i + 1, Len(q)) \o SubSeq(q, 1, i - 1)`},
	{`CHOOSE i \in first : \A j \in first : i <= j`, `CHOOSE i \in first : \A j \in first : j <= i`},
	{`!.op = "none", !.caller = 0, !.phase = "idle"]`, `!.op = "none", !.caller = 0]`},
	{`SetStatus(r, "attaching", 0), AttachChannel`, `SetStatus(r, "attaching", r.err), AttachChannel`},
	{`SetStatus(r, "detaching", 0), DetachChannel) EXCEPT !.phase = "inDetach"]`, `SetStatus(r, "detaching", 0), DetachChannel) EXCEPT !.phase = "inAttach"]`},
	{`r.status \in {"initialized", "detached"} THEN GiveBack(r)`, `r.status \in {"initialized"} THEN GiveBack(r)`},
	{`Append(r.queue, <<o, r.last + 1>>)`, `Append(r.queue, <<o, r.last>>)`},
	{`Put(r, Settles(c, GaveUp))`, `Put(r, Settles(c, Done))`},
	{`EndWith(SetStatus(r, r.channel, e), FailedWith(e))`, `EndWith(SetStatus(r, r.channel, r.chErr), FailedWith(e))`},
	{`!.attachedOnce = TRUE, !.explicit = FALSE]`, `!.attachedOnce = TRUE]`},
	{`[SetStatus(r, "detached", 0) EXCEPT !.explicit = TRUE]`, `SetStatus(r, "detached", 0)`},
	{`IF r.channel \in {"detached", "initialized"} THEN set`, `IF r.channel \in {"detached"} THEN set`},
	{`IF e = 0 THEN Done ELSE FailedWith(e))  `, `Done)  `},
	{`[r EXCEPT !.channel = s, !.chErr = e]`, `[r EXCEPT !.channel = s]`},
	{`IF s = "attached" /\ Loses(r, resumed)`, `IF Loses(r, resumed)`},
	{`last < NCalls /\ Become`, `last <= NCalls /\ Become`},
	{`phase = "inRetryPause" /\ Become`, `phase = "inDetach" /\ Become`},
	{`Become(AfterGiveBackEnded(Here, e)) /\ NoEvent`, `Become(AfterGiveBackEnded(Here, 0)) /\ NoEvent`},
	{`ChannelEvent("attached", FALSE, TRUE, e)`, `ChannelEvent("attached", TRUE, TRUE, e)`},
}

// roomModule reads the proof's module of a room with a change in the text of the spec.
func roomModule(t testing.TB, c [2]string) *tla.Module {
	t.Helper()
	planted := 0
	m, err := tla.ReadText("RoomStatusProof", func(name string) (string, error) {
		if name == "RoomStatusProof" {
			text, err := os.ReadFile(name + ".tla")
			return string(text), err
		}
		text, err := os.ReadFile(filepath.Join(root, "spec", "TLA", name+".tla"))
		if c[0] == "" {
			return string(text), err
		}
		planted += strings.Count(string(text), c[0])
		return strings.Replace(string(text), c[0], c[1], 1), err
	})
	if err != nil {
		t.Fatal(err)
	}
	if c[0] != "" && planted != 1 {
		t.Fatalf("%q is in the spec %d times", c[0], planted)
	}
	return m
}

// roomVerdict says how a changed module is noticed. It returns "" if it is not. In the given
// states, model and core agree with the unchanged spec.
func roomVerdict(t testing.TB, m *tla.Module, g *graph, states []State) string {
	changed, err := roomProof(m)
	if err != nil {
		return "it can't be translated: " + err.Error()
	}
	w := NewSmall(changed.System, smallRoom(2, 1, false))
	if w.size != len(g.states[0]) {
		return "its states have other parts"
	}
	all, err := w.Steps(changed.Actions)
	if err != nil {
		return "it can't be computed: " + err.Error()
	}
	if d := g.labelled(all); d != "" {
		return d
	}
	refuted, _, err := refutations(changed, 1, inductive(changed))
	if err != nil {
		return "its contract can't be computed: " + err.Error()
	}
	for condition := range refuted {
		return condition + " is not true"
	}
	j := newRoomComparer(t, changed, smallRoom(3, 1, false))
	for _, s := range states {
		if err := j.check(s); err != nil {
			return err.Error()
		}
	}
	for _, broken := range g.broken(t, changed, w) {
		return broken
	}
	return ""
}

// TestAChangedRelationOfARoomIsNoticed checks that each small change of the room's spec, and each
// misread operator, is noticed. The relation differs from TLC's, or from the model's and the
// core's, or the spec's recursion no longer equals the operator that the proof uses instead. make
// evidence tries all of them; other runs try some.
func TestAChangedRelationOfARoomIsNoticed(t *testing.T) {
	t.Parallel()
	p := read(t, "RoomStatus")
	text, err := roomstatus.Comparisons()[0].ReadGolden(root)
	if err != nil {
		t.Fatal(err)
	}
	g, err := readGraph(NewSmall(p.System, smallRoom(2, 1, false)), text, roomFromTLC)
	if err != nil {
		t.Fatal(err)
	}
	var states []State
	e := newRoomStates(t, p, NewSmall(p.System, smallRoom(3, 1, false)))
	e.last, e.queue, e.few = 2, 3, true
	e.visit = func(s State) { states = append(states, s) }
	e.all()
	every := map[string]int{"": 9, "check": 4, "full": 1}[os.Getenv("EVIDENCE")]
	planted, caught := 0, 0
	plant := func(n int, name string, make func() *tla.Module) {
		if n%every != 0 {
			return
		}
		m := make()
		if m == nil {
			return
		}
		planted++
		v := roomVerdict(t, m, g, states)
		if v == "" {
			t.Errorf("not noticed: %s", name)
			return
		}
		caught++
		t.Logf("CAUGHT relation of a room: %s", name)
		t.Logf("%s: %s", name, v)
	}
	for i, c := range roomChanges {
		plant(i, fmt.Sprintf("%d %s", i+1, strings.Join(strings.Fields(c[1]), " ")), func() *tla.Module { return roomModule(t, c) })
	}
	for i, name := range slices.Sorted(maps.Keys(misreadings)) {
		plant(i, name, func() *tla.Module {
			m, changes := roomModule(t, [2]string{}), false
			m.Rewrite(func(e *tla.Expr) *tla.Expr {
				to := misreadings[name](e)
				changes = changes || to != e
				return to
			})
			if !changes {
				return nil // the spec doesn't use the misread operator
			}
			return m
		})
	}
	t.Logf("EVIDENCE relation_mutants of=roomstatus planted=%d uncaught=%d", planted, planted-caught)
}
