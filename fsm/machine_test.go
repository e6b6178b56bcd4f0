package fsm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	looplab "github.com/looplab/fsm"
)

// The transitions that the machines must have, written by hand: one row for each state, one cell
// for each event, "-" for no transition. Rows and cells are in the order of the constants.

// The room lifecycle: the life of an incarnation in docs/rooms.md, "Words" and R9 to R21 (CHA-RC1f,
// CHA-RC1g).
var lifeTable = []string{
	//             opened  openFailed  release    drop      released
	"initializing: ready   released    releasing  released  -",
	"ready:        -       -           releasing  -         -",
	"releasing:    -       -           -          -         released",
	"released:     -       -           -          -         -",
}

// The room status: CHA-RL1e, CHA-RL2j, CHA-RL3b, 3j, 3m, 3o for the operations, and CHA-RL11c for
// the states that a room takes over from its channel. An operation that does nothing or is refused
// (CHA-RL1a, 1l, 2a, 2l, 2m, 3a) has no transition.
var statusTable = []string{
	//            attach    detach    release   finish   | the channel is:
	//                                                     initialized attaching attached detaching detached suspended failed
	"initialized: attaching detaching -         released  initialized attaching attached detaching detached suspended failed",
	"attaching:   attaching detaching releasing -         initialized attaching attached detaching detached suspended failed",
	"attached:    -         detaching releasing -         initialized attaching attached detaching detached suspended failed",
	"detaching:   attaching detaching releasing -         initialized attaching attached detaching detached suspended failed",
	"detached:    attaching -         -         released  initialized attaching attached detaching detached suspended failed",
	"suspended:   attaching detaching releasing -         initialized attaching attached detaching detached suspended failed",
	"failed:      attaching -         releasing -         initialized attaching attached detaching detached suspended failed",
	"releasing:   -         -         -         released  -           -         -        -         -        -         -",
	"released:    -         -         -         -         -           -         -        -         -        -         -",
}

// The channel states of RTL2: RTL4, RTL5, RTL12 to RTL14 and RTL3; docs/channel.md, C1. After a
// detach that is not answered the channel is attached, or detached if it was detached before
// (RTL5f, RTL5k). The event reset is RTN11d and giving back.
var channelTable = []string{
	//            attach    attached detach    detached suspend   fail   reset
	"initialized: attaching -        -         -        -         failed initialized",
	"attaching:   -         attached -         detached suspended failed initialized",
	"attached:    attaching -        detaching detached suspended failed initialized",
	"detaching:   -         attached -         detached -         failed initialized",
	"detached:    attaching -        detaching -        -         failed initialized",
	"suspended:   attaching attached -         detached -         failed initialized",
	"failed:      attaching -        -         -        -         -      initialized",
}

func TestChannelStatesTable(t *testing.T) {
	checkTable(t, ChannelStates(), channelTable, "attach attached detach detached suspend fail reset")
}

func TestRoomLifecycleTable(t *testing.T) {
	checkTable(t, RoomLifecycle(), lifeTable, "opened openFailed release drop released")
}

func TestRoomStatusTable(t *testing.T) {
	checkTable(t, RoomStatus(), statusTable, "attach detach release finish channelInitialized channelAttaching channelAttached "+
		"channelDetaching channelDetached channelSuspended channelFailed")
}

// checkTable compares each cell of a table written by hand with the compiled table and with a live
// looplab machine.
func checkTable[S, E ~uint8](t *testing.T, table *Table[S, E], rows []string, events string) {
	t.Helper()
	d := table.Definition()
	if got := names(d.Events, d.EventName); got != events {
		t.Fatalf("events %s, expected %s", got, events)
	}
	if len(d.States) != len(rows) {
		t.Fatalf("%d states, expected %d", len(d.States), len(rows))
	}
	for i, row := range rows {
		cells := strings.Fields(row)
		if got := d.StateName(S(i)) + ":"; got != cells[0] {
			t.Fatalf("state %d is %s expected %s", i, got, cells[0])
		}
		if cells = cells[1:]; len(cells) != len(d.Events) {
			t.Fatalf("the row of %s has %d cells, expected %d", d.StateName(S(i)), len(cells), len(d.Events))
		}
		for j, want := range cells {
			checkCell(t, table, S(i), E(j), want)
		}
	}
	// The table also refuses numbers that no state or event has.
	checkCell(t, table, S(len(rows)), 0, "-")
	checkCell(t, table, 0, E(len(d.Events)), "-")
	checkCell(t, table, 255, 255, "-")
}

