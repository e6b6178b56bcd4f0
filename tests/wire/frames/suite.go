package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/wire/world"
)

// mostTries is how often a run is tried at most until it shows its known failure.
const mostTries = 30

// settings say what of the suite is run.
type settings struct {
	only  *regexp.Regexp // names of runs with one fault; nil for all
	one   *world.Plan    // this run and no other
	share float64        // of the runs with one fault, from 0 to 1
	pairs int            // how many runs with two faults
	seed  uint64         // chooses both
}

// summary is what came of a suite.
type summary struct {
	scenarios, frames, faults int
	single, pairs             int // runs with one fault, and with two
	missed                    int // runs with one fault whose frame did not come
	calls, steps              int
	slowest, virtual          time.Duration // in virtual time
	failed                    []world.Result
	known                     *world.KnownList
	knowns                    int      // runs that failed with a known failure
	trouble                   []string // with the suite, or with the list of known failures

	mu sync.Mutex
}

// suite runs each scenario plainly, with each fault at each of its frames, and with pairs of
// faults.
func suite(t *testing.T, set settings) *summary {
	random := rand.New(rand.NewPCG(set.seed, 0))
	sum := &summary{faults: len(world.Faults()), known: world.NewKnownList(world.KnownFailures())}
	var singles []world.Plan
	for _, s := range world.Scenarios() {
		plain := world.Run(t, world.Plan{Scenario: s})
		sum.scenarios++
		sum.add(plain)
		if s.Random {
			continue // no frame of it has a name
		}
		sum.frames += len(plain.Frames)
		for _, frame := range plain.Frames {
			for _, strike := range strikes(frame) {
				singles = append(singles, world.Plan{Scenario: s, Strikes: []world.Strike{strike}})
			}
		}
	}
	singles = slices.DeleteFunc(singles, func(p world.Plan) bool {
		return set.only != nil && !set.only.MatchString(p.String()) || set.share < 1 && random.Float64() >= set.share
	})
	var directed, witnesses []world.Plan
	if set.one != nil {
		singles = []world.Plan{*set.one}
	} else if set.only == nil {
		directed, witnesses = sum.plans(world.Directed()), sum.plans(world.Witnesses())
	}
	seconds := make([]int, len(singles)) // how many second faults each gets
	for range set.pairs {
		if len(singles) > 0 {
			seconds[random.IntN(len(singles))]++
		}
	}
	for _, p := range directed {
		sum.took(world.Run(t, p))
	}
	for _, p := range witnesses {
		r := world.Run(t, p)
		for range mostTries { // which of ably-go's goroutines comes first decides what a run shows
			name := p.String()
			if known := sum.known.Explain(name, r.Problems); !known || sum.known.Shown(name) {
				break
			}
			r = world.Run(t, p)
		}
		sum.took(r)
	}
	note := func() string {
		sum.mu.Lock()
		defer sum.mu.Unlock()
		return fmt.Sprintf("runs and pairs, %d failed", len(sum.failed))
	}
	workers := 2 * runtime.GOMAXPROCS(0)
	err := progress.Each(t.Context(), workers, len(singles), note, func(_ context.Context, _, i int) error {
		first := world.Run(t, singles[i])
		for try := 0; try < 3 && first.Missed > 0 && len(first.Problems) == 0; try++ {
			// rooms that are busy at the same time may not send the frame
			first = world.Run(t, singles[i])
		}
		sum.took(first)
		choose := rand.New(rand.NewPCG(set.seed, uint64(i+1)))
		for range seconds[i] {
			sum.took(world.Run(t, second(first, choose)))
		}
		return nil
	})
	if err != nil {
		sum.trouble = append(sum.trouble, err.Error())
	}
	if sum.missed*100 > sum.single {
		sum.trouble = append(sum.trouble, fmt.Sprintf("in %d of %d runs the fault's frame did not come", sum.missed, sum.single))
	}
	if len(witnesses) > 0 {
		sum.trouble = append(sum.trouble, sum.known.Unused()...)
	}
	sum.trouble = append(sum.trouble, sum.known.TooMany()...)
	return sum
}

// strikes returns each fault that can be injected at a frame, at that frame.
func strikes(frame world.FrameName) (all []world.Strike) {
	for _, f := range world.Faults() {
		if s := (world.Strike{Frame: frame, Fault: f}); s.Fits() {
			all = append(all, s)
		}
	}
	return all
}

// second adds to a run with one fault another at a frame that crossed after it.
func second(first world.Result, choose *rand.Rand) world.Plan {
	p := first.Plan
	p.Strikes = slices.Clone(p.Strikes)
	if later := first.Frames[slices.Index(first.Frames, p.Strikes[0].Frame)+1:]; len(later) > 0 {
		fit := strikes(later[choose.IntN(len(later))])
		p.Strikes = append(p.Strikes, fit[choose.IntN(len(fit))])
	}
	return p
}

// plans reads the names of runs.
func (s *summary) plans(names []string) (plans []world.Plan) {
	for _, n := range names {
		p, err := world.ParsePlan(n)
		if err != nil {
			s.trouble = append(s.trouble, err.Error())
			continue
		}
		plans = append(plans, p)
	}
	return plans
}

// took notes a run with faults.
func (s *summary) took(r world.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(r.Plan.Strikes) > 1 {
		s.pairs++
	} else {
		s.single++
		s.missed += r.Missed
	}
	if known := s.known.Explain(r.Plan.String(), r.Problems); known && len(r.Problems) > 0 {
		s.knowns++
		r.Problems = nil
	}
	s.add(r)
}

func (s *summary) add(r world.Result) {
	s.calls += r.Calls
	s.steps += r.Steps
	s.slowest = max(s.slowest, r.Slowest)
	s.virtual += r.Took
	if len(r.Problems) > 0 {
		s.failed = append(s.failed, r)
	}
}

// String is the line of evidence.
func (s *summary) String() string {
	return fmt.Sprintf("EVIDENCE frames scenarios=%d frames=%d faults=%d runs=%d missed=%d pairs=%d failed=%d known=%d calls=%d steps=%d slowest=%s virtual=%s",
		s.scenarios, s.frames, s.faults, s.single, s.missed, s.pairs, len(s.failed), s.knowns, s.calls, s.steps,
		s.slowest.Round(time.Millisecond), s.virtual.Round(time.Minute))
}

// findings describes what failed, the first few runs in full.
func (s *summary) findings(full int) string {
	var b strings.Builder
	for _, what := range s.trouble {
		fmt.Fprintf(&b, "TROUBLE %s\n", what)
	}
	for i, r := range s.failed {
		fmt.Fprintf(&b, "FAILED %v\n  %s\n", r.Plan, strings.Join(r.Problems, "\n  "))
		if i < full {
			b.WriteString(r.Report)
		}
	}
	return b.String()
}
