package main

import (
	"context"
	"flag"
	"slices"
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/frames/judge"
)

var (
	share = flag.Float64("frames.share", 0.05, "the share of the runs with one fault that TestFaultsAtSomeFrames makes")
	pairs = flag.Int("frames.pairs", 0, "how many runs with two faults it makes")
)

// A share of the suite; make frames runs all of it.
func TestFaultsAtSomeFrames(t *testing.T) {
	sum := suite(t, settings{share: *share, pairs: *pairs, seed: 1})
	if sum.single < 60 || sum.pairs < 5 || len(sum.failed) > 0 || len(sum.trouble) > 0 {
		t.Errorf("%v\n%s", &sum, sum.findings(3))
	}
}

// The plan of a run can be told from its name, and nothing else can.
func TestNamesOfRuns(t *testing.T) {
	for _, name := range slices.Concat(directed(), witnesses(knownFailures())) {
		if p, err := parsePlan(name); err != nil || p.String() != name {
			t.Errorf("%s was read as %v, %v", name, p, err)
		}
	}
	for _, name := range []string{"", "nothing", "dispose/1/in/ATTACHED.failed.2", "dispose/1/in/NOTHING.1/drop", "dispose/1/up/ATTACH.1/drop", "dispose/1/in/ATTACHED.1/melt"} {
		if p, err := parsePlan(name); err == nil {
			t.Errorf("%q was read as %v", name, p)
		}
	}
}

// Each fault that is planted in a scenario is seen, by what looks for it.
func TestPlantedFaultsAreSeen(t *testing.T) {
	for _, planted := range []struct {
		name string
		play func(w *world)
		seen string
	}{
		{"a channel of no room", func(w *world) {
			ada := w.connect("ada")
			ada.attach(ada.get(room))
			w.do("ada attaches a channel", func(ctx context.Context) error {
				return ada.realtime.Channels.Get("other").Attach(ctx)
			})
		}, "ada's client still has the channel other, which is ATTACHED"},
		{"a channel detached behind the room's back", func(w *world) {
			ada := w.connect("ada")
			ada.attach(ada.get(room))
			w.server.Fault(ablytest.ToClient(ablytest.ActionDetached), ablytest.Drop())
			w.server.DetachChannel(ablychat.ChannelName(room), moved)
			w.pause()
		}, "ada's room lobby is attached (<nil>) while its channel is ATTACHED, attached at the server: false"},
		{"a call that does not settle", func(w *world) {
			ada := w.connect("ada")
			ada.attach(ada.get(room))
			w.start("ada waits", func(context.Context) error { select {} })
		}, "ada waits has not settled after"},
		{"a goroutine that is left", func(w *world) {
			ada := w.connect("ada")
			ada.attach(ada.get(room))
			go func() { select {} }()
		}, "goroutines that are left"},
		{"a message that is lost", func(w *world) {
			ada := w.connect("ada")
			ada.attach(ada.get(room))
			w.publish(room)
			w.server.Fault(ablytest.ToClient(ablytest.ActionMessage), ablytest.Drop())
			w.publish(room)
			w.server.ClearFaults()
			w.publish(room)
		}, "room lobby missed the messages between 1 and 3"},
	} {
		t.Run(planted.name, func(t *testing.T) {
			network, hangUp := dialled()
			defer hangUp()
			r := run(t, network, plan{scenario: scenario{name: "planted", play: planted.play}})
			if !slices.ContainsFunc(r.problems, func(p string) bool { return strings.Contains(p, planted.seen) }) {
				t.Errorf("planted %s, seen %q", planted.name, r.problems)
			}
		})
	}
}

