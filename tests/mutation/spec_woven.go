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

// exploration is what TLC found out about many changed specs in one run, or in a few: a run ends at
// the first spec that TLC can't parse or evaluate, and the next run leaves that spec out.
type exploration struct {
	found map[int]verdict // the verdicts on specs that are killed or broken, by number
	sums  map[int]sum     // the graphs of the other specs, and of the spec without a change (0)
}

var (
	brokenLine = regexp.MustCompile(`(?m)^<<"broken", (\d+), "(\w+)">>$`)
	manyLine   = regexp.MustCompile(`(?m)^<<"many", (\d+)>>$`)
	atLine     = regexp.MustCompile(`(?m)^<<"at", (\d+)>>$`)
	placeLine  = regexp.MustCompile(`(?i)\bline (\d+), col(?:umn)? \d+`)
	traceLine  = regexp.MustCompile(`(?m)^/\\ mutant = (\d+)$`)
)

// explore runs changed specs, woven into one. Each is explored until it breaks a property. With
// graphs, properties are not checked.
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
			return nil, fmt.Errorf("TLC ends with %d, and it is unknown at which change: %q\n%s", r.Exit, r.Errors, r.Output)
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

// culprit returns the change at which a run ended, or 0 if that is not known. It is the change
// whose state or text TLC names. If TLC was evaluating properties, it is the last change whose
// properties were evaluated.
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
		text = text[at:] // warnings come before, and may be about other changes
		if n := number(traceLine.FindStringSubmatch(text)); n > 0 {
			return n // an initial state, for which TLC prints no trace
		}
	}
	for _, m := range placeLine.FindAllStringSubmatch(text, -1) {
		line := number(m)
		if n := w.of(line); n > 0 {
			return n
		}
		judging = judging || line >= w.tail
	}
	// A step may keep the properties and lead to a state that TLC can't store.
	unsaved := strings.Contains(text, "TLC was unable to fingerprint")
	if (judging || unsaved) && r.Exit != exitParse {
		if all := atLine.FindAllStringSubmatch(r.Output, -1); len(all) > 0 {
			return number(all[len(all)-1])
		}
	}
	return 0
}