func checkCell[S, E ~uint8](t *testing.T, table *Table[S, E], s S, e E, want string) {
	t.Helper()
	d := table.Definition()
	state, event := d.StateName(s), d.EventName(e)
	next, err := table.Next(s, e)
	if can := table.Can(s, e); can != (want != "-") {
		t.Errorf("%s: Can(%s, %s) is %t", d.Machine, state, event, can)
	}
	if want == "-" {
		bad := (*TransitionError)(nil)
		if !errors.As(err, &bad) || *bad != (TransitionError{Machine: d.Machine, State: state, Event: event}) || next != s {
			t.Errorf("%s: %s by %s: %s, %v; expected a TransitionError and no change", d.Machine, state, event, d.StateName(next), err)
		}
		if err != nil {
			for _, part := range []string{d.Machine, state, event} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error %q does not name %q", err, part)
				}
			}
		}
	} else if err != nil || d.StateName(next) != want {
		t.Errorf("%s: %s by %s: %s, %v; expected %s", d.Machine, state, event, d.StateName(next), err, want)
	}
	if int(s) >= len(d.States) || int(e) >= len(d.Events) {
		return
	}
	live := must(d.Live(nil))(t)
	live.SetState(state)
	err = live.Event(context.Background(), event)
	// looplab returns this error for a transition to the same state
	if errors.As(err, new(looplab.NoTransitionError)) {
		err = nil
	}
	if want == "-" {
		if err == nil || live.Current() != state {
			t.Errorf("%s: the live machine goes from %s by %s to %s, expected an error", d.Machine, state, event, live.Current())
		}
	} else if err != nil || live.Current() != want {
		t.Errorf("%s: the live machine goes from %s by %s to %s, %v; expected %s", d.Machine, state, event, live.Current(), err, want)
	}
}

