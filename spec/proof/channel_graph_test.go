package proof

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/spec/proof/tla"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/channel"
)

// sample is a part of TLC's graph of a channel: some states, with all edges that leave them.
type sample struct {
	from  []channel.Node
	edges []map[string]string // for each state, the key of the next state by the input
	count int
}

// channelSample reads every n-th state of a graph that TLC made, with the edges that leave it.
func channelSample(t testing.TB, j *channelComparer, c graphs.Comparison, every int) *sample {
	t.Helper()
	dump, err := c.ReadGolden(root)
	if err != nil {
		t.Fatal(err)
	}
	spec := channel.Spec(j.errors)
	text, leaving := map[string]string{}, map[string][][2]string{}
	var taken []string
	n := 0
	if err := tlcrun.EachLine(bytes.NewReader(dump), func(l tlcrun.DumpLine) error {
		if l.To != nil {
			leaving[string(l.From)] = append(leaving[string(l.From)], [2]string{string(l.To), l.Label()})
			return nil
		}
		text[string(l.From)] = l.Label()
		if n++; n%every == 0 {
			taken = append(taken, string(l.From))
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	node := func(name string) channel.Node {
		vars, err := graphs.ParseState(text[name])
		if err != nil {
			t.Fatal(err)
		}
		n, err := spec.State(vars)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	s := &sample{}
	for _, name := range taken {
		from, edges := node(name), map[string]string{}
		for _, e := range leaving[name] {
			to := node(e[0])
			in, err := spec.Input(e[1], from, to)
			if err != nil {
				t.Fatal(err)
			}
			edges[in.String()] = key(j.state(to.State, to.Outs))
			s.count++
		}
		s.from, s.edges = append(s.from, from), append(s.edges, edges)
	}
	return s
}

// difference compares the relation with the sample. Each input must lead to the same state as in
// the graph; an input without an edge in the graph must not be taken.
func (s *sample) difference(j *channelComparer) string {
	for i, from := range s.from {
		now := j.state(from.State, from.Outs)
		inputs := slices.Clone(j.alphabet)
		for kind := model.KindChannelAttach; kind <= model.KindSetOptions; kind++ {
			inputs = append(inputs, model.ChannelInput{Kind: kind, Call: from.State.Last + 1})
		}
		for _, in := range inputs {
			if in.Kind == 0 {
				continue
			}
			name, args := j.action(in)
			next, taken := j.step(now, name, args)
			switch want, edge := s.edges[i][in.String()]; {
			case taken != edge:
				return fmt.Sprintf("%v in %+v: the relation takes it: %t, the graph %t", in, from.State, taken, edge)
			case taken && key(next) != want:
				return fmt.Sprintf("%v in %+v leads elsewhere than in the graph", in, from.State)
			}
		}
	}
	return ""
}

// channelGraphs returns samples of TLC's graphs of a channel, each with a comparer that has the
// graph's bounds.
func channelGraphs(t testing.TB, p *Proof, every int) (comparers []*channelComparer, samples []*sample) {
	for i, b := range []model.ChannelBounds{{Calls: 1, Serials: 2, Wire: 2}, {Calls: 3, Errors: 1, Wire: 2}} {
		j := newChannelComparer(t, p, b.Calls, b.Errors, b.Serials, b.Wire)
		comparers = append(comparers, j)
		samples = append(samples, channelSample(t, j, channel.Comparisons()[i], every))
	}
	return comparers, samples
}

// TestTheRelationOfTheChannelIsTLCs compares the proved relation with TLC's graphs, from a sample
// of the states (from all, with EVIDENCE=full). Each input must lead to the same state as in the
// graph, with the same outputs, and no other input may be taken. It also checks the proved
// properties in some of these states, and of the steps from them.
func TestTheRelationOfTheChannelIsTLCs(t *testing.T) {
	every := map[string]int{"": 250, "check": 20, "full": 1}[os.Getenv("EVIDENCE")]
	p := readChannel(t)
	comparers, samples := channelGraphs(t, p, every)
	for i, j := range comparers {
		if d := samples[i].difference(j); d != "" {
			t.Error(d)
		}
		names := slices.Concat(p.Invariant, p.Properties)
		claims, broken := j.claims(p, names...), map[string]bool{}
		for n, from := range samples[i].from {
			if n%max(5, len(samples[i].from)/300) != 0 {
				continue // claims take longer, so they are only checked in some states
			}
			now := j.state(from.State, nil)
			for _, to := range samples[i].edges[n] {
				for k, holds := range claims {
					if !broken[names[k]] && !holds(now, stateOf(to)) {
						broken[names[k]] = true
						t.Errorf("%s does not hold of a step from %+v", names[k], from.State)
					}
				}
			}
		}
		t.Logf("EVIDENCE relation of=%s states=%d edges=%d", channel.Comparisons()[i].Config, len(samples[i].from), samples[i].count)
	}
}

// stateOf returns the state with the given key.
func stateOf(key string) (s State) {
	for _, b := range []byte(key) {
		s = append(s, int(b))
	}
	return s
}

// channelChanges are changes in the text of ChannelSteps.tla. A test makes one at a time.
var channelChanges = [][2]string{
	{`resume |-> FALSE, givenBack |-> FALSE`, `resume |-> TRUE, givenBack |-> FALSE`},
	{`Last(q)         == q[Len(q)]`, `Last(q) == q[1]`},
	{`BehindFence(r)      == r.state \in {"initialized", "attaching", "detached", "failed"}`, `BehindFence(r) == r.state \in {"initialized", "attaching", "failed"}`},
	{`ClearsSerials(s)    == s \in {"detached", "failed", "initialized"}`, `ClearsSerials(s) == s \in {"detached", "failed", "initialized", "suspended"}`},
	{`StopsTimer(was, is) == was.awaited /\ ~is.awaited`, `StopsTimer(was, is) == was.awaited`},
	{`Append(r.outs, o)`, `<<o>> \o r.outs`},
	{`Append(r.wire, request)`, `<<request>> \o r.wire`},
	{`!.doubt = r.doubt /\ request = "attach"]`, `!.doubt = r.doubt]`},
	{`left == SubSeq(r.wire, i + 1, Len(r.wire))`, `left == SubSeq(r.wire, i, Len(r.wire))`},
	{`left == SubSeq(r.wire, i + 1, Len(r.wire))`, `left == SubSeq(r.wire, i + 1, Len(r.wire) - 1)`},
	{`CHOOSE i \in at : \A j \in at : i <= j`, `CHOOSE i \in at : \A j \in at : j <= i`},
	{`!.held = frame = "attached"]`, `!.held = r.held]`},
	{`IF told.detachers = <<>> THEN told`, `IF told.attachers = <<>> THEN told`},
	{`IF told.awaited THEN told ELSE Send(told, "detach")`, `Send(told, "detach")`},
	{`r.outs \o TLCEval([i \in 1..Len(calls) |-> Settle(calls[i], how, e)])`, `r.outs \o TLCEval([i \in 1..Len(calls) |-> Settle(calls[1], how, e)])`},
	{`r.outs \o TLCEval([i \in 1..Len(calls) |-> Settle(calls[i], how, e)])`, `TLCEval([i \in 1..Len(calls) |-> Settle(calls[i], how, e)]) \o r.outs`},
	{`r.state \in {"attaching", "suspended"}            -> On(r, "detach")`, `r.state \in {"attaching", "suspended"} -> On(r, "attach")`},
	{`IF resumed /\ DetachLeft(old) THEN`, `IF DetachLeft(old) THEN`},
	{`IF request = "attach" THEN SendAttach(r.channelSerial, r.resume)`, `IF request = "attach" THEN SendAttach(r.channelSerial, FALSE)`},
	{`MayHold(r) == r.held \/ On(r, "attach")`, `MayHold(r) == r.held`},
}

// channelMisreadings are ways to misread sequences. Each applies to the whole module.
var channelMisreadings = map[string]func(*tla.Expr) *tla.Expr{
	"Append puts in front": calls("Append", func(e *tla.Expr) *tla.Expr {
		return &tla.Expr{Op: `\o`, Args: []*tla.Expr{{Op: tla.Tuple, Args: e.Args[1:]}, e.Args[0]}}
	}),
	"Append does nothing":         calls("Append", func(e *tla.Expr) *tla.Expr { return e.Args[0] }),
	"SubSeq begins one later":     calls("SubSeq", func(e *tla.Expr) *tla.Expr { return withArg(e, 1, "+") }),
	"SubSeq begins one earlier":   calls("SubSeq", func(e *tla.Expr) *tla.Expr { return withArg(e, 1, "-") }),
	"SubSeq ends one earlier":     calls("SubSeq", func(e *tla.Expr) *tla.Expr { return withArg(e, 2, "-") }),
	`s \o t means t \o s`:         both(`\o`),
	`s \o t means s`:              first(`\o`),
	"a range ends before its end": rangeEnd,
	"EXCEPT loses its last field": lastPath,
	"IF takes the other branch":   branches,
	"the last of a list is lost":  shorter(`/\`),
	"the least is the greatest":   operator("<=", ">="),
	"CASE skips its first case":   firstCase,
	"# means =":                   operator("#", "="),
	"a filter takes all":          filterAll,
}

func calls(name string, to func(*tla.Expr) *tla.Expr) func(*tla.Expr) *tla.Expr {
	return func(e *tla.Expr) *tla.Expr {
		if e.Op == tla.Ident && e.Name == name {
			return to(e)
		}
		return e
	}
}

// withArg changes the n-th argument of a call by one: op is + or -.
func withArg(e *tla.Expr, n int, op string) *tla.Expr {
	c := *e
	c.Args = slices.Clone(e.Args)
	c.Args[n] = &tla.Expr{Op: op, Args: []*tla.Expr{e.Args[n], {Op: tla.Number, Num: 1}}}
	return &c
}

func both(op string) func(*tla.Expr) *tla.Expr {
	return func(e *tla.Expr) *tla.Expr {
		if e.Op == op {
			return &tla.Expr{Op: op, Args: []*tla.Expr{e.Args[1], e.Args[0]}, Line: e.Line}
		}
		return e
	}
}

func firstCase(e *tla.Expr) *tla.Expr {
	if e.Op == tla.Case && len(e.Args) > 4 {
		c := *e
		c.Args = e.Args[2:]
		return &c
	}
	return e
}

// TestMisreadSequencesAreNoticed checks that each misreading of sequences changes the steps of a
// module that uses all their operators.
func TestMisreadSequencesAreNoticed(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(sequenceMisreadings)) {
		m, err := tla.ReadText("Lists", func(string) (string, error) { return sequences1, nil })
		if err != nil {
			t.Fatal(err)
		}
		m.Rewrite(sequenceMisreadings[name])
		s := listSystem(m)
		d := ""
		if err := s.read(); err != nil {
			d = "it can't be translated: " + err.Error()
		} else {
			d = listDifference(t, s)
		}
		if d == "" {
			t.Errorf("not noticed: %s", name)
			continue
		}
		t.Logf("CAUGHT relation: of sequences: %s", name)
		t.Logf("%s: %s", name, d)
	}
	t.Logf("EVIDENCE relation_mutants of=sequences planted=%d uncaught=0", len(sequenceMisreadings))
}

// sequenceMisreadings are channelMisreadings, and misreadings of operators that the channel's spec
// does not use.
var sequenceMisreadings = func() map[string]func(*tla.Expr) *tla.Expr {
	all := maps.Clone(channelMisreadings)
	for _, name := range []string{"CASE skips its first case", "EXCEPT loses its last field", "the last of a list is lost"} {
		delete(all, name) // the module has no expression that is long enough
	}
	all["SelectSeq takes all"] = calls("SelectSeq", func(e *tla.Expr) *tla.Expr { return e.Args[0] })
	all["Head is the last"] = calls("Head", func(e *tla.Expr) *tla.Expr {
		return &tla.Expr{Op: tla.Index, Args: []*tla.Expr{e.Args[0], {Op: tla.Ident, Name: "Len", Args: e.Args}}}
	})
	all["Tail takes two"] = calls("Tail", func(e *tla.Expr) *tla.Expr {
		return &tla.Expr{Op: tla.Ident, Name: "Tail", Args: []*tla.Expr{{Op: tla.Ident, Name: "Tail", Args: e.Args}}}
	})
	all["s[i] is s[1]"] = func(e *tla.Expr) *tla.Expr {
		if e.Op == tla.Index {
			c := *e
			c.Args = []*tla.Expr{e.Args[0], {Op: tla.Number, Num: 1}}
			return &c
		}
		return e
	}
	all["sequences are equal if their lengths are"] = func(e *tla.Expr) *tla.Expr {
		if e.Op == "=" && e.Args[0].Op == tla.Ident && e.Args[0].Name == "q" && e.Args[1].Name == "r" {
			length := func(of *tla.Expr) *tla.Expr { return &tla.Expr{Op: tla.Ident, Name: "Len", Args: []*tla.Expr{of}} }
			return &tla.Expr{Op: "=", Args: []*tla.Expr{length(e.Args[0]), length(e.Args[1])}}
		}
		return e
	}
	return all
}()

// TestAChangedRelationOfTheChannelIsNoticed checks that each small change of the channel's spec,
// and each misread operator, gives a relation that differs from TLC's or from the model's. It tries
// all with EVIDENCE=full, otherwise one.
func TestAChangedRelationOfTheChannelIsNoticed(t *testing.T) {
	all := os.Getenv("EVIDENCE") == "full"
	_, samples := channelGraphs(t, readChannel(t), map[bool]int{false: 150, true: 12}[all])
	caught, planted := 0, 0
	plant := func(name string, m *tla.Module) {
		planted++
		v := channelVerdict(t, m, samples)
		if v == "" {
			t.Errorf("not noticed: %s", name)
			return
		}
		caught++
		t.Logf("CAUGHT relation: of the channel: %s", name)
		t.Logf("%s: %s", name, v)
	}
	same := func(text string) string { return text }
	for i, c := range channelChanges {
		if !all && i != 8 {
			continue
		}
		plant(fmt.Sprintf("%d %s", i+1, strings.Join(strings.Fields(c[1]), " ")), channelModule(t, func(text string) string {
			if strings.Count(text, c[0]) != 1 {
				t.Fatalf("%q is in the spec %d times", c[0], strings.Count(text, c[0]))
			}
			return strings.Replace(text, c[0], c[1], 1)
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(channelMisreadings)) {
		if !all {
			break
		}
		m := channelModule(t, same)
		m.Rewrite(channelMisreadings[name])
		plant(name, m)
	}
	t.Logf("EVIDENCE relation_mutants of=channel planted=%d uncaught=%d", planted, planted-caught)
}

// channelVerdict says how a changed module is noticed. It returns "" if it is not.
func channelVerdict(t testing.TB, m *tla.Module, samples []*sample) string {
	p, err := channelProof(m, "")
	if err != nil {
		return "it can't be translated: " + err.Error()
	}
	for i, b := range []model.ChannelBounds{{Calls: 1, Serials: 2, Wire: 2}, {Calls: 3, Errors: 1, Wire: 2}} {
		j := newChannelComparer(t, p, b.Calls, b.Errors, b.Serials, b.Wire)
		if d := samples[i].difference(j); d != "" {
			return d
		}
	}
	j, c := newChannelComparer(t, p, 8, 2, 2, 5), model.Channel{}
	for _, in := range script { // the sample has few states of this run
		c, _, _ = c.Step(in)
		if err := j.check(c); err != nil {
			return err.Error()
		}
	}
	return ""
}

// channelModule reads the proof's module with a change in the text of ChannelSteps.tla.
func channelModule(t testing.TB, change func(string) string) *tla.Module {
	t.Helper()
	m, err := tla.ReadText("ChannelProof", func(name string) (string, error) {
		folder := "../TLA/"
		if name == "ChannelProof" {
			folder = ""
		}
		text, err := os.ReadFile(folder + name + ".tla")
		if name != "ChannelSteps" {
			return string(text), err
		}
		return change(string(text)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
