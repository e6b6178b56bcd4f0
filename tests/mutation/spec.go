package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/report/golden"
)

// A run of all mutants of a spec must have at least this many mutants, and this share must be
// killed.
const (
	leastWhole = 100
	leastShare = 0.95
)

// together is the maximum number of mutants in one run of TLC. With more mutants, TLC needs more
// time to select the definitions of the present mutant than a second run takes to start.
const together = 48

// runSpec tries mutants of a spec. It reports whether all that are not equivalent are killed.
func runSpec(ctx context.Context, o options) (bool, error) {
	s, known := subjects[o.of]
	if !known {
		return false, fmt.Errorf("there is no spec %q", o.of)
	}
	root, err := modroot.Find()
	if err != nil {
		return false, err
	}
	c, err := newChecker(ctx, root, s)
	if err != nil {
		return false, err
	}
	all, err := generateSpec(c.source)
	if err != nil {
		return false, err
	}
	equivalent, err := equivalents()
	if err != nil {
		return false, err
	}
	chosen := slices.DeleteFunc(slices.Clone(all), func(m specMutant) bool {
		_, same := equivalent[m.name]
		return o.quick && same // these take longest, since nothing stops them
	})
	leftOut := len(all) - len(chosen)
	chosen, err = choose(o, "mutants", chosen, func(m specMutant) string { return m.name })
	if err != nil {
		return false, err
	}
	kept, err := openStore(filepath.Join(root, ".cache", "mutation", "spec-"+o.of+".jsonl"))
	if err != nil {
		return false, err
	}
	defer kept.file.Close()
	j := &specJudge{checker: c, options: o, store: kept, mutants: chosen, verdicts: make([]verdict, len(chosen)),
		settled: make([]bool, len(chosen))}
	if err := j.judge(ctx); err != nil {
		return false, err
	}
	t := table(os.Stdout, j.verdicts, equivalent, o.verbose)
	ok := len(t.Wrong) == 0 && t.Alive == 0
	if o.only == "" && o.sample == 0 {
		whole := score{Package: "spec/TLA/" + s.module + ".tla", Mutants: len(all), tally: t}
		whole.Tried += leftOut
		whole.Equivalent += leftOut
		ok = ok && t.Tried >= leastWhole && t.Share >= leastShare &&
			float64(whole.Equivalent) <= s.equivalent*float64(len(all))
		if o.write {
			if err := whole.write(root); err != nil {
				return false, err
			}
		}
	}
	fmt.Printf("EVIDENCE %s generated=%d total=%d parsed=%d killed=%d byproperty=%d "+
		"ofthembyliveness=%d byerror=%d bygraph=%d equivalent=%d survived=%d timeouts=%d share=%.3f "+
		"quick=%t compared=%d\n", s.evidence, len(all), t.Tried+t.Broken, t.Tried, t.Killed,
		t.By["property"]+t.By["liveness"], t.By["liveness"], t.By["error"], t.By["graph"],
		t.Equivalent+leftOut, t.Alive, t.Hung, t.Share, o.quick, j.compared)
	return ok, nil
}

// specJudge finds the verdicts on mutants of a spec.
type specJudge struct {
	*checker
	options
	mutants  []specMutant
	verdicts []verdict
	settled  []bool
	compared int    // how many were also run on their own
	store    *store // verdicts of earlier runs, for each stage

	mu sync.Mutex
}

// judge explores the mutants at one stage after another. In a quick run, a mutant whose graph
// differs is killed at once. In other runs it is also explored at later stages, since a property
// may notice it there. A mutant that changes only fairness is run on its own at the end, and so is
// every mutant that is still alive then. But if the spec is slow, a quick run doesn't run all
// mutants that are still alive: it runs only those of operators that differ in the specs whose
// liveness is checked.
func (j *specJudge) judge(ctx context.Context) error {
	m := mustParse(j.source)
	inGraph := behaviour(m, "Init", "Next")
	var numbers []int
	for i, mutant := range j.mutants {
		j.verdicts[i] = verdict{Name: mutant.name, Kind: mutant.kind}
		if inGraph[mutant.operator] {
			numbers = append(numbers, i)
		}
	}
	compared := false
	for _, at := range j.stages {
		began := time.Now()
		if err := j.stage(ctx, numbers, at); err != nil {
			return err
		}
		took := time.Since(began)
		if !compared && at.levels() == 0 {
			compared = true
			if err := j.compare(ctx, numbers, at); err != nil {
				return err
			}
		}
		before := len(numbers)
		numbers = slices.DeleteFunc(numbers, func(i int) bool { return j.settled[i] })
		fmt.Printf("mutation: at the bounds %s, %d of %d mutants are settled, in %v\n", at, before-len(numbers), before,
			took.Round(time.Second))
	}
	var left []int
	for i, settled := range j.settled {
		if !settled && !(j.quick && j.slow && inGraph[j.mutants[i].operator] &&
			!slices.Contains(j.lives, j.mutants[i].operator)) { // equal graphs
			left = append(left, i)
		}
	}
	if len(left) > 0 {
		if says, err := j.alive(ctx, j.source, "", j.liveAt[0]); err != nil || says != "" {
			return errors.Join(err, fmt.Errorf("liveness: the spec without a change breaks %q", says))
		}
	}
	note := func() string { return "mutants on their own: changed fairness, and mutants still alive" }
	return progress.Each(ctx, j.workers, len(left), note, func(ctx context.Context, _, k int) error {
		return j.alone(ctx, left[k])
	})
}