func names[T any](list []T, name func(T) string) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = name(v)
	}
	return strings.Join(s, " ")
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// A step through a table allocates nothing; a step that is refused allocates only its error.
func TestNextAllocatesNothing(t *testing.T) {
	life, status := RoomLifecycle(), RoomStatus()
	if n := testing.AllocsPerRun(100, func() {
		if s, err := life.Next(Initializing, LifeOpened); s != Ready || err != nil {
			t.Fatal(s, err)
		}
		if s, err := status.Next(StatusAttached, EventRelease); s != StatusReleasing || err != nil {
			t.Fatal(s, err)
		}
		if status.Can(StatusReleased, EventAttach) {
			t.Fatal("released is not final")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestTablesAreCompiledOnce(t *testing.T) {
	life, status := RoomLifecycle(), RoomStatus()
	if life != RoomLifecycle() || status != RoomStatus() {
		t.Error("a table is compiled again")
	}
}

// definition returns a small valid definition; each test makes it invalid in one way.
func definition() Definition[Life, LifeEvent] {
	return Definition[Life, LifeEvent]{
		Machine: "small", States: []Life{0, 1}, Events: []LifeEvent{0, 1},
		StateName: func(l Life) string { return []string{"off", "on", "broken"}[l] },
		EventName: func(e LifeEvent) string { return []string{"press", "hit", "kick"}[e] },
		Transitions: looplab.Events{
			{Name: "press", Src: []string{"off"}, Dst: "on"},
			{Name: "hit", Src: []string{"off"}, Dst: "off"},
		},
		Final: map[Life]bool{1: true},
	}
}

func TestCompileRefusesBadDefinitions(t *testing.T) {
	if _, err := definition().Compile(); err != nil {
		t.Fatalf("the good definition is refused: %v", err)
	}
	for want, spoil := range map[string]func(*Definition[Life, LifeEvent]){
		`small: no states are listed`:                  func(d *Definition[Life, LifeEvent]) { d.States, d.Transitions = nil, nil },
		`small: state "on" has number 1, expected 0`:   func(d *Definition[Life, LifeEvent]) { d.States = []Life{1, 0} },
		`small: state "on" has number 1, expected 2`:   func(d *Definition[Life, LifeEvent]) { d.States = []Life{0, 1, 1} },
		`small: event "kick" has number 2, expected 1`: func(d *Definition[Life, LifeEvent]) { d.Events = []LifeEvent{0, 2} },
		`small: two states or two events share a name`: func(d *Definition[Life, LifeEvent]) { d.StateName = func(Life) string { return "off" } },
		`small: a transition names the event "kick", which is not listed`: func(d *Definition[Life, LifeEvent]) {
			d.Transitions = append(d.Transitions, looplab.EventDesc{Name: "kick", Src: []string{"off"}, Dst: "on"})
		},
		`small: a transition names the state "broken", which is not listed`: func(d *Definition[Life, LifeEvent]) {
			d.Transitions = append(d.Transitions, looplab.EventDesc{Name: "hit", Src: []string{"on"}, Dst: "broken"})
		},
		`small: a transition names the state "of", which is not listed`: func(d *Definition[Life, LifeEvent]) {
			d.Transitions = append(d.Transitions, looplab.EventDesc{Name: "hit", Src: []string{"of"}, Dst: "on"})
		},
		`small: event "press" leads from "off" to both "on" and "off"`: func(d *Definition[Life, LifeEvent]) {
			d.Transitions = append(d.Transitions, looplab.EventDesc{Name: "press", Src: []string{"off"}, Dst: "off"})
		},
		`small: event "hit" leaves the final state "on"`: func(d *Definition[Life, LifeEvent]) {
			d.Transitions = append(d.Transitions, looplab.EventDesc{Name: "hit", Src: []string{"on"}, Dst: "off"})
		},
	} {
		d := definition()
		spoil(&d)
		if _, err := d.Compile(); err == nil || err.Error() != want {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

// Compile keeps a transition to the same state, which looplab reports as an error.
func TestCompileKeepsTransitionsToTheSameState(t *testing.T) {
	table := must(definition().Compile())(t)
	if next, err := table.Next(0, 1); next != 0 || err != nil {
		t.Errorf("got %d, %v", next, err)
	}
}

func TestMustCompilePanicsWithTheReason(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); err == nil || !strings.Contains(err.Error(), "no states") {
			t.Errorf("got %v", err)
		}
	}()
	mustCompile(Definition[Life, LifeEvent]{Machine: "none"})
}

// Only released is final, in both machines (ReleasedIsFinal, CHA-RS1i).
func TestFinalStates(t *testing.T) {
	if got := RoomLifecycle().Definition().Final; !maps.Equal(got, map[Life]bool{Released: true}) {
		t.Errorf("room lifecycle: %v", got)
	}
	if got := RoomStatus().Definition().Final; !maps.Equal(got, map[Status]bool{StatusReleased: true}) {
		t.Errorf("room status: %v", got)
	}
}

// A live machine calls callbacks of each form that looplab has.
func TestLiveCallsCallbacks(t *testing.T) {
	var calls []string
	callbacks := looplab.Callbacks{}
	for _, name := range []string{"before_release", "before_event", "leave_ready", "leave_state", "enter_releasing", "enter_state",
		"after_release", "after_event", "ready", "openFailed"} {
		callbacks[name] = func(_ context.Context, e *looplab.Event) { calls = append(calls, name+" "+e.Src+">"+e.Dst) }
	}
	live := must(RoomLifecycle().Definition().Live(callbacks))(t)
	for _, event := range []string{"opened", "release"} {
		if err := live.Event(context.Background(), event); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{
		"before_event initializing>ready", "leave_state initializing>ready", "ready initializing>ready", "enter_state initializing>ready",
		"after_event initializing>ready",
		"before_release ready>releasing", "before_event ready>releasing", "leave_ready ready>releasing", "leave_state ready>releasing",
		"enter_releasing ready>releasing", "enter_state ready>releasing", "after_release ready>releasing", "after_event ready>releasing",
	}
	if !slices.Equal(calls, want) {
		t.Errorf("called\n%s\nexpected\n%s", strings.Join(calls, "\n"), strings.Join(want, "\n"))
	}
}

// Live refuses a callback whose name fits nothing; looplab would ignore it.
func TestLiveRefusesMisspelledCallbacks(t *testing.T) {
	nothing := func(context.Context, *looplab.Event) {}
	for _, name := range []string{"enter_redy", "leave_opened", "before_ready", "after_", "before", "enter_event", "leave_event",
		"after_state", "Ready", "redy", "", "enter_ready_", "during_ready"} {
		live, err := RoomLifecycle().Definition().Live(looplab.Callbacks{"enter_state": nothing, name: nothing})
		want := fmt.Sprintf("room lifecycle: the callback %q fits no state and no event", name)
		if live != nil || err == nil || err.Error() != want {
			t.Errorf("%q: got %v, expected %s", name, err, want)
		}
	}
	if _, err := RoomLifecycle().Definition().Live(looplab.Callbacks{"ready": nil}); err == nil ||
		err.Error() != `room lifecycle: the callback "ready" is nil` {
		t.Errorf("a nil callback: got %v", err)
	}
}

// The Mermaid and the Graphviz diagram show the initial state, every transition of the tables
// above, and no other transition.
func TestDiagramsHaveEveryTransition(t *testing.T) {
	checkDiagrams(t, RoomLifecycle(), lifeTable)
	checkDiagrams(t, RoomStatus(), statusTable)
	checkDiagrams(t, ChannelStates(), channelTable)
}

func checkDiagrams[S, E ~uint8](t *testing.T, table *Table[S, E], rows []string) {
	t.Helper()
	d := table.Definition()
	mermaid, graphviz := must(d.Mermaid())(t), d.Graphviz()
	transitions := 0
	for i, row := range rows {
		for j, dst := range strings.Fields(row)[1:] {
			if dst == "-" {
				continue
			}
			transitions++
			src, event := d.StateName(S(i)), d.EventName(E(j))
			if line := fmt.Sprintf("    %s --> %s: %s\n", src, dst, event); !strings.Contains(mermaid, line) {
				t.Errorf("Mermaid lacks %q", line)
			}
			if line := fmt.Sprintf("%q -> %q [ label = %q ];", src, dst, event); !strings.Contains(graphviz, line) {
				t.Errorf("Graphviz lacks %q", line)
			}
		}
	}
	if !strings.HasPrefix(mermaid, "stateDiagram-v2\n    [*] --> "+d.StateName(0)+"\n") {
		t.Errorf("Mermaid does not begin with the initial state:\n%s", mermaid)
	}
	if n := strings.Count(mermaid, "-->") - 1; n != transitions {
		t.Errorf("Mermaid has %d transitions, expected %d", n, transitions)
	}
	if n := strings.Count(graphviz, "->"); n != transitions {
		t.Errorf("Graphviz has %d transitions, expected %d", n, transitions)
	}
}

// If arrows from the frame are replaced by arrows from each state inside it, the overview has every
// transition of the tables above, each once. It marks the final states.
func TestMermaidOverviewHasEveryTransition(t *testing.T) {
	checkOverview(t, RoomLifecycle(), lifeTable, "")
	checkOverview(t, RoomStatus(), statusTable, "initialized attaching attached detaching detached suspended failed")
}

func checkOverview[S, E ~uint8](t *testing.T, table *Table[S, E], rows []string, frame string) {
	t.Helper()
	d := table.Definition()
	want := []string{"[*] --> " + d.StateName(0)}
	for i, row := range rows {
		final := true
		for j, dst := range strings.Fields(row)[1:] {
			if dst != "-" {
				want = append(want, fmt.Sprintf("%s --> %s: %s", d.StateName(S(i)), dst, d.EventName(E(j))))
				final = false
			}
		}
		if final {
			want = append(want, d.StateName(S(i))+" --> [*]")
		}
	}
	text := table.MermaidOverview("what they share")
	_, body, ok := strings.Cut(text, "stateDiagram-v2\n")
	if !ok {
		t.Fatalf("no state diagram:\n%s", text)
	}
	var got, framed []string
	inside := false
	for _, l := range strings.Split(strings.TrimSuffix(body, "\n"), "\n") {
		l = strings.TrimSpace(l)
		switch {
		case l == `state "what they share" as frame {`:
			inside = true
		case l == "}":
			inside = false
		case inside:
			framed = append(framed, l)
		case strings.HasPrefix(l, "frame --> "):
			for _, s := range framed {
				got = append(got, s+strings.TrimPrefix(l, "frame"))
			}
		default:
			got = append(got, l)
		}
	}
	if strings.Join(framed, " ") != frame {
		t.Errorf("%s: the frame stands around %q, expected %q", d.Machine, framed, frame)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("%s: drawn\n%s\nexpected\n%s", d.Machine, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Every enumeration prints a different name for each of its values, and unknown with the number for
// any other value.
func TestEnumerationsPrint(t *testing.T) {
	check := func(name string, n int, of func(uint8) string) {
		t.Helper()
		seen := map[string]bool{}
		for v := range n {
			seen[of(uint8(v))] = true
		}
		unknown := fmt.Sprintf("unknown(%d)", n)
		if len(seen) != n || seen[unknown] || of(uint8(n)) != unknown {
			t.Errorf("%s: %v, then %s; expected %d names, then %s", name, slices.Sorted(maps.Keys(seen)), of(uint8(n)), n, unknown)
		}
	}
	check("Life", int(Released)+1, func(v uint8) string { return Life(v).String() })
	check("LifeEvent", int(LifeReleased)+1, func(v uint8) string { return LifeEvent(v).String() })
	check("Status", int(StatusReleased)+1, func(v uint8) string { return Status(v).String() })
	check("StatusEvent", int(EventChannelFailed)+1, func(v uint8) string { return StatusEvent(v).String() })
	check("ChannelState", int(ChannelFailed)+1, func(v uint8) string { return ChannelState(v).String() })
	check("ChannelMove", int(MoveReset)+1, func(v uint8) string { return ChannelMove(v).String() })
	check("ConnectionState", int(ConnectionFailed)+1, func(v uint8) string { return ConnectionState(v).String() })
	check("Link", int(LinkEnded)+1, func(v uint8) string { return Link(v).String() })
	check("ChannelInputKind", int(ConnectionChange)+1, func(v uint8) string { return ChannelInputKind(v).String() })
	check("ChannelOutputKind", int(DeliverMessage)+1, func(v uint8) string { return ChannelOutputKind(v).String() })
	check("ChannelOutcome", int(ChannelCallGivenBack)+1, func(v uint8) string { return ChannelOutcome(v).String() })
	check("Operation", int(OpRelease)+1, func(v uint8) string { return Operation(v).String() })
	check("Phase", int(InGiveBack)+1, func(v uint8) string { return Phase(v).String() })
	check("Work", int(Closing)+1, func(v uint8) string { return Work(v).String() })
	check("Disposal", int(Disposed)+1, func(v uint8) string { return Disposal(v).String() })
	check("RoomsInputKind", int(CloseLease)+1, func(v uint8) string { return RoomsInputKind(v).String() })
	check("RoomsOutputKind", int(Abandon)+1, func(v uint8) string { return RoomsOutputKind(v).String() })
	check("OutcomeKind", int(GaveUp)+1, func(v uint8) string { return OutcomeKind(v).String() })
	check("RoomInputKind", int(GiveBackEnded)+1, func(v uint8) string { return RoomInputKind(v).String() })
	check("RoomOutputKind", int(PublishDiscontinuity)+1, func(v uint8) string { return RoomOutputKind(v).String() })
	check("RoomOutcomeKind", int(RoomGaveUp)+1, func(v uint8) string { return RoomOutcomeKind(v).String() })
	if text, err := StatusAttached.MarshalText(); string(text) != "attached" || err != nil {
		t.Errorf("StatusAttached as text: %s, %v", text, err)
	}
}