// TestDoctoredHistories takes what a run's rooms did, changes it in one place, and holds it to each judge.
func TestDoctoredHistories(t *testing.T) {
	network, hangUp := dialled()
	defer hangUp()
	var streams []judge.Stream
	for _, s := range scenarios() {
		r := run(t, network, plan{scenario: s})
		if len(r.problems) > 0 {
			t.Fatalf("%s: %v", s.name, r.problems)
		}
		streams = append(streams, r.streams...)
	}
	doctors := []struct {
		name   string
		change func(steps []judge.Seen, i int) []judge.Seen
	}{
		{"another status", func(steps []judge.Seen, i int) []judge.Seen {
			steps[i].Status = (steps[i].Status + 1) % (lifecycle.StatusReleased + 1)
			return steps
		}},
		{"nothing put out", func(steps []judge.Seen, i int) []judge.Seen {
			if len(steps[i].Outputs) == 0 {
				return nil
			}
			steps[i].Outputs = nil
			return steps
		}},
		{"put out twice", func(steps []judge.Seen, i int) []judge.Seen {
			if len(steps[i].Outputs) == 0 {
				return nil
			}
			steps[i].Outputs = append(slices.Clone(steps[i].Outputs), steps[i].Outputs[0])
			return steps
		}},
		{"a discontinuity too many", func(steps []judge.Seen, i int) []judge.Seen {
			steps[i].Outputs = append(slices.Clone(steps[i].Outputs), fsm.RoomOutput[*lifecycle.ErrorInfo]{Kind: fsm.PublishDiscontinuity})
			return steps
		}},
		{"an error that is not there", func(steps []judge.Seen, i int) []judge.Seen {
			steps[i].StatusOf = &lifecycle.ErrorInfo{Code: lifecycle.RoomInInvalidState}
			return steps
		}},
		{"a step less", func(steps []judge.Seen, i int) []judge.Seen {
			// What changes nothing but what listeners are told may be left out.
			if i == len(steps)-1 || len(steps[i].Outputs) == 0 || steps[i].Outputs[0].Kind == fsm.PublishDiscontinuity {
				return nil
			}
			for k := range steps[i+1:] {
				steps[i+1+k].Seq--
			}
			return slices.Delete(steps, i, i+1)
		}},
	}
	tried := 0
	for _, d := range doctors {
		for _, s := range streams {
			for i := range s.Steps {
				steps := d.change(slices.Clone(s.Steps), i)
				if steps == nil {
					continue
				}
				tried++
				for _, j := range judge.All() {
					if err := (judge.Stream{Room: s.Room, Steps: steps}).Check(j); err == nil {
						t.Errorf("%s at step %d was not seen by the %s:\n%v", d.name, i+1, j.Name(), s)
					}
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d histories were doctored", tried)
	}
}

// At rest a room must have settled its calls, and say what its steps come to.
func TestARoomThatIsNotAtRest(t *testing.T) {
	attach := lifecycle.RoomStep{Seq: 1, Room: room, Input: fsm.RoomInput[*lifecycle.ErrorInfo]{Kind: fsm.CallRoomAttach, Call: 1}, Status: lifecycle.StatusAttaching}
	core := fsm.NewRoom[*lifecycle.ErrorInfo]()
	var err error
	if attach.Outputs, err = core.Step(attach.Input, nil); err != nil {
		t.Fatal(err)
	}
	s := judge.Stream{Room: room, Steps: []judge.Seen{{RoomStep: attach}}}
	judges := judge.All()
	if err := s.Check(judges...); err != nil {
		t.Fatal(err)
	}
	if err := s.Rest(lifecycle.StatusAttaching, nil, judges...); err == nil {
		t.Error("a room with a call that is not settled was taken for one at rest")
	}
	for _, j := range judges {
		if err := s.Rest(lifecycle.StatusAttached, nil, j); err == nil {
			t.Errorf("the %s did not see that the room is attaching", j.Name())
		}
	}
}

// A failure is known by its run and its problem, and each of its problems must be.
func TestKnownFailures(t *testing.T) {
	p, err := parsePlan("dispose/1/in/ATTACHED.failed.2/drop")
	if err != nil {
		t.Fatal(err)
	}
	l := newKnownList([]known{{"^dispose/", "^a problem$", p.String(), "a reason"}})
	other := plan{scenario: scenario{name: "other"}}
	for _, r := range []result{{plan: p, problems: []string{"a problem", "another"}}, {plan: other, problems: []string{"a problem"}}} {
		if l.explains(r) {
			t.Errorf("%v is not known", r)
		}
	}
	if l = newKnownList([]known{{"^dispose/", "^a problem$", p.String(), "a reason"}}); len(l.unused()) != 1 {
		t.Error("an entry without a failure was not seen")
	}
	if !l.explains(result{plan: p, problems: []string{"a problem"}}) || len(l.unused()) != 0 {
		t.Error("a known failure was not known")
	}
}
