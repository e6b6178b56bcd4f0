package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"ablyrooms.example/lifecycle/trace"
	tla "ablyrooms.example/spec/TLA"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/wire/judge"
)

// judged is the verdict of TLC and of the model on a trace. They agree.
type judged struct {
	steps   []judge.Step // the steps of the model, one for each accepted line
	refused error        // why the next line is not a step; nil if all lines are accepted
	differs string       // what TLC expected instead of the next line, if tell was set
}

// judgeTraces lets the model and TLC check traces, and returns an error if they disagree.
func judgeTraces(ctx context.Context, tlc *tlcrun.TLC, tell bool, traces []trace.Trace) (
	[]judged, *verdict, error) {
	n := judge.NewNaming()
	all, lines := make([]judged, len(traces)), make([][]judge.Line, len(traces))
	for i, t := range traces {
		lines[i] = n.Lines(t)
		if all[i].steps, all[i].refused = judge.Lines(lines[i]); len(t.Lines) == 0 {
			all[i].refused = errors.New("it has no steps")
		}
	}
	v, err := newModule(n, lines).check(ctx, tlc, tell)
	for i := 0; err == nil && i < len(all); i++ {
		j, consumed := &all[i], 0
		consumed, j.differs = v.lines(i)
		if v.accepted(i) != (j.refused == nil) || tell && consumed != len(j.steps) {
			err = fmt.Errorf("TLC and the model disagree on trace %d (%s): TLC accepts %d lines, the model %d: %v, %s", i+1,
				traces[i].Label, consumed, len(j.steps), j.refused, j.differs)
		}
	}
	return all, v, err
}

// verdict is TLC's verdict on the traces of a module.
type verdict struct {
	module   *module
	consumed []bool   // by node: TLC accepted the line
	differs  []string // by node: the difference in its line, as TLC prints it
	result   *tlcrun.Result
}

// TLC breaks long values into several lines, and indents the further lines.
var (
	consumedLine = regexp.MustCompile(`(?m)^<<"consumed", (\d+)>>$`)
	differsLine  = regexp.MustCompile(`(?m)^<<\s*"differs",\s*(\d+).*(?:\n .*)*$`)
)

// check lets TLC check all traces in one run. It uses TraceSpec, or, if the text of the module
// Skipping is given, the spec of that module. The other specs are the embedded ones.
func (m *module) check(ctx context.Context, tlc *tlcrun.TLC, tell bool, skipping ...string) (*verdict, error) {
	dir, err := os.MkdirTemp("", "traces-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var text strings.Builder
	if err := errors.Join(os.CopyFS(dir, tla.FS), m.write(&text)); err != nil {
		return nil, err
	}
	name, specification := moduleName, "TraceSpec"
	files := map[string]string{moduleName + ".tla": text.String()}
	if len(skipping) > 0 {
		name, specification = "Skipping", "SkippingSpec"
		files["Skipping.tla"] = skipping[0]
	}
	files[name+".cfg"] = m.config(specification, tell)
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	config := filepath.Join(dir, name+".cfg")
	r, err := tlc.Exec(ctx, tlcrun.Job{Dir: dir, Module: name, Config: config, Workers: 1})
	if err != nil {
		return nil, err
	}
	if r.Exit != tlcrun.ExitOK || !r.NoError || r.Left != 0 || len(r.Errors) > 0 {
		lines := strings.Split(strings.TrimSpace(r.Output), "\n")
		return nil, fmt.Errorf("TLC did not finish: exit code %d, %s\n%s", r.Exit, strings.Join(r.Errors, "; "),
			strings.Join(lines[max(0, len(lines)-25):], "\n"))
	}
	v, err := m.parse(r.Output)
	if err == nil {
		v.result = r
	}
	return v, err
}

// parse reads what TLC printed.
func (m *module) parse(text string) (*verdict, error) {
	v := &verdict{module: m, consumed: make([]bool, len(m.nodes)), differs: make([]string, len(m.nodes))}
	each := func(pattern *regexp.Regexp, note func(node int, value string)) (err error) {
		for _, match := range pattern.FindAllStringSubmatch(text, -1) {
			if n, _ := strconv.Atoi(match[1]); n < 1 || n > len(m.nodes) {
				err = fmt.Errorf("TLC reports a line that does not exist: %s", match[0])
			} else {
				note(n-1, strings.Join(strings.Fields(match[0]), " "))
			}
		}
		return err
	}
	return v, errors.Join(each(consumedLine, func(n int, _ string) { v.consumed[n] = true }),
		each(differsLine, func(n int, value string) { v.differs[n] = value }))
}

// accepted reports whether TLC accepted all lines of a trace. A trace without lines is not
// accepted.
func (v *verdict) accepted(trace int) bool {
	path := v.module.paths[trace]
	return len(path) > 0 && v.consumed[path[len(path)-1]-1]
}

// lines returns the number of lines of a trace that TLC accepted, and the difference in the next
// line.
func (v *verdict) lines(trace int) (consumed int, differs string) {
	for _, n := range v.module.paths[trace] {
		if !v.consumed[n-1] {
			return consumed, v.differs[n-1]
		}
		consumed++
	}
	return consumed, ""
}
