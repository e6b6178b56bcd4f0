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
)

// changes are changes in the text of Rooms.tla: of each guard, and of each part of a step. A test
// makes one at a time.
var changes = [][2]string{
	{`GetRefused            == Disposing`, `GetRefused == FALSE`},
	{`Differs(i, o)         == incs[i].opt # o`, `Differs(i, o) == incs[i].opt = o`},
	{`Free(n)               == InUse(n) = {}`, `Free(n) == Releasing(n) = {}`},
	{`MustWait(n)           == Releasing(n) # {}`, `MustWait(n) == AllReleasing # {}`},
	{`HasPredecessor(i)     == Releasing(incs[i].name) # {}`, `HasPredecessor(i) == FALSE`},
	{`Rejected(i)           == Waiting("get", i)`, `Rejected(i) == {}`},
	{`EndOf(c, i, bad)      == IF bad THEN "releaseFailed" ELSE "done"`, `EndOf(c, i, bad) == "done"`},
	{`LifeAfter(bad)        == "released"`, `LifeAfter(bad) == IF bad THEN "releasing" ELSE "released"`},
	{`Starts(bad)           == TRUE`, `Starts(bad) == ~bad`},
	{`AllReleasing \ without = {}`, `AllReleasing = {}`},
	{`IsOpening(i)          == incs[i].work = "opening"`, `IsOpening(i) == incs[i].work # "none"`},
	{`{i} \cap InUse(incs[i].name)`, `InUse(incs[i].name)`},
	{`/\ incs[i].life = "ready"
         /\ Begin`, `/\ Begin`},
	{`~Differs(i, o) /\ incs[i].life = "initializing"`, `~Differs(i, o)`},
	{`/\ CanBegin /\ InUse(n) = {} /\ Releasing(n) = {}`, `/\ CanBegin /\ Releasing(n) = {}`},
	{`/\ CanBegin /\ InUse(n) = {} /\ Releasing(n) = {}`, `/\ CanBegin /\ InUse(n) = {}`},
	{`/\ CanBegin /\ InUse(n) = {}
    /\ \E i`, `/\ CanBegin
    /\ \E i`},
	{`/\ i \in InUse(n) /\ HasPredecessor(i) /\ j \in Releasing(n)`, `/\ i \in InUse(n) /\ HasPredecessor(i) /\ j \in InUse(n)`},
	{`~HasPredecessor(i) /\ incs[i].work # "opening"`, `~HasPredecessor(i)`},
	{`~HasPredecessor(i) /\ incs[i].work = "opening"`, `incs[i].work = "opening" /\ i = 1`},
	{`!.life = "releasing", !.work = "closing"]`, `!.life = "releasing"]`},
	{`THEN [incs[i] EXCEPT !.life = "releasing"]
`, `THEN [incs[i] EXCEPT !.work = "closing"]
`},
	{`/\ CanBegin /\ ~Disposing
`, `/\ CanBegin
`},
	{`leaving = dropped /\ DisposalOver({})`, `leaving = dropped`},
	{`UNION {Rejected(i) : i \in leaving}`, `UNION {Rejected(i) : i \in dropped}`},
	{`IF ~DisposalOver({}) THEN Pending ELSE`, `IF DisposalOver({}) THEN Pending ELSE`},
	{`ELSE IF failed = {} THEN "done" ELSE "failed"`, `ELSE "done"`},
	{`/\ i \in Created /\ Meant(i) = {}`, `/\ Meant(i) = {}`},
	{`Begin(ReleaseIfCall(i, 0, "done"))`, `Begin(ReleaseIfCall(i, 0, Pending))`},
	{`Change(used, Left(used))`, `Change(j, Left(used))`},
	{`/\ IsPending(c)
    /\ calls'`, `/\ c \in Begun
    /\ calls'`},
	{`!.life = "ready", !.work = "none", !.ended = "opened"`, `!.life = "ready", !.work = "none"`},
	{`Settle(Waiting("get", i), "room", i)`, `Settle(Waiting("get", i), "room", 0)`},
	{`[incs[i] EXCEPT !.work = "closing", !.ended = "opened"]`, `[incs[i] EXCEPT !.work = "none", !.ended = "opened"]`},
	{`Settle(Waiting("get", i), "openFailed", i)`, `Settle(Waiting("get", i), "room", i)`},
	{`/\ incs[i].work = "opening" /\ incs[i].life = "initializing"
    /\ Change`, `/\ incs[i].work = "opening"
    /\ Change`},
	{`IF bad /\ Disposing THEN`, `IF bad THEN`},
	{`THEN failed \cup {i} ELSE failed`, `THEN {i} \cap {i + 1} ELSE failed`},
	{`over  == Disposing /\ DisposalOver({i})`, `over == Disposing /\ DisposalOver({})`},
	{`IF worse = {} THEN "done" ELSE "failed", !.bad = worse]`, `IF worse = {} THEN "done" ELSE "failed"]`},
	{`Waits("release", c, i) \/ Waits("releaseIf", c, i)`, `Waits("release", c, i)`},
	{`calls[c].waits = i /\ calls[c].op = op /\ IsPending(c)`, `calls[c].waits = i /\ calls[c].op = op`},
	{`InUse(n)     == {i \in IncIds : incs[i].name = n /\ `, `InUse(n) == {i \in IncIds : `},
	{`Releasing(n) == {i \in IncIds : incs[i].name = n /\ `, `Releasing(n) == {i \in IncIds : `},
	{`IF c \in which THEN Settled(c, out, ref)`, `IF c \notin which THEN Settled(c, out, ref)`},
	{`calls' = TLCEval([calls EXCEPT ![Last + 1] = call])`, `calls' = TLCEval([calls EXCEPT ![Last] = call])`},
	{`calls[MaxCalls].op = "none"`, `calls[1].op = "none"`},
	{`Released(i)      == incs[i].work = "closing"`, `Released(i) == incs[i].life = "releasing"`},
}

