package proof

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/tests/graphs/channel"
)

// channelOnce reads the proof of the channel once for all tests. They don't change it.
var channelOnce = sync.OnceValues(func() (*Proof, error) { return Channel(".", filepath.Join(root, "spec", "TLA")) })

func readChannel(t testing.TB) *Proof {
	t.Helper()
	p, err := channelOnce()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// channelComparer compares the proved relation of a channel with the reference model and with the
// core.
type channelComparer struct {
	t        testing.TB
	p        *Proof
	w        *Small
	errors   int
	alphabet []model.ChannelInput
	actions  map[string]int // indexes in System.Actions, by name and case
	steps    map[int]*Steps
	faulty   map[string]*Steps // steps that replace those of the spec, by name and case
	taken    map[string]int
	states   int
	refused  int
}

func newChannelComparer(t testing.TB, p *Proof, calls, errors, serials, wire int) *channelComparer {
	j := &channelComparer{t: t, p: p, errors: errors, actions: map[string]int{}, steps: map[int]*Steps{}, taken: map[string]int{}}
	j.w = NewSmall(p.System, Bounds{Most: calls + wire + 6, Constants: map[string]int{"NCalls": calls, "NErrs": errors,
		"NSerials": serials, "MaxWire": wire, "Forgets": 0, "Promise": 0}})
	j.alphabet = model.ChannelAlphabet(model.ChannelBounds{Errors: errors, Serials: serials})
	for i, a := range p.Actions {
		j.actions[a.Name+" "+a.Case] = i
	}
	return j
}

// state returns the relation's state for a channel after a step with these outputs.
func (j *channelComparer) state(m model.Channel, outs []model.ChannelOutput) State {
	w := j.w
	s := w.Blank()
	number := func(field string, n int) { w.Set(s, field, n, 0, 0) }
	flag := func(field string, b bool) { number(field, truth(b)) }
	number("ch.last", m.Last)
	number("ch.reason", m.Reason)
	number("ch.retries", m.Retries)
	number("ch.channelSerial", m.ChannelSerial)
	number("ch.attachSerial", m.AttachSerial)
	w.SetWord(s, "ch.state", m.State.String(), 0)
	w.SetWord(s, "ch.connection", m.Connection.String(), 0)
	w.SetWord(s, "ch.back", m.Back.String(), 0)
	w.SetWord(s, "holds", "none", 0)
	flag("ch.awaited", m.Awaited)
	flag("ch.held", m.Held)
	flag("ch.doubt", m.Doubt)
	flag("ch.leftover", m.Leftover)
	flag("ch.resume", m.Resume)
	flag("ch.givenBack", m.GivenBack)
	number("ch.wire.len", len(m.Wire))
	for i, r := range m.Wire {
		w.SetWord(s, "ch.wire", r.String(), i+1)
	}
	for field, calls := range map[string][]int{"ch.attachers": m.Attachers, "ch.detachers": m.Detachers} {
		number(field+".len", len(calls))
		for i, c := range calls {
			w.Set(s, field, c, i+1, 0)
		}
	}
	number("outs.len", len(outs))
	for i, o := range outs {
		w.SetWord(s, "outs.1.Word", o.Kind.String(), i+1)
		for place, v := range outputParts(o) {
			switch v := v.(type) {
			case int:
				w.Set(s, fmt.Sprintf("outs.%d.Int", place+2), v, i+1, 0)
			case bool:
				w.Set(s, fmt.Sprintf("outs.%d.Bool", place+2), truth(v), i+1, 0)
			case fmt.Stringer:
				w.SetWord(s, fmt.Sprintf("outs.%d.Word", place+2), v.String(), i+1)
			}
		}
	}
	return s
}

// outputParts returns the parts of the spec's tuple for an output, without its kind.
func outputParts(o model.ChannelOutput) []any {
	switch o.Kind {
	case model.OutputChannelSettle:
		return []any{o.Call, o.Outcome, o.Err}
	case model.OutputSendAttach:
		return []any{o.Serial, o.Resumed}
	case model.OutputStartRetryTimer:
		return []any{o.Retry}
	case model.OutputChannelState:
		return []any{o.Previous, o.State, o.Resumed, o.Err}
	case model.OutputUpdate:
		return []any{o.Err}
	case model.OutputApply:
		return []any{o.Resumed}
	}
	return nil
}

// action returns the name of the action that takes an input, and its arguments by their names.
func (j *channelComparer) action(in model.ChannelInput) (name string, args map[string]int) {
	args = map[string]int{"serial": in.Serial, "e": in.Err, "i": 0, "h": j.w.word("none")}
	name = strings.TrimSuffix(in.Kind.String(), "Ended")
	switch {
	case in.Kind == model.KindConnection && in.Resumed:
		return "Connections(connected, resumed)", args
	case in.Kind == model.KindConnection:
		return "Connections(" + in.Connection.String() + ")", args
	case in.Kind == model.KindAttached && in.Resumed:
		return "Attached(resumed)", args
	}
	return name, args
}

// step returns the state after an action, and reports whether the action can be taken.
func (j *channelComparer) step(s State, name string, args map[string]int) (next State, taken bool) {
	word := func(field string) string { return j.w.Word(j.w.Get(s, field, 0, 0)) }
	named := name + " " + word("ch.state") + ", " + word("ch.connection")
	i, ok := j.actions[named]
	if !ok {
		return nil, false
	}
	by := j.steps[i]
	if faulty := j.faulty[named]; faulty != nil {
		by = faulty
	} else if by == nil {
		by = steps(j.t, j.w, j.p.Actions[i:i+1])[0]
		j.steps[i] = by
	}
	var params []int
	for _, p := range by.Action.Params {
		n, ok := args[p.Name]
		if !ok {
			j.t.Fatalf("%s has the parameter %s", name, p.Name)
		}
		params = append(params, n)
	}
	return by.Take(s, params...)
}

// check gives a channel every input. Relation, model and core must all refuse it, or all make the
// same step with the same outputs.
func (j *channelComparer) check(m model.Channel) error {
	j.states++
	core, s := fsm.NewChannel[int](fsm.ConnectionInitialized), j.state(m, nil)
	last := model.ChannelInput{Call: m.Last + 1}
	inputs := slices.Clone(j.alphabet)
	for _, last.Kind = range []model.ChannelKind{model.KindChannelAttach, model.KindChannelDetach, model.KindSetOptions} {
		inputs = append(inputs, last)
	}
	for _, in := range inputs {
		if in.Kind == 0 {
			continue
		}
		if err := core.Restore(channel.ToState(m)); err != nil {
			return fmt.Errorf("%+v\nthe core can't be restored: %w", m, err)
		}
		after, outs, err := m.Step(in)
		coreOuts, coreErr := core.Step(channel.ToCore(in), nil)
		name, args := j.action(in)
		next, taken := j.step(s, name, args)
		if err == nil && (len(after.Wire) > j.w.Bounds.Constants["MaxWire"] || after.Last > j.w.Bounds.Constants["NCalls"]) {
			if taken {
				return fmt.Errorf("%+v\n%v leads out of the bounds", m, in)
			}
			continue
		}
		if (err == nil) != taken || (err == nil) != (coreErr == nil) {
			return fmt.Errorf("%+v\n%v: the relation takes it: %t; the model says %v, the core %v", m, in, taken, err, coreErr)
		}
		if err != nil {
			j.refused++
			continue
		}
		j.taken[name]++
		if want := j.state(after, outs); key(next) != key(want) {
			return fmt.Errorf("%+v\n%v: %s", m, in, j.difference(next, want))
		}
		var got []model.ChannelOutput
		for _, o := range coreOuts {
			got = append(got, channel.FromOutput(o, channel.Same))
		}
		var kept fsm.ChannelCoreState[int]
		core.StateInto(&kept)
		if now := channel.FromState(kept, channel.Same); now.Key() != after.Key() || !slices.Equal(got, outs) {
			return fmt.Errorf("%+v\n%v: the core is %+v with %v, the model %+v with %v", m, in, now, got, after, outs)
		}
	}
	return nil
}

// difference lists the symbols in which two states differ.
func (j *channelComparer) difference(got, want State) string {
	var all []string
	for _, symbol := range j.w.System.Symbols {
		p := j.w.layout[symbol.Name]
		for i := range p.sizes[0] * p.sizes[1] {
			if a, b := got[p.at+i], want[p.at+i]; a != b {
				all = append(all, fmt.Sprintf("%s(%d) is %d in the relation, %d in the model", symbol.Name, i, a, b))
			}
		}
	}
	return strings.Join(all, "; ")
}

// script is a run of three calls: a call waits for new options, and then the channel detaches.
var script = []model.ChannelInput{{Kind: model.KindConnection, Connection: model.ToConnected}, {Kind: model.KindChannelAttach, Call: 1},
	{Kind: model.KindAttached}, {Kind: model.KindSetOptions, Call: 2}, {Kind: model.KindChannelDetach, Call: 3}}

// walk visits channels that the model reaches, in random runs from the initial channel.
func (j *channelComparer) walk(r *rand.Rand, states int, visit func(model.Channel)) {
	var m model.Channel
	for _, in := range script {
		m, _, _ = m.Step(in)
		visit(m)
	}
	for n := range states {
		if n%60 == 0 {
			m = model.Channel{}
		}
		visit(m)
		for range 20 { // until an input is accepted and stays within the bounds
			in := j.alphabet[r.IntN(len(j.alphabet))]
			if r.IntN(3) == 0 {
				in = model.ChannelInput{Kind: model.KindChannelAttach + model.ChannelKind(r.IntN(3)), Call: m.Last + 1}
			}
			if in.Kind == 0 || in.Kind == model.KindConnection && r.IntN(4) > 0 {
				continue
			}
			next, _, err := m.Step(in)
			if err == nil && len(next.Wire) <= j.w.Bounds.Constants["MaxWire"] && next.Last <= j.w.Bounds.Constants["NCalls"] {
				m = next
				break
			}
		}
	}
}

// invariant returns the invariant of a proof as a function of states within bounds.
func invariant(t testing.TB, p *Proof, w *Small) func(State) bool {
	t.Helper()
	var all []*term.Term
	for _, name := range p.Invariant {
		formula, err := p.State(name, false)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, formula)
	}
	holds, err := w.Predicate(term.Conj(all...))
	if err != nil {
		t.Fatal(err)
	}
	return func(s State) bool { return holds(s, nil) }
}

