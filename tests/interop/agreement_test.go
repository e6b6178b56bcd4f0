package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"ablyrooms.example/adapter/ably/ablytest"
)

// alteration is a fault of a client or of a server. From the nth frame of a crossing on, it changes
// the fields, or returns false for a frame that is not sent.
type alteration struct {
	name, scenario string
	in             format
	seen           string
	at             crossing
	nth            int
	alter          func(fields map[string]any) bool
}

// plant returns the function that plants the fault in one run.
func (a alteration) plant() func(*wireFrame) bool {
	var mu sync.Mutex
	n := 0
	return func(f *wireFrame) bool {
		mu.Lock()
		defer mu.Unlock()
		if f.action != a.at.action || f.sent != a.at.sent {
			return true
		}
		n++
		return n < a.nth || a.alter(f.fields)
	}
}

func without(field string) func(map[string]any) bool {
	return func(fields map[string]any) bool { delete(fields, field); return true }
}

var alterations = []alteration{
	{"an attach has no modes", "attach", inJSON, "ATTACH flags: ours none, theirs 3080192",
		fromClient(ablytest.ActionAttach), 1, without("flags")},
	{"a missing serial is null", "attach", inJSON, "ATTACH channelSerial: ours null, theirs none",
		fromClient(ablytest.ActionAttach), 1, with("channelSerial", nil)},
	{"an attach goes on from nowhere", "cut, resume", inJSON,
		"ATTACH channelSerial: ours none, theirs serial-1",
		fromClient(ablytest.ActionAttach), 2, without("channelSerial")},
	{"a re-entry has no id", "presence, cut, resume", inJSON,
		"PRESENCE presence[0].id: ours none, theirs connection-1:0:0",
		fromClient(ablytest.ActionPresence), 2, within("presence", without("id"))},
	{"an ATTACHED that nobody asked for is not answered", "ATTACHED after a detach", inJSON,
		"DETACH: ours none, theirs sent",
		fromClient(ablytest.ActionDetach), 2, func(map[string]any) bool { return false }},
	{"a text is binary", "data that is text, data that is a list", inMsgPack,
		`PRESENCE presence[0].data: ours binary "text", theirs text`,
		fromClient(ablytest.ActionPresence), 1,
		within("presence", func(fields map[string]any) bool {
			if fields["data"] == "text" {
				fields["data"] = []byte("text")
			}
			return true
		})},
	{"a whole number is a float", "attach", inMsgPack,
		"ATTACH flags: ours float 3.080192e+06, theirs 3080192",
		fromClient(ablytest.ActionAttach), 1, with("flags", 3080192.0)},
	{"a missing serial is nil", "attach", inMsgPack, "ATTACH channelSerial: ours null, theirs none",
		fromClient(ablytest.ActionAttach), 1, with("channelSerial", nil)},
}

func with(field string, v any) func(map[string]any) bool {
	return func(fields map[string]any) bool { fields[field] = v; return true }
}

// within returns a function that alters the first entry of a list.
func within(field string, alter func(map[string]any) bool) func(map[string]any) bool {
	return func(fields map[string]any) bool {
		return alter(fields[field].([]any)[0].(map[string]any))
	}
}

// TestAgreementSeesFaults runs two clients of this library, and alters the frames of one. The
// comparison must report each fault.
func TestAgreementSeesFaults(t *testing.T) {
	for _, a := range alterations {
		t.Run(a.name, func(t *testing.T) {
			s := namedScenario(t, a.scenario)
			wrong, right := sentBy(t, s, a.in, a.plant()), sentBy(t, s, a.in, nil)
			found := variances(wrong, right, sentOnly)
			if len(found) != 1 || found[0].String() != a.seen {
				t.Errorf("the comparison found %v, expected %s", found, a.seen)
			}
			if _, err := judge(acceptedVariances, map[occurrence]bool{}, s.name, a.in,
				found); err == nil {
				t.Error("the table of accepted differences has a row for this planted fault")
			}
		})
	}
}

// TestAgreementOfOneLibrary runs this library on both sides, without Node. Neither the frames of
// the clients nor those of the servers may differ. One client uses an embedded server of its own.
// The other uses a server in the place of Ably, which all scenarios share.
func TestAgreementOfOneLibrary(t *testing.T) {
	far := startFar(t, nil)
	for i, s := range scenarios {
		for _, f := range formats {
			t.Run(s.name+", "+string(f), func(t *testing.T) {
				t.Parallel()
				there := far.place
				there.suffix = fmt.Sprintf("-%d-%s", i, f)
				one, other, err := both(
					func() (recording, error) { return runAlone(t.Context(), s, newOurWire, f, nil) },
					func() (recording, error) {
						return runScenario(t.Context(), s, there, newOurWire, f, nil)
					})
				if err != nil {
					t.Fatal(err)
				}
				for _, v := range one.view().against(other.view(), inFull) {
					t.Error(v)
				}
			})
		}
	}
}

