package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// A walk of a channel visits every state, with its history, that can be reached within bounds, and
// every step from each of them.

type channelEdge struct {
	before  ChannelRun
	event   ChannelEvent
	after   ChannelRun
	outputs []ChannelOutput
}

type channelStepper func(ChannelRun, ChannelEvent) (ChannelRun, []ChannelOutput, error)

// channelWalk walks breadth first. It calls visit for every step, with the shortest script that
// ends with the step, and continues after the step if visit returns true. With promised, the server
// keeps its promise; else any input may occur.
func channelWalk(t *testing.T, b ChannelBounds, promised bool, step channelStepper,
	visit func(e channelEdge, script func() string) bool) (states, steps int) {
	t.Helper()
	type reached struct {
		ChannelRun
		from int
		by   ChannelEvent
	}
	found := []reached{{from: -1}}
	seen := map[string]bool{ChannelRun{}.Key(): true}
	alphabet := ChannelAlphabet(b)
	for at := 0; at < len(found); at++ {
		before := found[at].ChannelRun
		var events []ChannelEvent
		if promised {
			events = before.Events(alphabet)
		} else {
			for _, in := range alphabet {
				events = append(events, ChannelEvent{In: in})
			}
		}
		for _, ev := range events {
			if !before.Possible(ev.In, b) {
				continue
			}
			next, outputs, err := step(before, ev)
			if err != nil || len(next.Sent) > b.Wire {
				continue
			}
			if !promised {
				next.ChannelServer = ChannelServer{}
			}
			steps++
			script := func() string {
				line := func(e ChannelEvent) string {
					return fmt.Sprintf("%v%s", e.In, map[bool]string{true: " (earlier)"}[e.Earlier])
				}
				lines := []string{line(ev)}
				for i := at; found[i].from >= 0; i = found[i].from {
					lines = append(lines, line(found[i].by))
				}
				slices.Reverse(lines)
				return strings.Join(lines, "; ")
			}
			if !visit(channelEdge{before, ev, next, outputs}, script) {
				continue
			}
			if key := next.Key(); !seen[key] {
				seen[key] = true
				found = append(found, reached{next, at, ev})
			}
		}
	}
	return len(found), steps
}

// String returns only the state of a run, so that messages are short.
func (r ChannelRun) String() string {
	return r.Channel.String() + fmt.Sprintf(" server %+v", r.ChannelServer)
}

// failingChannel returns the names of the properties that a step breaks.
func failingChannel(e channelEdge, promised bool) (names []string, reasons string) {
	for _, p := range ChannelProperties() {
		if p.Promise && !promised {
			continue
		}
		if err := p.Check(e.before, e.event, e.outputs, e.after); err != nil {
			names = append(names, p.Name)
			reasons += fmt.Sprintf("%s: %v\n", p.Name, err)
		}
	}
	return names, reasons
}

// channelWalks are the bounds of the exhaustive tests, with the size of each graph. Without the
// sizes, a graph that became smaller would go unnoticed.
var channelWalks = []struct {
	bounds        ChannelBounds
	promised      bool
	states, steps int
}{
	{ChannelBounds{Calls: 2, Errors: 1, Wire: 2}, false, 1747, 27982},
	{ChannelBounds{Calls: 1, Errors: 0, Serials: 2, Wire: 2}, false, 1021, 17392},
	{ChannelBounds{Calls: 2, Errors: 1, Wire: 3}, true, 7457, 152971},
}

func TestEveryChannelPropertyHoldsInEveryStep(t *testing.T) {
	t.Parallel()
	for _, w := range channelWalks {
		states, steps := channelWalk(t, w.bounds, w.promised, ChannelRun.Take, func(e channelEdge, script func() string) bool {
			if names, reasons := failingChannel(e, w.promised); names != nil {
				t.Fatalf("%s\nafter %s:\n%v\n-> %v\n%v", reasons, script(), e.before, e.after, e.outputs)
			}
			return true
		})
		if states != w.states || steps != w.steps {
			t.Errorf("%+v, promised %t: %d states and %d steps, want %d and %d", w.bounds, w.promised, states, steps, w.states, w.steps)
		}
	}
}

// Every rule is followed, and every outcome, output, state and row occurs.
func TestEverythingOfTheChannelIsReached(t *testing.T) {
	t.Parallel()
	rules, outcomes, outputs := map[ChannelRule]int{C2: 1}, map[ChannelOutcome]int{}, map[ChannelOutputKind]int{}
	states, rows := map[ChannelState]int{ChannelInitialized: 1}, map[int]int{}
	channelWalk(t, ChannelBounds{Calls: 2, Errors: 1, Wire: 2}, false, ChannelRun.Take, func(e channelEdge, _ func() string) bool {
		followed := e.before.Explain(e.event.In)
		if len(followed) == 0 {
			t.Fatalf("no rule for %v in %v", e.event.In, e.before)
		}
		for _, r := range followed {
			rules[r]++
		}
		for _, o := range e.outputs {
			outputs[o.Kind]++
			if o.Kind == OutputChannelSettle {
				outcomes[o.Outcome]++
			}
		}
		states[e.after.State]++
		for _, row := range e.before.Rows(e.event.In) {
			rows[row]++
		}
		return true
	})
	if got := slices.Sorted(maps.Keys(rules)); !slices.Equal(got, ChannelRules()) {
		t.Errorf("rules followed: %v", got)
	}
	if len(outcomes) != int(OutcomeChannelGivenBack) || len(outputs) != int(OutputDeliver) || len(states) != int(ChannelFailed)+1 {
		t.Errorf("outcomes %v, outputs %v, states %v", outcomes, outputs, states)
	}
	if len(rows) != 34 {
		t.Errorf("rows %v", slices.Sorted(maps.Keys(rows)))
	}
}

// New options that are waited for when the channel detaches are sent again on 80016 (C38). It takes
// three calls, more than the walks have.
func TestOptionsAreSentAgainWhileDetaching(t *testing.T) {
	t.Parallel()
	var run ChannelRun
	var last []ChannelOutput
	for _, in := range []ChannelInput{{Kind: KindConnection, Connection: ToConnected}, {Kind: KindChannelAttach, Call: 1}, {Kind: KindAttached},
		{Kind: KindSetOptions, Call: 2}, {Kind: KindChannelDetach, Call: 3}, {Kind: KindOvertaken}} {
		next, outs, err := run.Step(in)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range ChannelProperties() {
			if err := p.Check(run, ChannelEvent{In: in}, outs, next); err != nil && !p.Promise {
				t.Errorf("%v: %s: %v", in, p.Name, err)
			}
		}
		run, last = next, outs
	}
	if run.State != ChannelDetaching || len(last) == 0 || last[0].Kind != OutputSendAttach {
		t.Errorf("%v with %v", run, last)
	}
}
