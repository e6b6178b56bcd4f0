package conformance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/model"
)

// Run tries a subject by [DefaultPlan], and fails the test with the first [Violation] that it
// finds. It logs what it tried, which promises were not judged, and which rules no script tested.
// If the subject doesn't make all promises, a pass lists the missing promises on standard output
// too, since the rules that need them were not checked.
func Run(t *testing.T, subject Subject) {
	t.Helper()
	r := Check(t, subject, DefaultPlan())
	if v := r.Violation(); v != nil {
		t.Fatal(v)
	}
	if made, all := subject.Promises.Made(); made < all {
		fmt.Printf("conformance: %s: no violation, but only %s\n", t.Name(), subject.Promises.Summary())
	} else {
		t.Log(subject.Promises.Summary())
	}
	t.Logf("no violation in %d exhaustive scripts and %d random scripts, seed %d", r.Exhaustive, r.Random, r.Seed)
	for _, rule := range Rules() {
		if rule != OptionsRule && r.State(rule) == Unobserved {
			t.Logf("no script showed whether %s is kept", rule)
		}
	}
}

// shortestLimit is the maximum number of shorter scripts that are tried after a random script has
// failed.
const shortestLimit = 20_000

// Check tries a subject until it finds a violation. It returns the violation in the result, and
// doesn't fail the test. If all scripts of the space are tried, the violation has a shortest script
// of that space. A random script that fails is shortened; Shortest says whether the result is a
// shortest script.
func Check(t *testing.T, subject Subject, plan Plan) Result {
	t.Helper()
	c := newChecker(plan, subject.Promises, machine{})
	play := func(script []model.Input) Outcome { return runInProcess(t, subject, script, true) }
	c.feed(func(script []model.Input, random bool) bool {
		if random && c.found[leftoverClass] != nil {
			return false
		}
		c.take(play(script), random)
		return c.worst() == nil
	})
	v := c.worst()
	if v == nil {
		v = c.found[leftoverClass]
	}
	if v == nil {
		return c.result
	}
	fails := func(script []model.Input) bool {
		out := play(script)
		if len(out.Violations) == 0 || (out.Violations[0].Kind == Leftover) != (v.Kind == Leftover) {
			return false
		}
		v = out.Violations[0]
		return true
	}
	if v.Shortest = c.covered(v.Script); !v.Shortest {
		c.start.shorten(v.Script, func(script []model.Input) bool {
			return c.promises.allow(c.start, script) && fails(script)
		})
		tried := 0
		for script := range shorter(v.Script, c.promises) {
			if tried++; tried > shortestLimit || fails(script) {
				break
			}
		}
		v.Shortest = tried <= shortestLimit
	}
	c.result.Violations = []*Violation{v}
	return c.result
}

// shorter yields all scripts that are shorter than the given one and use only its kinds of steps,
// its names and its options. Short scripts come first.
func shorter(script []model.Input, p Promises) func(yield func([]model.Input) bool) {
	space := Space{}
	add := func(list *[]string, s string) {
		if s != "" && !slices.Contains(*list, s) {
			*list = append(*list, s)
		}
	}
	for _, in := range script {
		space.Kinds = append(space.Kinds, in.Kind)
		space.Leases = space.Leases || in.Kind == model.KindAcquire
		if isCall(in.Kind) {
			space.Calls++
		}
		add(&space.Names, in.Name)
		add(&space.Options, in.Options)
	}
	return func(yield func([]model.Input) bool) {
		for space.Length = 1; space.Length < len(script); space.Length++ {
			for script := range space.all(machine{}, p, true) {
				if len(script) == space.Length && !yield(script) {
					return
				}
			}
		}
	}
}

// CheckProcess tries a subject in a process of its own. It doesn't stop at the first violation. The
// error says why scripts could not be run; the violations are in the result.
func CheckProcess(ctx context.Context, command Command, promises Promises, plan Plan) (Result, error) {
	c := newChecker(plan, promises, machine{wired: true})
	rig, err := NewRig(ctx, command, promises)
	if err != nil {
		return c.result, err
	}
	defer rig.Close()
	c.result.Subject = rig.subject
	c.feed(func(script []model.Input, random bool) bool {
		var out Outcome
		if out, err = rig.Run(ctx, script); err != nil {
			err = fmt.Errorf("script %s: %w", Text(script), err)
			return false
		}
		c.take(out, random)
		return true
	})
	if err != nil {
		return c.result, err
	}
	for _, class := range slices.Sorted(maps.Keys(c.found)) {
		v := c.found[class]
		c.start.shorten(v.Script, func(script []model.Input) bool {
			if !c.promises.allow(c.start, script) {
				return false
			}
			out, runErr := rig.Run(ctx, script)
			err = errors.Join(err, runErr)
			for _, w := range out.Violations {
				// A violation may occur only in the steps that Rig.Run adds at the end, when it
				// lets all held frames pass. Then its script is longer than the one that was tried,
				// and is not used.
				if runErr == nil && w.Class == class && len(w.Script) <= len(script) {
					w.Scripts, v = v.Scripts, w
					return true
				}
			}
			return false
		})
		if err != nil {
			return c.result, err
		}
		v.Shortest = c.covered(v.Script)
		c.result.Violations = append(c.result.Violations, v)
	}
	order := Rules()
	slices.SortStableFunc(c.result.Violations, func(v, w *Violation) int {
		return cmp.Or(slices.Index(order, v.rule())-slices.Index(order, w.rule()), strings.Compare(v.Class, w.Class))
	})
	return c.result, nil
}