// TestAgreementTable plants faults in the table of accepted differences.
func TestAgreementTable(t *testing.T) {
	found := []variance{{"ATTACH", "flags", "1", "2"}, {"DETACH", "", "sent", absent}}
	rows := []accepted{{"", "", variance{"ATTACH", "flags", "1", anything}, "everywhere"},
		{"cut", inJSON, variance{"DETACH", "", "sent", absent}, "here"}}
	for name, plant := range map[string]struct {
		scenario, failed string
		table            []accepted
	}{
		"no fault":                      {"cut", "", rows},
		"a difference has no row":       {"cut", "theirs none: no row", rows[:1]},
		"a row is for another scenario": {"release", "theirs none: no row", rows},
		"a row does not occur": {"cut", "does not occur in json: cut, CLOSE",
			append(rows[:2:2], accepted{"cut", "", variance{"CLOSE", "", "sent", absent}, "never"})},
		"a row occurs in one format of two": {"cut", "does not occur in msgpack: cut, DETACH",
			[]accepted{rows[0], {"cut", "", rows[1].variance, "here"}}},
		"a row is for another format": {"cut", "theirs none: no row",
			[]accepted{rows[0], {"cut", inMsgPack, rows[1].variance, "here"}}},
		"a value is not that of the row": {"cut", "ATTACH flags: ours 1, theirs 2: no row",
			[]accepted{{"", "", variance{"ATTACH", "flags", "1", "3"}, "other"}, rows[1]}},
	} {
		t.Run(name, func(t *testing.T) {
			occurred := map[occurrence]bool{}
			_, err := judge(plant.table, occurred, plant.scenario, inMsgPack, found[:1])
			reasons, err2 := judge(plant.table, occurred, plant.scenario, inJSON, found)
			err = errors.Join(err, err2)
			if err == nil {
				err = unused(plant.table, occurred)
			}
			if plant.failed == "" {
				if err != nil || len(reasons) != 1 || !strings.HasSuffix(reasons[0], "here") {
					t.Errorf("got the reasons %q and the error %v, expected one reason", reasons, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), plant.failed) {
				t.Errorf("got the error %v, expected %q", err, plant.failed)
			}
		})
	}
	for i, row := range acceptedVariances {
		if row.scenario != "" {
			namedScenario(t, row.scenario)
		}
		if row.reason == "" {
			t.Errorf("row %d has no reason", i)
		}
	}
}

func namedScenario(t *testing.T, name string) scenario {
	t.Helper()
	for _, s := range scenarios {
		if s.name == name {
			return s
		}
	}
	t.Fatalf("no scenario has the name %q", name)
	return scenario{}
}

func sentBy(t *testing.T, s scenario, f format, alter func(*wireFrame) bool) []namedFrame {
	t.Helper()
	r, err := runAlone(t.Context(), s, newOurWire, f, alter)
	if err != nil {
		t.Fatal(err)
	}
	return r.view().sent
}

// TestUnmetFaults checks that a scenario fails if one of its faults is never applied.
func TestUnmetFaults(t *testing.T) {
	s := scenario{name: "nothing is detached", run: func(t *wireTrial) {
		t.attached()
		t.first(fromClient(ablytest.ActionDetach), drop())
	}}
	_, err := runAlone(t.Context(), s, newOurWire, inJSON, nil)
	if err == nil || !strings.Contains(err.Error(), "drops DETACH of the client: 0 times of 1") {
		t.Errorf("got the error %v, expected one about the fault that was not applied", err)
	}
}

// TestComparedWithoutTheBarrier checks that messages are numbered as if the barrier's messages were
// not there. The barrier's messages use serials of the connection wherever they come, and ids
// contain serials. Its ATTACH uses no serial, and its answers are not compared.
func TestComparedWithoutTheBarrier(t *testing.T) {
	frame := func(sent bool, action ablytest.Action, room string, fields map[string]any) wireFrame {
		f := wireFrame{sent: sent, action: action, format: inJSON, fields: fields}
		if room != "" {
			f.channel = channelOf(room)
		}
		return f
	}
	connected := func(id string) wireFrame {
		return frame(false, ablytest.ActionConnected, "", map[string]any{"connectionId": id})
	}
	sends := func(action ablytest.Action, room string, serial float64) wireFrame {
		return frame(true, action, room, map[string]any{"msgSerial": serial})
	}
	acked := func(serial float64) wireFrame {
		return frame(false, ablytest.ActionAck, "", map[string]any{"msgSerial": serial})
	}
	again := func(id string) wireFrame { // enters with the id of an earlier frame
		return frame(true, ablytest.ActionPresence, agreeRoom, map[string]any{"id": id})
	}
	v := recording{room: channelOf(agreeRoom), barrier: channelOf(barrier), frames: []wireFrame{
		connected("one"),
		frame(true, ablytest.ActionAttach, barrier, map[string]any{}),
		sends(ablytest.ActionPresence, agreeRoom, 0),
		sends(ablytest.ActionMessage, barrier, 1),
		sends(ablytest.ActionMessage, barrier, 2),
		acked(0), acked(1), acked(2),
		sends(ablytest.ActionMessage, barrier, 2), // again, after a resume
		sends(ablytest.ActionPresence, agreeRoom, 3),
		acked(3),
		connected("two"),
		sends(ablytest.ActionMessage, barrier, 0),
		sends(ablytest.ActionMessage, barrier, 1),
		sends(ablytest.ActionPresence, agreeRoom, 2),
		acked(2),
		again("one:3:0"), again("two:2:0"),
	}}.view()
	var sent, answered []string
	for _, f := range v.sent {
		sent = append(sent, f.fields["msgSerial"]+f.fields["id"])
	}
	for _, f := range v.answers {
		answered = append(answered, f.fields["msgSerial"])
	}
	want := []string{"0", "1", "0", "connection-1:1:0", "connection-2:0:0"}
	if !slices.Equal(sent, want) {
		t.Errorf("without the barrier, the client sent %q, want %q", sent, want)
	}
	if !slices.Equal(answered, want[:3]) {
		t.Errorf("without the barrier, the server answered %q, want %q", answered, want[:3])
	}
}