// random returns a channel with random contents.
func (j *channelComparer) random(r *rand.Rand) (m model.Channel) {
	flag := func() bool { return r.IntN(2) == 0 }
	m = model.Channel{State: model.ChannelInitialized + model.ChannelState(r.IntN(7)), Reason: r.IntN(j.errors + 1),
		Connection: model.ConnectionWaiting + model.ChannelConnection(r.IntN(5)), Awaited: flag(), Held: flag(), Leftover: flag(),
		Doubt: flag(), Retries: r.IntN(5), ChannelSerial: r.IntN(3), AttachSerial: r.IntN(3), Resume: flag(), GivenBack: r.IntN(5) == 0}
	m.Back = []model.ChannelState{model.ChannelInitialized, model.ChannelAttached, model.ChannelDetached}[r.IntN(3)]
	if flag() {
		m.Connection = model.ConnectionConnected
	}
	for range r.IntN(5) {
		m.Wire = append(m.Wire, model.RequestAttach+model.ChannelRequest(r.IntN(2)))
	}
	for range r.IntN(6) {
		switch m.Last++; r.IntN(4) {
		case 0:
			m.Attachers = append(m.Attachers, m.Last)
		case 1:
			m.Detachers = append(m.Detachers, m.Last)
		}
	}
	return m
}

