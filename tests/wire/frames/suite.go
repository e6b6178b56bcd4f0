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

// mostTries is how often a run is repeated, at most, until it shows its known failure.
const mostTries = 30

// settings select the runs of the suite.
type settings struct {
	only  *regexp.Regexp // matches the names of the runs with one fault; nil for all
	one   *world.Plan    // the only run, or nil
	share float64        // the share of the runs with one fault that is run, from 0 to 1
	pairs int            // number of runs with two faults
	seed  uint64         // selects the runs of the share, and the pairs
}

// summary counts the runs of a suite, and has their failures.
type summary struct {
	scenarios, frames, faults int
	single, pairs             int // runs with one fault, and with two
	missed                    int // runs with one fault in which the fault's frame was not sent
	calls, steps              int
	slowest, virtual          time.Duration // in virtual time
	failed                    []world.Result
	known                     *world.KnownList
	knowns                    int // runs that failed with a known failure
	// problems of the suite itself, or of the list of known failures
	trouble []string

	mu sync.Mutex
}

// suite runs each scenario without a fault, then with each fault at each of its frames, and then
// with pairs of faults.
func suite(t *testing.T, set settings) *summary {
	random := rand.New(rand.NewPCG(set.seed, 0))
	sum := &summary{faults: len(world.Faults()), known: world.NewKnownList(world.KnownFailures())}
	var singles []world.Plan
	for _, s := range world.Scenarios() {
		plain := world.Run(t, world.Plan{Scenario: s})
		sum.scenarios++
		sum.add(plain)
		if s.Random {
			continue // the frames of a random scenario have no stable names
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
	seconds := make([]int, len(singles)) // number of second faults for each run
	for range set.pairs {
		if len(singles) > 0 {
			seconds[random.IntN(len(singles))]++
		}
	}
	for _, p := range directed {
		sum.count(world.Run(t, p))
	}
	for _, p := range witnesses {
		r := world.Run(t, p)
		for range mostTries { // the order of ably-go's goroutines decides whether a run fails
			name := p.String()
			if known := sum.known.Explain(name, r.Problems); !known || sum.known.Shown(name) {
				break
			}
			r = world.Run(t, p)
		}
		sum.count(r)
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
			// With several busy rooms, the frame is not sent in every run.
			first = world.Run(t, singles[i])
		}
		sum.count(first)
		choose := rand.New(rand.NewPCG(set.seed, uint64(i+1)))
		for range seconds[i] {
			sum.count(world.Run(t, second(first, choose)))
		}
		return nil
	})
	if err != nil {
		sum.trouble = append(sum.trouble, err.Error())
	}
	if sum.missed*100 > sum.single {
		sum.trouble = append(sum.trouble, fmt.Sprintf("too many runs sent no frame for their fault: %d of %d", sum.missed, sum.single))
	}
	if len(witnesses) > 0 {
		sum.trouble = append(sum.trouble, sum.known.Unused()...)
	}
	sum.trouble = append(sum.trouble, sum.known.TooMany()...)
	return sum
}

// strikes returns the faults that can be injected at a frame.
func strikes(frame world.FrameName) (all []world.Strike) {
	for _, f := range world.Faults() {
		if s := (world.Strike{Frame: frame, Fault: f}); s.Fits() {
			all = append(all, s)
		}
	}
	return all
}

// second returns the plan of a run with another fault, at a frame that crossed after the first
// fault.
func second(first world.Result, choose *rand.Rand) world.Plan {
	p := first.Plan
	p.Strikes = slices.Clone(p.Strikes)
	if later := first.Frames[slices.Index(first.Frames, p.Strikes[0].Frame)+1:]; len(later) > 0 {
		fit := strikes(later[choose.IntN(len(later))])
		p.Strikes = append(p.Strikes, fit[choose.IntN(len(fit))])
	}
	return p
}

// plans returns the plans of the runs with these names.
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

// count adds the result of a run with faults.
func (s *summary) count(r world.Result) {
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

// String returns the line of evidence that the register in tests/report contains.
func (s *summary) String() string {
	return fmt.Sprintf("EVIDENCE frames scenarios=%d frames=%d faults=%d runs=%d missed=%d pairs=%d failed=%d known=%d calls=%d steps=%d slowest=%s virtual=%s",
		s.scenarios, s.frames, s.faults, s.single, s.missed, s.pairs, len(s.failed), s.knowns, s.calls, s.steps,
		s.slowest.Round(time.Millisecond), s.virtual.Round(time.Minute))
}

// findings describes the failures, the first few with a full report.
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
