package main

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"strconv"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// exploration is what TLC found of many changed specs in one run, or in as few as it takes: a run
// ends at the first spec that is no TLA+ or that TLC can't evaluate, and goes on without that one.
type exploration struct {
	found map[int]verdict // what is killed or broken, by number
	sums  map[int]sum     // of the others, and of 0, the spec without a change
}

var (
	brokenLine = regexp.MustCompile(`(?m)^<<"broken", (\d+), "(\w+)">>$`)
	manyLine   = regexp.MustCompile(`(?m)^<<"many", (\d+)>>$`)
	atLine     = regexp.MustCompile(`(?m)^<<"at", (\d+)>>$`)
	placeLine  = regexp.MustCompile(`(?i)\bline (\d+), col(?:umn)? \d+`)
	traceLine  = regexp.MustCompile(`(?m)^/\\ mutant = (\d+)$`)
)

// explore runs changed specs woven into one, each as far as it keeps the properties; with graphs,
// without looking at properties.
func (c *checker) explore(ctx context.Context, changed map[int]string, at stage, graphs bool) (*exploration, error) {
	e := &exploration{found: map[int]verdict{}}
	left := maps.Clone(changed)
	for {
		w, err := weaveTLA(c.source, left, c.properties, c.most, at.levels())
		if err != nil {
			return nil, err
		}
		check := "CONSTRAINT Alive\nINVARIANT Counted\n"
		if !graphs {
			check += "INVARIANT StatesHold\nACTION_CONSTRAINT StepsHold\n"
		}
		r, err := c.exec(ctx, wovenModule, w.text, "WovenSpec", at, check,
			func(dump string) (err error) { e.sums, err = sums(dump); return err })
		if err != nil {
			return nil, err
		}
		for _, m := range brokenLine.FindAllStringSubmatch(r.Output, -1) {
			n, _ := strconv.Atoi(m[1])
			if n == 0 {
				return nil, fmt.Errorf("the spec without a change breaks %s at %s", m[2], at)
			}
			e.found[n] = verdict{End: killed, By: "property", What: m[2] + " at " + at.String()}
			delete(left, n)
		}
		for _, m := range manyLine.FindAllStringSubmatch(r.Output, -1) {
			n, _ := strconv.Atoi(m[1])
			if n == 0 {
				return nil, fmt.Errorf("the spec without a change has %d states at %s", c.most, at)
			}
			if _, known := e.found[n]; !known {
				e.found[n] = verdict{End: killed, By: "graph", What: fmt.Sprintf("%d states at %s", c.most, at)}
			}
			delete(left, n)
		}
		if clean(r) {
			return e, e.check(left)
		}
		n := w.culprit(r)
		switch {
		case n == 0:
			return nil, fmt.Errorf("TLC ends with %d, at no change: %q\n%s", r.Exit, r.Errors, r.Output)
		case r.Exit == exitParse:
			e.found[n] = verdict{End: broken, What: "no TLA+"}
		case cannotEvaluate.MatchString(r.Output):
			e.found[n] = verdict{End: killed, By: "error", What: "TLC can't evaluate it at " + at.String()}
		default:
			return nil, fmt.Errorf("TLC ends with %d: %q\n%s", r.Exit, r.Errors, r.Output)
		}
		delete(left, n)
	}
}

func (e *exploration) check(left map[int]string) error {
	for n := range left {
		if e.sums[n].states == 0 {
			return fmt.Errorf("the run has no states of change %d", n)
		}
	}
	if e.sums[0].states < 2 {
		return fmt.Errorf("the run has no states of the spec without a change")
	}
	return nil
}

// culprit returns the change that a run ended at: the one whose state or whose text TLC names, or,
// when it was evaluating properties, the last one that they were evaluated of. 0 when it is not
// known.
func (w *wovenSpec) culprit(r *tlcrun.Result) int {
	number := func(m []string) int {
		if m == nil {
			return 0
		}
		n, _ := strconv.Atoi(m[1])
		return n
	}
	if n := number(traceLine.FindStringSubmatch(r.Trace)); n > 0 {
		return n
	}
	text, judging := r.Output, false
	if at := strings.Index(text, "\nError: "); at > 0 && r.Exit != exitParse {
		text = text[at:] // what comes before are warnings, of others
		if n := number(traceLine.FindStringSubmatch(text)); n > 0 {
			return n // of an initial state, which is no trace
		}
	}
	for _, m := range placeLine.FindAllStringSubmatch(text, -1) {
		line := number(m)
		if n := w.of(line); n > 0 {
			return n
		}
		judging = judging || line >= w.tail
	}
	// A step that keeps to the properties may lead to a state that TLC can't take in.
	unsaved := strings.Contains(text, "TLC was unable to fingerprint")
	if (judging || unsaved) && r.Exit != exitParse {
		if all := atLine.FindAllStringSubmatch(r.Output, -1); len(all) > 0 {
			return number(all[len(all)-1])
		}
	}
	return 0
}