// TestRelationModelAndCoreOfTheChannelAgree checks that relation, model and core make the same step
// for each input, with the same outputs, and that each step keeps the invariant. It checks states
// that the model reaches, with many calls, errors, serials and requests, and random states that
// satisfy the invariant, reachable or not.
func TestRelationModelAndCoreOfTheChannelAgree(t *testing.T) {
	p := readChannel(t)
	j := newChannelComparer(t, p, 8, 2, 2, 5)
	walked, drawn := 120, 40
	switch os.Getenv("EVIDENCE") {
	case "":
	case "full":
		walked, drawn = 20000, 10000
	default:
		walked, drawn = 1000, 300
	}
	r := rand.New(rand.NewPCG(14, 3))
	holds := invariant(t, p, j.w)
	j.walk(r, walked, func(m model.Channel) {
		if err := j.check(m); err != nil {
			t.Fatal(err)
		}
		if !holds(j.state(m, nil)) {
			t.Fatalf("the invariant does not hold of\n%+v", m)
		}
	})
	reached := j.states
	for j.states < reached+drawn {
		if m := j.random(r); holds(j.state(m, nil)) {
			if err := j.check(m); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name := range j.actions {
		if name, _, _ = strings.Cut(name, " "); j.taken[name] == 0 && !strings.HasPrefix(name, "Connections") {
			t.Errorf("%s is taken nowhere", name)
		}
	}
	t.Logf("EVIDENCE agreement of=channel which=reached states=%d random=%d refused=%d", reached, drawn, j.refused)
}
