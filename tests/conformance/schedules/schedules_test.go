package schedules

import (
	"fmt"
	"hash/fnv"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/internal/evidence"
	"ablyrooms.example/tests/report/golden"
)

// tally counts the schedules that were run.
type tally struct {
	mu       sync.Mutex
	run      int
	steps    int
	distinct map[uint64]bool
	digest   uint64 // the same for the same set of schedules, in whatever order they ran
	edges    int
	states   int
}

func (c *tally) add(s Schedule) {
	var key []byte
	for _, in := range s.Script {
		kind := byte(in.Kind)
		if in.Kind > model.KindReleaseIf { // KindReleaseIf, which no schedule has, takes no number
			kind--
		}
		key = append(key, kind, byte(in.Call), byte(in.Incarnation))
		key = append(append(append(append(key, in.Name...), ' '), in.Options...), ';')
	}
	h := fnv.New64a()
	_, _ = h.Write(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run++
	c.steps += len(s.Script)
	if sum := h.Sum64(); !c.distinct[sum] {
		c.distinct[sum] = true
		c.digest += sum
	}
	c.edges, c.states = c.edges+s.Edges, c.states+s.States
}

// runAll runs schedules until the first violation, in as many bubbles at the same time as there are
// processors.
func runAll(t *testing.T, subject conformance.Subject, all iter.Seq[Schedule]) *tally {
	t.Helper()
	c := &tally{distinct: map[uint64]bool{}}
	queue := make(chan Schedule, 64)
	var failed atomic.Bool
	t.Run("at once", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for s := range queue {
					if failed.Load() {
						continue
					}
					if v := conformance.RunScript(t, subject, s.Script); v != nil {
						failed.Store(true)
						t.Error(v)
					}
					c.add(s)
				}
			})
		}
		go func() {
			defer close(queue)
			for s := range all {
				if queue <- s; failed.Load() {
					return
				}
			}
		}()
	})
	return c
}

// TestEveryEdge runs lifecycle.Rooms along every edge of the small graph.
func TestEveryEdge(t *testing.T) {
	states, edges := golden.Int("graph/rooms/3-2-2/states"), golden.Int("graph/rooms/3-2-2/steps")
	for name, subject := range map[string]conformance.Subject{"observed": Subject(), "unobserved": Unobserved()} {
		t.Run(name, func(t *testing.T) {
			c := runAll(t, subject, Cover(Small()))
			evidence.Print("edges", "subject", name, "calls", 3, "names", 2, "options", 2, "states", c.states,
				"edges", edges, "covered", c.edges, "scripts", c.run, "steps", c.steps)
			if c.states != states || c.edges != edges {
				t.Errorf("%d of %d states and %d of %d edges were covered", c.states, states, c.edges, edges)
			}
		})
	}
}

// spaces are sets of schedules. Each has all orders of calls, of callers that give up, and of
// backend calls that succeed or fail, within bounds. The golden numbers say how many schedules each
// has.
func spaces() []space {
	names, options := []string{"a", "b"}, []string{"x", "y"}
	three := conformance.Space{Bounds: Small()}
	short := conformance.Space{Bounds: Small(), Length: 5}
	one := conformance.Space{Bounds: model.Bounds{Calls: 4, Names: names[:1], Options: options}}
	two := conformance.Space{Bounds: model.Bounds{Calls: 4, Names: names, Options: options[:1]}}
	nine := two
	nine.Length = 9
	leases := conformance.Space{Bounds: model.Bounds{Calls: 3, Names: names[:1], Options: options[:1]}, Leases: true}
	more := conformance.Space{Bounds: model.Bounds{Calls: 4, Names: names[:1], Options: options[:1]}, Leases: true, Length: 8}
	return []space{
		{"3-calls-5-inputs", Subject(), short, false, evidence.Quick},
		{"leases-3-calls", Subject(), leases, false, evidence.Quick},
		{"leases-4-calls-8-steps", Unobserved(), more, false, evidence.Full},
		{"3-calls", Subject(), three, false, evidence.Check},
		{"3-calls-unobserved", Unobserved(), three, false, evidence.Full},
		{"4-calls-1-name", Subject(), one, false, evidence.Full},
		{"4-calls-2-names-renamed-9-inputs", Subject(), nine, true, evidence.Full},
		{"4-calls-2-names-renamed", Subject(), two, true, evidence.All},
	}
}

type space struct {
	name    string
	subject conformance.Subject
	of      conformance.Space
	renamed bool           // schedules that differ only in names are run once
	from    evidence.Level // the level from which the space is run
}

// TestEverySchedule runs lifecycle.Rooms through all schedules of some spaces.
func TestEverySchedule(t *testing.T) {
	for _, s := range spaces() {
		t.Run(s.name, func(t *testing.T) {
			if !evidence.At(s.from) || evidence.Race && s.from > evidence.Quick {
				t.Skip("a larger bound: see EVIDENCE in internal/evidence; without the race detector")
			}
			c := runAll(t, s.subject, func(yield func(Schedule) bool) {
				for script := range conformance.Scripts(s.of, s.renamed) {
					if !yield(Schedule{Script: script}) {
						return
					}
				}
			})
			length, digest := fmt.Sprint(s.of.Length), fmt.Sprintf("%016x", c.digest)
			if s.of.Length == 0 {
				length = "all"
			}
			evidence.Print("schedules", "space", s.name, "calls", s.of.Calls, "names", len(s.of.Names),
				"options", len(s.of.Options), "length", length, "schedules", c.run, "distinct", len(c.distinct),
				"steps", c.steps, "digest", digest)
			want := golden.Int("schedules/" + s.name + "/count")
			if c.run != want || len(c.distinct) != want {
				t.Errorf("%d schedules, %d distinct, expected %d", c.run, len(c.distinct), want)
			}
			if want := golden.Text("schedules/" + s.name + "/digest"); digest != want {
				t.Errorf("the digest of the set is %s, expected %s", digest, want)
			}
		})
	}
}

// TestRandom tries longer random schedules.
func TestRandom(t *testing.T) {
	plan := conformance.Plan{Seed: 1, Spaces: conformance.DefaultPlan().Spaces[1:]}
	plan.Spaces[0].Runs, plan.Spaces[0].Calls = 2000, 24
	switch {
	case evidence.At(evidence.Full):
		plan.Spaces[0].Runs = 50_000
	case evidence.Race:
		plan.Spaces[0].Runs = 500
	}
	r := conformance.Check(t, Subject(), plan)
	if v := r.Violation(); v != nil {
		t.Fatal(v)
	}
	evidence.Print("random", "runs", r.Random, "steps", r.Steps, "calls", plan.Spaces[0].Calls)
	for _, rule := range conformance.Rules() {
		if rule != conformance.OptionsRule && r.State(rule) != conformance.Kept {
			t.Errorf("no script showed that %s is kept", rule)
		}
	}
}