// graphsAlone reports whether only graphs are compared at a stage, and no properties are checked:
// at stages near the initial state and, if checking properties takes longest, in quick runs.
func (j *specJudge) graphsAlone(at stage) bool { return at.levels() > 0 || j.quick && j.slow }

// stage explores the mutants of these numbers at one stage, in groups.
func (j *specJudge) stage(ctx context.Context, numbers []int, at stage) error {
	numbers = slices.DeleteFunc(slices.Clone(numbers), func(i int) bool { return j.known(i, at) })
	size := min(together, (len(numbers)+j.workers-1)/max(j.workers, 1))
	if size == 0 {
		return nil
	}
	groups := slices.Collect(slices.Chunk(numbers, size))
	note := func() string {
		return fmt.Sprintf("groups at %s (%s), %d mutants", at, j.words, len(numbers))
	}
	return progress.Each(ctx, j.workers, len(groups), note, func(ctx context.Context, _, g int) error {
		texts := map[int]string{}
		for _, i := range groups[g] {
			texts[i+1] = j.mutants[i].text
		}
		e, err := j.explore(ctx, texts, at, j.graphsAlone(at))
		if err != nil {
			return err
		}
		key := at.states()
		if n := e.sums[0].states; golden.Has(key) && n != golden.Int(key) {
			return fmt.Errorf("%d states of the spec without a change, expected %d", n, golden.Int(key))
		}
		for _, i := range groups[g] {
			v, ok := e.found[i+1]
			own, original := e.sums[i+1], e.sums[0]
			if !ok && own != original && (at.compared() || own.states != original.states) {
				v = verdict{End: killed, By: "graph", What: fmt.Sprintf("%d states, %d steps instead of "+
					"%d, %d at %s", own.states, own.edges, original.states, original.edges, at)}
			}
			r := j.record(i, at)
			r.End, r.By, r.What = v.End, v.By, v.What
			if err := j.store.put(r); err != nil {
				return err
			}
			j.note(i, r)
		}
		return nil
	})
}

// record returns the key under which a mutant's verdict at a stage is kept.
func (j *specJudge) record(i int, at stage) record {
	hash := sha256.Sum256(fmt.Append(nil, j.properties, j.most, j.graphsAlone(at), j.mutants[i].text))
	return record{Change: j.mutants[i].name, Suite: at.String(), Hash: fmt.Sprintf("%x", hash[:12])}
}

// known uses the verdict of an earlier run for a mutant at a stage, and reports whether there is
// one.
func (j *specJudge) known(i int, at stage) bool {
	r, ok := j.store.get(j.record(i, at))
	if ok {
		j.note(i, r)
	}
	return ok
}

// note records the verdict of a stage on a mutant. A graph that differs doesn't settle the mutant,
// since a later stage may find a property that fails, unless the run is quick.
func (j *specJudge) note(i int, r record) {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := &j.verdicts[i]
	byGraph := r.By == "graph"
	if r.End != alive && !(byGraph && v.End != alive) {
		v.End, v.By, v.What = r.End, r.By, r.What
		j.settled[i] = !byGraph || j.quick
	}
}

// compare runs on their own some mutants that a stage has run together. It returns an error if the
// verdict on a mutant that runs on its own is different.
func (j *specJudge) compare(ctx context.Context, numbers []int, at stage) error {
	some := draw(numbers, min(j.options.compare, len(numbers)), j.seed)
	note := func() string { return "mutants on their own, to compare" }
	if j.options.compare == 0 {
		return nil
	}
	return progress.Each(ctx, j.workers, len(some), note, func(ctx context.Context, _, k int) error {
		v := j.verdicts[some[k]]
		e, err := j.explore(ctx, map[int]string{1: j.mutants[some[k]].text}, at, j.graphsAlone(at))
		if err != nil {
			return err
		}
		says := e.found[1].What
		if !j.graphsAlone(at) {
			r, err := j.exec(ctx, j.module, j.mutants[some[k]].text, "Spec", at, j.properties.config(), nil)
			if err != nil {
				return err
			}
			if says, err = j.says(r); err != nil {
				return err
			}
		}
		noticed := says != "" || e.sums[1] != e.sums[0] && (at.compared() || e.sums[1].states != e.sums[0].states)
		if noticed != (v.End != alive) {
			return fmt.Errorf("%s: run together with others, the mutant is %s by %q; on its own, TLC reports %q, and the graphs of mutant and original are %v and %v", v.Name, v.End, v.What,
				says, e.sums[1], e.sums[0])
		}
		j.mu.Lock()
		defer j.mu.Unlock()
		j.compared++
		return nil
	})
}

// alone checks the liveness of one mutant, on its own and under fairness.
func (j *specJudge) alone(ctx context.Context, i int) error {
	for _, at := range j.liveAt {
		r := j.record(i, at)
		r.Suite = "liveness at " + r.Suite
		kept, ok := j.store.get(r)
		if !ok {
			says, err := j.alive(ctx, j.mutants[i].text, j.mutants[i].operator, at)
			switch {
			case err != nil:
				return err
			case says == "no TLA+":
				r.End, r.What = broken, says
			case says != "":
				r.End, r.By, r.What = killed, "liveness", says+" at "+at.String()
			}
			if err := j.store.put(r); err != nil {
				return err
			}
			kept = r
		}
		if kept.End != alive {
			j.note(i, kept)
			return nil
		}
	}
	return nil
}

// config returns the lines of a configuration that check the properties.
func (p properties) config() string {
	return fmt.Sprintf("INVARIANTS %s\nPROPERTIES %s\n", strings.Join(p.invariants, " "),
		strings.Join(p.steps, " "))
}
