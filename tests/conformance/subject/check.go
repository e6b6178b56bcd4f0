package subject

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Result is what was tried and what was found.
type Result struct {
	Subject    string
	Exhaustive int // scripts, known ones included
	Random     int
	Steps      int
	Kept       map[Rule]int // how many scripts followed the rule, and showed it
	Violations []*Violation // the shortest of each class, by rule
}

// Scripts returns how many were run.
func (r Result) Scripts() int { return r.Exhaustive + r.Random }

// checker collects what the rigs find.
type checker struct {
	mu      sync.Mutex
	result  Result
	found   map[string]*Violation
	stopped map[string]bool // scripts after which a subject was not as the model has it
	plan    Plan
}

type job struct {
	script     Script
	exhaustive bool
}

// Check tries a subject by a plan. Its error is for what keeps scripts from being run, not for what is found.
func Check(ctx context.Context, command Command, plan Plan) (Result, error) {
	c := &checker{result: Result{Kept: map[Rule]int{}}, found: map[string]*Violation{}, stopped: map[string]bool{}, plan: plan}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	jobs := make(chan job)
	var working sync.WaitGroup
	for range max(1, plan.Rigs) {
		working.Go(func() {
			if err := c.work(ctx, command, jobs); err != nil {
				cancel(err)
			}
		})
	}
	c.feed(ctx, jobs)
	close(jobs)
	working.Wait()
	if err := context.Cause(ctx); err != nil {
		return c.result, err
	}
	return c.end(ctx, command)
}

// feed hands out the scripts.
func (c *checker) feed(ctx context.Context, jobs chan<- job) {
	send := func(j job) bool {
		select {
		case jobs <- j:
			return true
		case <-ctx.Done():
			return false
		}
	}
	for _, script := range c.plan.Known {
		if !send(job{script, true}) {
			return
		}
	}
	for _, b := range c.plan.All {
		for script := range exhaustive(b.Alphabet, b.Length) {
			if !c.known(script) && !send(job{script, true}) {
				return
			}
		}
	}
	for _, r := range c.plan.Random {
		for i := range r.Runs {
			if script := random(r.Alphabet, r.Length, c.plan.Seed, uint64(i)); !c.known(script) && !send(job{script: script}) {
				return
			}
		}
	}
}

// known tells whether the begin of a script was seen to leave a subject in a state that the model doesn't have: it would end there.
func (c *checker) known(script Script) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n := range script {
		if c.stopped[script[:n+1].String()] {
			return true
		}
	}
	return false
}

func (c *checker) work(ctx context.Context, command Command, jobs <-chan job) error {
	rig, err := NewRig(ctx, command, c.plan.Promises)
	if err != nil {
		return err
	}
	defer rig.Close()
	for j := range jobs {
		out, err := rig.Run(ctx, j.script)
		if err != nil {
			return errors.Join(errors.New("script "+j.script.String()), err)
		}
		c.take(rig.Subject(), j, out)
	}
	return nil
}

func (c *checker) take(subject string, j job, out Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.result.Subject = subject
	if j.exhaustive {
		c.result.Exhaustive++
	} else {
		c.result.Random++
	}
	c.result.Steps += out.Steps
	for _, rule := range out.Kept {
		c.result.Kept[rule]++
	}
	for i, v := range out.Violations {
		if out.Stopped && i == len(out.Violations)-1 {
			c.stopped[v.Script.String()] = true
		}
		old := c.found[v.Class]
		v.Scripts = 1
		if old != nil {
			v.Scripts += old.Scripts
			if !less(v.Script, old.Script) {
				old.Scripts++
				continue
			}
		}
		c.found[v.Class] = v
	}
	if c.plan.Progress != nil {
		c.plan.Progress(c.result.Scripts())
	}
}

// less orders scripts by length and then by their words, so that several rigs find the same.
func less(s, t Script) bool {
	if len(s) != len(t) {
		return len(s) < len(t)
	}
	return s.String() < t.String()
}

// end shortens what was found.
func (c *checker) end(ctx context.Context, command Command) (Result, error) {
	if len(c.found) == 0 {
		return c.result, nil
	}
	rig, err := NewRig(ctx, command, c.plan.Promises)
	if err != nil {
		return c.result, err
	}
	defer rig.Close()
	for _, class := range slices.Sorted(maps.Keys(c.found)) {
		v := c.found[class]
		script := Shorten(v.Script, func(script Script) bool {
			out, runErr := rig.Run(ctx, script)
			if runErr != nil {
				err = errors.Join(err, runErr)
				return false
			}
			for _, w := range out.Violations {
				// What shows only when all is let go at the end needs those steps as well.
				if w.Class == class && len(w.Script) <= len(script) {
					w.Scripts, v = v.Scripts, w
					return true
				}
			}
			return false
		})
		if err != nil {
			return c.result, err
		}
		if renamed := script.String(); renamed != v.Script.String() {
			v.Script = script
		}
		v.Shortest = slices.ContainsFunc(c.plan.All, func(b Bounds) bool { return b.covers(v.Script) })
		c.result.Violations = append(c.result.Violations, v)
	}
	order := Rules()
	slices.SortStableFunc(c.result.Violations, func(v, w *Violation) int {
		if d := slices.Index(order, v.Rule) - slices.Index(order, w.Rule); d != 0 {
			return d
		}
		return strings.Compare(v.Class, w.Class)
	})
	return c.result, nil
}