// misreadings are ways in which a translator can misunderstand TLA+. Each applies to the whole
// module.
var misreadings = map[string]func(*tla.Expr) *tla.Expr{
	`\A means \E`:                             operator(`\A`, `\E`),
	`=> means /\`:                             operator(`=>`, `/\`),
	`\notin means \in`:                        operator(`\notin`, `\in`),
	`\E means \A`:                             operator(`\E`, `\A`),
	`# means =`:                               operator(`#`, `=`),
	`\cup means \cap`:                         operator(`\cup`, `\cap`),
	`\cap means \cup`:                         operator(`\cap`, `\cup`),
	`+ means -`:                               operator(`+`, `-`),
	`\ leaves in what it takes out`:           first(`\`),
	`UNCHANGED says nothing`:                  operator("UNCHANGED", "nothing"),
	`the last conjunct of a list is lost`:     shorter(`/\`),
	`the last disjunct of a list is lost`:     shorter(`\/`),
	`the last field of an EXCEPT is lost`:     lastPath,
	`IF has its branches the wrong way round`: branches,
	`a range ends before its end`:             rangeEnd,
	`~ is not read`:                           first("~"),
	`a filter takes all`:                      filterAll,
}

func operator(from, to string) func(*tla.Expr) *tla.Expr {
	return func(e *tla.Expr) *tla.Expr {
		if e.Op == from {
			c := *e
			c.Op = to
			return &c
		}
		return e
	}
}

func first(op string) func(*tla.Expr) *tla.Expr {
	return func(e *tla.Expr) *tla.Expr {
		if e.Op == op {
			return e.Args[0]
		}
		return e
	}
}

func shorter(op string) func(*tla.Expr) *tla.Expr {
	return func(e *tla.Expr) *tla.Expr {
		if e.Op == op && len(e.Args) > 2 {
			c := *e
			c.Args = e.Args[:len(e.Args)-1]
			return &c
		}
		return e
	}
}

func lastPath(e *tla.Expr) *tla.Expr {
	if n := len(e.Paths); n > 1 {
		c := *e
		c.Paths, c.Args = e.Paths[:n-1], e.Args[:n]
		return &c
	}
	return e
}

func branches(e *tla.Expr) *tla.Expr {
	if e.Op == tla.If {
		c := *e
		c.Args = []*tla.Expr{e.Args[0], e.Args[2], e.Args[1]}
		return &c
	}
	return e
}

func rangeEnd(e *tla.Expr) *tla.Expr {
	if e.Op == ".." {
		c := *e
		c.Args = []*tla.Expr{e.Args[0], {Op: "-", Args: []*tla.Expr{e.Args[1], {Op: tla.Number, Num: 1}}}}
		return &c
	}
	return e
}

func filterAll(e *tla.Expr) *tla.Expr {
	if e.Op == tla.Filter {
		return e.Bound[0].Set
	}
	return e
}

// reference is a graph that the relation is compared with: TLC's graph of one name, or the graph of
// two names, which another test compares with the reference model.
type reference struct {
	bounds Bounds
	graph  *graph
}

func references(t testing.TB, p *Proof) []reference {
	w := NewSmall(p.System, two)
	g := &graph{}
	number := map[string]int{}
	add := func(s State) {
		if k := key(s); number[k] == 0 {
			number[k] = len(g.states) + 1
			g.states, g.edges = append(g.states, s), append(g.edges, map[string][]string{})
		}
	}
	add(w.Blank())
	all := steps(t, w, p.Actions)
	for i := 0; i < len(g.states); i++ {
		for _, s := range all {
			s.Each(g.states[i], func(_ []int, next State) {
				add(next)
				g.edges[i][s.Action.Name] = append(g.edges[i][s.Action.Name], key(next))
			})
			g.edges[i][s.Action.Name] = distinct(g.edges[i][s.Action.Name])
		}
	}
	return []reference{{two, g}, {one, tlcGraph(t, NewSmall(p.System, one))}}
}

// verdict says how a changed module is noticed. It returns "" if it is not.
func verdict(t testing.TB, original *Proof, m *tla.Module, in []reference) string {
	changed, err := roomsProof(m)
	if err != nil {
		return "it can't be translated: " + err.Error()
	}
	was := map[string]string{}
	for i := range original.Actions {
		was[original.Actions[i].Name] = original.Actions[i].String()
	}
	var other []Action
	for i := range changed.Actions {
		a := &changed.Actions[i]
		if was[a.Name] != a.String() {
			other = append(other, *a)
		}
		delete(was, a.Name)
	}
	for name := range was {
		return "there is no " + name
	}
	for _, r := range in {
		w := NewSmall(changed.System, r.bounds)
		for _, s := range steps(t, w, other) {
			if d := r.graph.difference(s); d != "" {
				return d
			}
		}
	}
	last := in[len(in)-1]
	for _, broken := range last.graph.broken(t, changed, NewSmall(changed.System, last.bounds)) {
		return broken
	}
	return ""
}

// module reads the proof's module with a change in the text of Rooms.tla.
func module(t testing.TB, change func(string) string) *tla.Module {
	t.Helper()
	m, err := tla.ReadText("RoomsProof", func(name string) (string, error) {
		folder := map[string]string{"RoomsProof": "."}[name]
		if folder == "" {
			folder = filepath.Join(root, "spec", "TLA")
		}
		text, err := os.ReadFile(filepath.Join(folder, name+".tla"))
		if name != "Rooms" {
			return string(text), err
		}
		return change(string(text)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestAChangedRelationIsNoticed checks that each small change of the spec, and each misread
// operator, gives a relation that differs from TLC's.
func TestAChangedRelationIsNoticed(t *testing.T) {
	t.Parallel()
	p := readRooms(t)
	in := references(t, p)
	same := func(text string) string { return text }
	if v := verdict(t, p, module(t, same), in); v != "" {
		t.Fatalf("the spec as it is: %s", v)
	}
	caught := 0
	plant := func(name string, m *tla.Module) {
		v := verdict(t, p, m, in)
		if v == "" {
			t.Errorf("not noticed: %s", name)
			return
		}
		caught++
		t.Logf("CAUGHT relation: %s", name)
		t.Logf("%s: %s", name, v)
	}
	for i, c := range changes {
		name := fmt.Sprintf("%d %s", i+1, strings.Join(strings.Fields(c[1]), " "))
		plant(name, module(t, func(text string) string {
			if strings.Count(text, c[0]) != 1 {
				t.Fatalf("%q is in the spec %d times", c[0], strings.Count(text, c[0]))
			}
			return strings.Replace(text, c[0], c[1], 1)
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(misreadings)) {
		m := module(t, same)
		m.Rewrite(misreadings[name])
		plant(name, m)
	}
	t.Logf("EVIDENCE relation_mutants of=rooms planted=%d uncaught=%d", len(changes)+len(misreadings),
		len(changes)+len(misreadings)-caught)
}
