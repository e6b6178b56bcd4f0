package world

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/wire/judge"
)

// A plan can be parsed from its name. Other texts are rejected.
func TestNamesOfRuns(t *testing.T) {
	for _, name := range slices.Concat(Directed(), Witnesses()) {
		if p, err := ParsePlan(name); err != nil || p.String() != name {
			t.Errorf("ParsePlan of %s returned %v, %v", name, p, err)
		}
	}
	for _, name := range []string{"", "nothing", "dispose/1/in/ATTACHED.failed.2", "dispose/1/in/nothing.1/drop",
		"dispose/1/up/ATTACH.1/drop", "dispose/1/in/ATTACHED.1/melt"} {
		if p, err := ParsePlan(name); err == nil {
			t.Errorf("ParsePlan of %q returned %v, expected an error", name, p)
		}
	}
}

// TestPlantedFaultsAreSeen plants a fault in a scenario, and checks that the run reports it.
func TestPlantedFaultsAreSeen(t *testing.T) {
	for _, planted := range []struct {
		name string
		play func(w *World)
		seen string
	}{
		{"a channel of no room", func(w *World) {
			ada, _ := w.attached()
			w.do("ada attaches a channel", func(ctx context.Context) error {
				return ada.realtime.Channels.Get("other").Attach(ctx)
			})
		}, "ada's client still has the channel other, which is ATTACHED"},
		{"a channel detached behind the room's back", func(w *World) {
			w.attached()
			w.server.Fault(ablytest.ToClient(ablytest.ActionDetached), ablytest.Drop())
			w.server.DetachChannel(ablychat.ChannelName(room), moved)
			w.pause()
		}, "ada's room lobby is attached (<nil>), attached at the server: false"},
		{"a call that does not settle", func(w *World) {
			w.attached()
			w.start("ada waits", func(context.Context) error { select {} })
		}, "ada waits has not settled after"},
		{"a goroutine that is left", func(w *World) {
			w.attached()
			go func() { select {} }()
		}, "goroutines that have not ended"},
		{"a message that is lost", func(w *World) {
			w.attached()
			w.server.Fault(ablytest.ToClient(ablytest.ActionMessage), ablytest.Drop())
			w.publish(room)
			w.server.ClearFaults()
			w.publish(room)
		}, "room lobby missed the messages between 1 and 3"},
		{"a step of the Rooms that was not observed", func(w *World) {
			ada, _ := w.attached()
			ada.recorder.Rooms()(lifecycle.RoomsStep{Seq: 2, State: &fsm.RoomsState[lifecycle.RoomOptions]{}})
		}, "ada's Rooms: "},
	} {
		t.Run(planted.name, func(t *testing.T) {
			r := Run(t, Plan{Scenario: Scenario{Name: "planted", play: planted.play}})
			if !slices.ContainsFunc(r.Problems, func(p string) bool { return strings.Contains(p, planted.seen) }) {
				t.Errorf("the run with the planted fault %q reported the problems %q", planted.name, r.Problems)
			}
		})
	}
}