// checker generates the scripts of a plan, and collects what they show.
type checker struct {
	plan     Plan
	promises Promises
	start    machine

	result  Result
	found   map[string]*Violation // by class
	stopped map[string]bool       // scripts that left a system in a state other than the model's
}

func newChecker(plan Plan, p Promises, start machine) *checker {
	if plan.Seed == 0 {
		plan.Seed = int(time.Now().UnixNano() >> 10)
	}
	return &checker{plan: plan, promises: p, start: start, found: map[string]*Violation{}, stopped: map[string]bool{},
		result: Result{Kept: map[Rule]int{}, Seed: plan.Seed}}
}

// feed calls send with each script of the plan, until send returns false. In process, the short
// scripts of a space come first, so that the first violation has a shortest script. A process is
// slow, so it gets only the longest scripts: their beginnings show what the shorter ones would
// show.
func (c *checker) feed(send func(script []model.Input, random bool) bool) {
	for _, script := range c.plan.Known {
		if !send(script, false) {
			return
		}
	}
	for _, s := range c.plan.Spaces {
		first := s.Length
		if !c.start.wired && s.Length > 0 {
			first = 1
		}
		for n := first; s.Runs == 0 && n <= s.Length; n++ {
			part := s
			part.Length = n
			for script := range part.all(c.start, c.promises, true) {
				again := n > first && len(script) < n
				if !again && !c.begunBadly(script) && !send(script, false) {
					return
				}
			}
		}
		for i := range s.Runs {
			script := s.random(c.start, c.promises, c.plan.Seed+i)
			if !c.begunBadly(script) && !send(script, true) {
				return
			}
		}
	}
}

// begunBadly reports whether the script begins with a script that has left a system in a state that
// the model doesn't have. Running the longer script would stop at the same step.
func (c *checker) begunBadly(script []model.Input) bool {
	for n := range script {
		if len(c.stopped) > 0 && c.stopped[Text(script[:n+1])] {
			return true
		}
	}
	return false
}

const leftoverClass = "leftover"

// take adds what a script showed to the result. It keeps one violation of each class: the one whose
// script comes first in the order of less.
func (c *checker) take(out Outcome, random bool) {
	if random {
		c.result.Random++
	} else {
		c.result.Exhaustive++
	}
	c.result.Steps += out.Steps
	for _, rule := range out.Kept {
		c.result.Kept[rule]++
	}
	for i, v := range out.Violations {
		if out.Stopped && i == len(out.Violations)-1 {
			c.stopped[v.Steps()] = true
		}
		if v.Kind == Leftover {
			v.Class = leftoverClass
		}
		v.Scripts = 1
		if old := c.found[v.Class]; old != nil {
			if !less(v.Script, old.Script) {
				old.Scripts++
				continue
			}
			v.Scripts += old.Scripts
		}
		c.found[v.Class] = v
	}
	if c.plan.Progress != nil {
		c.plan.Progress(c.result.Scripts())
	}
}

// worst returns a violation whose class is not leftoverClass, or nil. A goroutine that still waits
// at the end says less about the fault.
func (c *checker) worst() *Violation {
	for class, v := range c.found {
		if class != leftoverClass {
			return v
		}
	}
	return nil
}

// less reports whether s comes before t. Short scripts come first; scripts of the same length are
// ordered by their texts.
func less(s, t []model.Input) bool {
	if len(s) != len(t) {
		return len(s) < len(t)
	}
	return Text(s) < Text(t)
}

// covered reports whether the script belongs to a space whose scripts are all tried.
func (c *checker) covered(script []model.Input) bool {
	return slices.ContainsFunc(c.plan.Spaces, func(s Space) bool { return s.covers(script) })
}
