package main

import (
	"slices"
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// alteration is a fault of a client, in the nth and later frames of an action: it changes their
// fields, or returns false for a frame that is not sent.
type alteration struct {
	name, scenario, seen string
	action               ablytest.Action
	nth                  int
	alter                func(fields map[string]any) bool
}

// plant returns the fault for one run.
func (a alteration) plant() func(*wireFrame) bool {
	n := 0
	return func(f *wireFrame) bool {
		if f.action == a.action {
			n++
		}
		return f.action != a.action || n < a.nth || a.alter(f.fields)
	}
}

func without(field string) func(map[string]any) bool {
	return func(fields map[string]any) bool { delete(fields, field); return true }
}

var alterations = []alteration{
	{"an attach has no modes", "attach", "ATTACH flags: ours none, theirs 3080192",
		ablytest.ActionAttach, 1, without("flags")},
	{"a missing serial is null", "attach", "ATTACH channelSerial: ours null, theirs none",
		ablytest.ActionAttach, 1,
		func(fields map[string]any) bool { fields["channelSerial"] = nil; return true }},
	{"an attach goes on from nowhere", "cut, resume",
		"ATTACH channelSerial: ours none, theirs serial-1",
		ablytest.ActionAttach, 2, without("channelSerial")},
	{"a re-entry has no id", "presence, cut, resume",
		"PRESENCE presence[0].id: ours none, theirs connection-1:0:0",
		ablytest.ActionPresence, 2, func(fields map[string]any) bool {
			return without("id")(fields["presence"].([]any)[0].(map[string]any))
		}},
	{"an ATTACHED that nobody asked for is not answered", "ATTACHED after a detach",
		"DETACH: ours none, theirs sent",
		ablytest.ActionDetach, 2, func(map[string]any) bool { return false }},
}

// TestAgreementSeesFaults alters what one of two clients of this library sends.
func TestAgreementSeesFaults(t *testing.T) {
	for _, a := range alterations {
		t.Run(a.name, func(t *testing.T) {
			s := namedScenario(t, a.scenario)
			wrong, right := sentBy(t, s, a.plant()), sentBy(t, s, nil)
			found := variances(wrong, right)
			if len(found) != 1 || found[0].String() != a.seen {
				t.Errorf("the fault is seen as %v, expected %s", found, a.seen)
			}
			if _, err := judge(acceptedVariances, map[int]bool{}, s.name, found); err == nil {
				t.Error("the table has a row for the fault")
			}
		})
	}
}

// TestAgreementOfOneLibrary has this library on both sides, without Node: nothing may differ.
func TestAgreementOfOneLibrary(t *testing.T) {
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			for _, v := range variances(sentBy(t, s, nil), sentBy(t, s, nil)) {
				t.Error(v)
			}
		})
	}
}

// TestAgreementTable plants faults in the table of differences.
func TestAgreementTable(t *testing.T) {
	found := []variance{{"ATTACH", "flags", "1", "2"}, {"DETACH", "", "sent", absent}}
	rows := []accepted{{"", variance{"ATTACH", "flags", "1", anything}, "everywhere"},
		{"cut", variance{"DETACH", "", "sent", absent}, "here"}}
	for name, plant := range map[string]struct {
		scenario, failed string
		table            []accepted
	}{
		"no fault":                      {"cut", "", rows},
		"a difference has no row":       {"cut", "theirs none: no row", rows[:1]},
		"a row is for another scenario": {"release", "theirs none: no row", rows},
		"a row does not occur": {"cut", "does not occur: cut, CLOSE",
			append(rows[:2:2], accepted{"cut", variance{"CLOSE", "", "sent", absent}, "never"})},
		"a value is not that of the row": {"cut", "ATTACH flags: ours 1, theirs 2: no row",
			[]accepted{{"", variance{"ATTACH", "flags", "1", "3"}, "other"}, rows[1]}},
	} {
		t.Run(name, func(t *testing.T) {
			occurred := map[int]bool{}
			reasons, err := judge(plant.table, occurred, plant.scenario, found)
			if err == nil {
				err = unused(plant.table, occurred)
			}
			if plant.failed == "" {
				if err != nil || len(reasons) != 1 || !strings.HasSuffix(reasons[0], "here") {
					t.Errorf("reasons %q, %v", reasons, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), plant.failed) {
				t.Errorf("it ends with %v, expected %q", err, plant.failed)
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

func sentBy(t *testing.T, s scenario, alter func(*wireFrame) bool) []sentFrame {
	t.Helper()
	frames, err := runScenario(t.Context(), s, newOurWire, alter)
	if err != nil {
		t.Fatal(err)
	}
	return compared(frames)
}

// TestComparedWithoutTheBarrier: the barrier's messages take numbers of the connection's sequence
// wherever they stand, and the others are numbered as if they were not there. Its ATTACH takes none.
func TestComparedWithoutTheBarrier(t *testing.T) {
	frame := func(sent bool, action ablytest.Action, channel string, fields map[string]any) wireFrame {
		return wireFrame{sent: sent, action: action, channel: ablychat.ChannelName(channel), fields: fields}
	}
	connected := func(id string) wireFrame {
		return frame(false, ablytest.ActionConnected, "", map[string]any{"connectionId": id})
	}
	sends := func(action ablytest.Action, channel string, serial float64) wireFrame {
		return frame(true, action, channel, map[string]any{"msgSerial": serial})
	}
	sent := compared([]wireFrame{
		connected("one"),
		frame(true, ablytest.ActionAttach, barrier, map[string]any{}),
		sends(ablytest.ActionPresence, agreeRoom, 0),
		sends(ablytest.ActionMessage, barrier, 1),
		sends(ablytest.ActionMessage, barrier, 2),
		sends(ablytest.ActionMessage, barrier, 2), // again, after a resume
		sends(ablytest.ActionPresence, agreeRoom, 3),
		connected("two"),
		sends(ablytest.ActionMessage, barrier, 0),
		sends(ablytest.ActionMessage, barrier, 1),
		sends(ablytest.ActionPresence, agreeRoom, 2),
	})
	var serials []string
	for _, s := range sent {
		serials = append(serials, s.fields["msgSerial"])
	}
	if want := []string{"0", "1", "0"}; !slices.Equal(serials, want) {
		t.Errorf("serials %q, want %q", serials, want)
	}
}