// TestDoctoredHistories changes the recorded steps of a run's rooms in one place, and checks that
// the model rejects them.
func TestDoctoredHistories(t *testing.T) {
	var streams []*judge.Stream
	for _, s := range Scenarios() {
		if s.Random {
			continue
		}
		r := Run(t, Plan{Scenario: s})
		if len(r.Problems) > 0 {
			t.Fatalf("%s: the run without a fault has the problems %v", s.Name, r.Problems)
		}
		streams = append(streams, r.streams...)
	}
	another := func(out fsm.RoomOutput[*lifecycle.ErrorInfo]) func(*judge.Seen) bool {
		return func(s *judge.Seen) bool { s.Outputs = append(slices.Clone(s.Outputs), out); return true }
	}
	tried := 0
	for _, doctor := range []struct {
		name   string
		change func(*judge.Seen) bool // returns false if there is nothing to change
	}{
		{"another status", func(s *judge.Seen) bool {
			s.Status = (s.Status + 1) % (lifecycle.RoomReleased + 1)
			return true
		}},
		{"nothing put out", func(s *judge.Seen) bool { had := len(s.Outputs) > 0; s.Outputs = nil; return had }},
		{"put out twice", func(s *judge.Seen) bool { return len(s.Outputs) > 0 && another(s.Outputs[0])(s) }},
		{"a discontinuity too many", another(fsm.RoomOutput[*lifecycle.ErrorInfo]{Kind: fsm.PublishDiscontinuity})},
		{"an error that is not there", func(s *judge.Seen) bool {
			s.StatusOf = &lifecycle.ErrorInfo{Code: lifecycle.ErrRoomInInvalidState}
			return true
		}},
		// A step whose only output is an event for listeners may be left out.
		{"a step less", func(s *judge.Seen) bool {
			return len(s.Outputs) > 0 && s.Outputs[0].Kind != fsm.PublishDiscontinuity
		}},
	} {
		t.Run(doctor.name, func(t *testing.T) {
			for _, s := range streams {
				for i := range s.Steps {
					steps := slices.Clone(s.Steps)
					if !doctor.change(&steps[i]) {
						continue
					}
					if doctor.name == "a step less" {
						if i == len(steps)-1 {
							continue
						}
						steps = slices.Delete(steps, i, i+1)
						for k := range steps[i:] {
							steps[i+k].Seq--
						}
					}
					tried++
					if judge.NewStream(s.Room, steps...).Err() == nil {
						t.Errorf("the model accepts the steps that were changed at step %d:\n%v", i+1, s)
					}
				}
			}
		})
	}
	if tried < 500 {
		t.Errorf("only %d histories were changed", tried)
	}
}

// A room that is at rest must have settled its calls, and have the status that its steps lead to.
func TestARoomThatIsNotAtRest(t *testing.T) {
	in := fsm.RoomInput[*lifecycle.ErrorInfo]{Kind: fsm.CallRoomAttach, Call: 1}
	outs, err := fsm.NewRoom[*lifecycle.ErrorInfo]().Step(in, nil)
	s := judge.NewStream(room, judge.Seen{RoomStep: lifecycle.RoomStep{Seq: 1, Room: room, Input: in,
		Outputs: outs, Status: lifecycle.RoomAttaching}})
	if err := errors.Join(err, s.Err()); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[lifecycle.RoomStatus]string{lifecycle.RoomAttaching: "an operation is under way",
		lifecycle.RoomAttached: "the room has the status attached"} {
		if err := s.Rest(status, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with the status %v, Rest returned %v", status, err)
		}
	}
}

// A run's failure is known if each of its problems matches a known failure of that run. A known
// failure may not occur more often than its entry says.
func TestKnownFailures(t *testing.T) {
	const witness, other = "dispose/1/in/ATTACHED.failed.2/drop", "dispose/1/in/ATTACHED.failed.3/drop"
	fresh := func() *KnownList {
		return NewKnownList([]Known{{"a name", "^dispose/", "^a problem$", witness, 10, "a reason"}})
	}
	l := fresh()
	if l.Explain(witness, []string{"a problem", "another"}) || l.Explain("other", []string{"a problem"}) {
		t.Error("an unknown failure was explained")
	}
	if len(l.Unused()) != 1 {
		t.Error("Unused did not report an entry whose witness did not fail")
	}
	if !l.Explain(witness, []string{"a problem"}) || !l.Shown(witness) || len(l.Unused()) != 0 {
		t.Error("a known failure was not explained, or its witness not recorded")
	}
	for range fewFailures {
		l.Explain(other, []string{"a problem"})
	}
	if len(l.TooMany()) != 0 {
		t.Errorf("TooMany reported an entry with few failures: %v", l.TooMany())
	}
	if l.Explain(other, []string{"a problem"}); len(l.TooMany()) != 1 {
		t.Errorf("TooMany did not report an entry with one failure too many: %v", l.TooMany())
	}
	for l = fresh(); l.runs <= fewRuns; {
		l.Explain(other, nil)
	}
	if len(l.TooMany()) != 1 {
		t.Errorf("TooMany did not report an entry that would explain every run: %v", l.TooMany())
	}
}
