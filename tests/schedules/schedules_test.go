package schedules

import (
	"fmt"
	"hash/fnv"
	"iter"
	"runtime"
	"sync"
	"testing"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// tally counts the schedules that were run.
type tally struct {
	mu       sync.Mutex
	run      int
	steps    int
	distinct map[uint64]bool
	digest   uint64 // the same for the same set of schedules, in whatever order they ran
	covered  map[int]bool
}

func (c *tally) add(script []model.Input, edges ...int) {
	var key []byte
	for _, in := range script {
		key = append(key, byte(in.Kind), byte(in.Call), byte(in.Incarnation))
		key = append(append(append(append(key, in.Name...), ' '), in.Options...), ';')
	}
	h := fnv.New64a()
	_, _ = h.Write(key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.run++
	c.steps += len(script)
	if sum := h.Sum64(); !c.distinct[sum] {
		c.distinct[sum] = true
		c.digest += sum
	}
	for _, e := range edges {
		c.covered[e] = true
	}
}

// schedule is a script to run, with the numbers of its edges if they are counted.
type schedule struct {
	script []model.Input
	edges  []int
}

// runAll runs schedules on as many bubbles at once as there are processors, up to the first violation.
func runAll(t *testing.T, subject conformance.Subject, all iter.Seq[schedule]) *tally {
	t.Helper()
	c := &tally{distinct: map[uint64]bool{}, covered: map[int]bool{}}
	queue := make(chan []schedule)
	failed := make(chan struct{})
	var once sync.Once
	t.Run("at once", func(t *testing.T) {
		for worker := range runtime.GOMAXPROCS(0) {
			t.Run(fmt.Sprint(worker), func(t *testing.T) {
				t.Parallel()
				for batch := range queue {
					for _, s := range batch {
						if v := conformance.RunScript(t, subject, s.script); v != nil {
							once.Do(func() { close(failed) })
							t.Error(v)
							return
						}
						c.add(s.script, s.edges...)
					}
				}
			})
		}
		go func() {
			defer close(queue)
			var batch []schedule
			send := func() bool {
				select {
				case queue <- batch:
					batch = nil
					return true
				case <-failed:
					return false
				}
			}
			for s := range all {
				if batch = append(batch, s); len(batch) == 64 && !send() {
					return
				}
			}
			send()
		}()
	})
	return c
}

// TestEveryEdge replays every edge of the small graph through the running library.
func TestEveryEdge(t *testing.T) {
	g := Rooms(Small()).Explore()
	for name, subject := range map[string]conformance.Subject{"observed": Subject(), "unobserved": Unobserved()} {
		t.Run(name, func(t *testing.T) {
			c := runAll(t, subject, func(yield func(schedule) bool) {
				for walk := range g.Cover() {
					if !yield(schedule{g.Inputs(walk), walk}) {
						return
					}
				}
			})
			evidence("edges", "subject", name, "calls", 3, "names", 2, "options", 2, "states", len(g.States), "edges", len(g.Edges),
				"covered", len(c.covered), "walks", c.run, "steps", c.steps)
			if len(c.covered) != len(g.Edges) {
				t.Errorf("%d of %d edges were covered", len(c.covered), len(g.Edges))
			}
		})
	}
	if len(g.Edges) != 37_567 || len(g.States) != 22_384 {
		t.Errorf("the graph has %d states and %d edges, expected 22384 and 37567", len(g.States), len(g.Edges))
	}
}

// space is a set of schedules: all orders of calls, of callers that give up, and of works that end well or badly, within bounds.
type space struct {
	name    string
	subject conformance.Subject
	bounds  model.Bounds
	machine Machine[model.State, model.Input]
	length  int // up to which
	want    int // how many they are, counted apart on the model's graph
	digest  string
	when    when
}

// when says in which runs a space is gone through: in every one, with the race detector only, where more than a quick share is asked
// for, or everything.
type when uint8

const (
	always when = iota
	raced
	inFull
	inAll
)

const whole = 1000 // longer than any

func spaces() []space {
	names, options := []string{"a", "b"}, []string{"x", "y"}
	four := model.Bounds{Calls: 4, Names: names, Options: options[:1]}
	fourOne := model.Bounds{Calls: 4, Names: names[:1], Options: options}
	return []space{
		{"3-calls", Subject(), Small(), Rooms(Small()), whole, 115_715, "f89ec5c5c7bdd5da", always},
		{"3-calls-5-inputs", Subject(), Small(), Rooms(Small()), 5, 13_199, "e70d01034d3d6cd8", raced},
		{"3-calls-unobserved", Unobserved(), Small(), Rooms(Small()), whole, 115_715, "f89ec5c5c7bdd5da", inFull},
		{"4-calls-1-name", Subject(), fourOne, Rooms(fourOne), whole, 160_750, "63b9973da8d290ad", inFull},
		{"4-calls-2-names-renamed-9-inputs", Subject(), four, Renamed(four), 9, 449_078, "b58877de02a69baa", inFull},
		{"4-calls-2-names-renamed", Subject(), four, Renamed(four), whole, 1_042_164, "97f717c72b523d4c", inAll},
	}
}

// TestEverySchedule runs all schedules of some spaces through the library. The number of each is asserted, and a digest of the set.
func TestEverySchedule(t *testing.T) {
	for _, s := range spaces() {
		t.Run(s.name, func(t *testing.T) {
			switch {
			case s.when == inAll && !*everything:
				t.Skip("takes minutes: EVIDENCE=all runs it")
			case s.when == inFull && !*full:
				t.Skip("a share that is not quick: EVIDENCE=full runs it")
			case (s.when == raced) != raceDetector && !*full:
				t.Skip("another share is run with the race detector than without")
			}
			c := runAll(t, s.subject, func(yield func(schedule) bool) {
				for script := range s.machine.Paths(s.length) {
					if !yield(schedule{script, nil}) {
						return
					}
				}
			})
			length := fmt.Sprint(s.length)
			if s.length == whole {
				length = "all"
			}
			digest := fmt.Sprintf("%016x", c.digest)
			evidence("schedules", "space", s.name, "calls", s.bounds.Calls, "names", len(s.bounds.Names), "options", len(s.bounds.Options), "length", length,
				"schedules", c.run, "distinct", len(c.distinct), "steps", c.steps, "digest", digest)
			if c.run != s.want || len(c.distinct) != s.want {
				t.Errorf("%d schedules, %d distinct, expected %d", c.run, len(c.distinct), s.want)
			}
			if digest != s.digest {
				t.Errorf("the digest of the set is %s, expected %s", digest, s.digest)
			}
		})
	}
}
