package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ablyrooms.example/tests/frames/memnet"
)

// mostTries is how often a run is tried that shows a known failure in most tries.
const mostTries = 30

// settings say what of the suite is run.
type settings struct {
	only  *regexp.Regexp // names of runs with one fault; nil for all
	one   *plan          // this run and no other
	share float64        // of the runs with one fault, from 0 to 1
	pairs int            // how many runs with two faults
	seed  uint64         // chooses both
	told  func(done, of int, failed int)
}

// summary is what came of a suite.
type summary struct {
	scenarios, frames, faults int
	single, pairs             int // runs with one fault, and with two
	missed                    int // runs with one fault whose frame did not come
	calls, steps              int
	slowest                   time.Duration // in virtual time
	virtual                   time.Duration
	failed                    []result // not known
	known                     int      // failures that are known
	stale                     []known  // entries of that list that didn't fail
	trouble                   []string // with the suite itself
}

// suite runs each scenario plainly, then with each fault at each of its frames, then with pairs of faults.
func suite(t *testing.T, set settings) summary {
	network, hangUp := dialled()
	defer hangUp()
	random := rand.New(rand.NewPCG(set.seed, 0))
	sum := summary{faults: len(faults())}
	var singles []plan
	for _, s := range scenarios() {
		plain := run(t, network, plan{scenario: s})
		sum.scenarios++
		sum.add(plain)
		frames := names(plain.frames)
		sum.frames += len(frames)
		for _, f := range frames {
			for _, x := range faults() {
				if !x.channel || f.channel != "" {
					singles = append(singles, plan{s, []strike{{f, x}}})
				}
			}
		}
	}
	list := knownFailures()
	singles = slices.DeleteFunc(singles, func(p plan) bool {
		return set.only != nil && !set.only.MatchString(p.String()) || set.share < 1 && random.Float64() >= set.share
	})
	var fixed, shown []plan
	if set.one != nil {
		singles = []plan{*set.one}
	} else if set.only == nil {
		var trouble []string
		fixed, sum.trouble = plansOf(directed())
		shown, trouble = plansOf(witnesses(list))
		sum.trouble = append(sum.trouble, trouble...)
	}

	// A pair's second fault befalls a frame that crosses after the first, so the frames are those of the run with the first.
	seconds := make([]int, len(singles))
	for range set.pairs {
		if len(singles) > 0 {
			seconds[random.IntN(len(singles))]++
		}
	}
	var mu sync.Mutex
	done, of := 0, len(singles)+set.pairs+len(fixed)+len(shown)
	known := newKnownList(list)
	took := func(r result, pair bool) {
		mu.Lock()
		defer mu.Unlock()
		if pair {
			sum.pairs++
		} else {
			sum.single++
			sum.missed += r.missed
		}
		done++
		if len(r.problems) > 0 && known.explains(r) {
			sum.known++
			r.problems = nil
		}
		sum.add(r)
		if set.told != nil {
			set.told(done, of, len(sum.failed))
		}
	}
	for _, p := range fixed {
		took(run(t, network, p), true)
	}
	for _, p := range shown {
		// Which of ably-go's goroutines comes first decides whether a run shows its failure.
		r := run(t, network, p)
		for range mostTries {
			if len(r.problems) > 0 && (!known.explains(r) || known.met(p)) {
				break
			}
			r = run(t, network, p)
		}
		took(r, true)
	}
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range jobs {
				first := run(t, network, singles[i])
				for try := 0; try < 3 && first.missed > 0 && len(first.problems) == 0; try++ {
					first = run(t, network, singles[i]) // rooms that are busy at once may do without the frame
				}
				took(first, false)
				choose := rand.New(rand.NewPCG(set.seed, uint64(i+1)))
				for range seconds[i] {
					took(run(t, network, second(first, choose)), true)
				}
			}
		})
	}
	for i := range singles {
		jobs <- i
	}
	close(jobs)
	workers.Wait()
	if sum.missed*100 > sum.single {
		sum.trouble = append(sum.trouble, fmt.Sprintf("in %d of %d runs the fault's frame did not come", sum.missed, sum.single))
	}
	if len(shown) > 0 {
		sum.stale = known.unused()
	}
	return sum
}

// dialled returns a network by which ably-go dials until done is called: it dials by the default transport. Each run has addresses of its own,
// and no connection is kept for another run.
func dialled() (network *memnet.Net, done func()) {
	network, before := memnet.New(), http.DefaultTransport
	http.DefaultTransport = &http.Transport{DialContext: network.DialContext, DisableKeepAlives: true}
	return network, func() { http.DefaultTransport = before }
}

// second adds to a run with one fault another at a frame that crossed after it.
func second(first result, choose *rand.Rand) plan {
	p := plan{first.plan.scenario, slices.Clone(first.plan.strikes)}
	struck := p.strikes[0].frame
	frames := names(first.frames)
	if later := frames[slices.Index(frames, struck)+1:]; len(later) > 0 {
		f := later[choose.IntN(len(later))]
		var fit []fault
		for _, x := range faults() {
			if !x.channel || f.channel != "" {
				fit = append(fit, x)
			}
		}
		p.strikes = append(p.strikes, strike{f, fit[choose.IntN(len(fit))]})
	}
	return p
}

func (s *summary) add(r result) {
	s.calls += r.calls
	s.steps += r.steps()
	s.slowest = max(s.slowest, r.slowest)
	s.virtual += r.took
	if len(r.problems) > 0 {
		s.failed = append(s.failed, r)
	}
}

// good tells whether the suite passed.
func (s *summary) good() bool { return len(s.failed)+len(s.stale)+len(s.trouble) == 0 }

// String is the line of evidence.
func (s *summary) String() string {
	return fmt.Sprintf("EVIDENCE frames scenarios=%d frames=%d faults=%d runs=%d missed=%d pairs=%d failed=%d known=%d calls=%d steps=%d slowest=%s virtual=%s",
		s.scenarios, s.frames, s.faults, s.single, s.missed, s.pairs, len(s.failed), s.known, s.calls, s.steps, s.slowest.Round(time.Millisecond), s.virtual.Round(time.Minute))
}

// findings tells people what failed, the first few in full.
func (s *summary) findings(full int) string {
	var b strings.Builder
	for _, what := range s.trouble {
		fmt.Fprintf(&b, "TROUBLE %s\n", what)
	}
	for _, k := range s.stale {
		fmt.Fprintf(&b, "STALE a known failure did not fail, so take it off the list: %s: %s\n", k.witness, k.reason)
	}
	for i, r := range s.failed {
		fmt.Fprintf(&b, "FAILED %v\n", r.plan)
		for _, p := range r.problems {
			fmt.Fprintf(&b, "  %s\n", p)
		}
		if i < full {
			b.WriteString(r.report)
		}
	}
	return b.String()
}
