package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// verdict is what TLC said of a module's traces.
type verdict struct {
	module   *module
	consumed []bool   // by node, of those that TLC told of
	differs  []string // by node: what differs in its line, as TLC prints it
	result   *tlcrun.Result
}

var (
	consumedLine = regexp.MustCompile(`^<<"consumed", (\d+)>>$`)
	differsLine  = regexp.MustCompile(`^<<\s*"differs",\s*(\d+)`)
)

// check has TLC judge the traces, all in one run.
func (m *module) check(ctx context.Context, tlc *tlcrun.TLC, root string, tell bool, extra ...string) (*verdict, error) {
	dir, err := os.MkdirTemp("", "traces-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file, err := os.Create(filepath.Join(dir, moduleName+".tla"))
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriter(file)
	if err := errors.Join(m.write(buffer), buffer.Flush(), file.Close()); err != nil {
		return nil, err
	}
	name, specification := moduleName, "TraceSpec"
	if len(extra) > 0 { // another module, which extends this one, with a specification of its own
		name, specification = "Skipping", "SkippingSpec"
		if err := os.WriteFile(filepath.Join(dir, name+".tla"), []byte(extra[0]), 0o644); err != nil {
			return nil, err
		}
	}
	config := filepath.Join(dir, name+".cfg")
	if err := os.WriteFile(config, []byte(m.config(specification, tell)), 0o644); err != nil {
		return nil, err
	}
	r, err := tlc.Exec(ctx, tlcrun.Job{Dir: dir, Library: filepath.Join(root, "spec", "TLA"), Module: name, Config: config, Workers: 1})
	if err != nil {
		return nil, err
	}
	if r.Exit != tlcrun.ExitOK || !r.NoError || r.Left != 0 || len(r.Errors) > 0 {
		return nil, fmt.Errorf("TLC did not come to an end: exit code %d, %s\n%s", r.Exit, strings.Join(r.Errors, "; "), tail(r.Output))
	}
	v, err := m.parse(r.Output)
	if err != nil {
		return nil, err
	}
	v.result = r
	return v, nil
}

// parse reads what TLC printed.
func (m *module) parse(text string) (*verdict, error) {
	v := &verdict{module: m, consumed: make([]bool, len(m.nodes)), differs: make([]string, len(m.nodes))}
	of := func(pattern *regexp.Regexp, text string) (int, error) {
		match := pattern.FindStringSubmatch(text)
		if match == nil {
			return -1, nil
		}
		n, err := strconv.Atoi(match[1])
		if err != nil || n < 1 || n > len(m.nodes) {
			return 0, fmt.Errorf("TLC tells of a line that there is not: %s", text)
		}
		return n - 1, nil
	}
	for _, value := range printed(text) {
		n, err := of(consumedLine, value)
		if err != nil {
			return nil, err
		}
		if n >= 0 {
			v.consumed[n] = true
			continue
		}
		if n, err = of(differsLine, value); err != nil {
			return nil, err
		}
		if n >= 0 {
			v.differs[n] = value
		}
	}
	return v, nil
}

// printed returns the values that TLC printed, each on one line: it breaks long ones, and indents what follows.
func printed(text string) []string {
	var values []string
	open := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case strings.HasPrefix(line, "<<"):
			values, open = append(values, line), true
		case open && strings.HasPrefix(line, " "):
			values[len(values)-1] += " " + strings.TrimSpace(line)
		default:
			open = false
		}
	}
	return values
}

// accepted tells whether the last line of a trace was consumed. A trace without lines is not: it shows nothing.
func (v *verdict) accepted(trace int) bool {
	path := v.module.paths[trace]
	return len(path) > 0 && v.consumed[path[len(path)-1]-1]
}

// lines returns how many lines of a trace were consumed, where TLC was to tell, and what differs in the next one.
func (v *verdict) lines(trace int) (consumed int, differs string) {
	for _, n := range v.module.paths[trace] {
		if !v.consumed[n-1] {
			return consumed, v.differs[n-1]
		}
		consumed++
	}
	return consumed, ""
}

// tail returns the end of a text, for a message.
func tail(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-25):], "\n")
}
