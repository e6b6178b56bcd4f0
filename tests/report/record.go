package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// record is the record of one step, kept in a file.
type record struct {
	Step     string
	Command  []string
	Exit     int
	Evidence []string `json:",omitempty"` // the EVIDENCE lines, without that word
	Caught   []string `json:",omitempty"` // planted faults that were caught, as "family: name"
	Passed   []string `json:",omitempty"` // tests, as package.Test, without the module's path
	Skipped  []string `json:",omitempty"`
}

// event is a line of the output of go test -json.
type event struct {
	Action, Package, Test, Output, ImportPath string
}

// recorder reads the output of a command, shows it, and makes the record.
type recorder struct {
	module string
	out    io.Writer
	record record
	held   map[string][]string // output of tests that have not ended yet, by test
}

// lines reads the output to its end.
func (r *recorder) lines(from io.Reader) error {
	in := bufio.NewScanner(from)
	in.Buffer(nil, 1<<26)
	for in.Scan() {
		r.line(in.Text())
	}
	return in.Err()
}

func (r *recorder) line(text string) {
	var e event
	if strings.HasPrefix(text, `{"`) && json.Unmarshal([]byte(text), &e) == nil && e.Action != "" {
		r.event(e)
		return
	}
	if !r.evidence(text) {
		fmt.Fprintln(r.out, text)
	}
}

// said matches a line that a step prints for its record, directly or in the log of a test.
var said = regexp.MustCompile(`^(?:\s+\S+\.go:\d+: )?(EVIDENCE|CAUGHT) (\S.*)`)

// evidence records an EVIDENCE or CAUGHT line, and reports whether to hide the line.
func (r *recorder) evidence(text string) (hide bool) {
	m := said.FindStringSubmatch(strings.TrimRight(text, "\n"))
	switch {
	case m == nil:
		return false
	case m[1] == "EVIDENCE":
		r.record.Evidence = append(r.record.Evidence, m[2])
		return false
	}
	r.record.Caught = append(r.record.Caught, m[2])
	return true
}

// event handles one event of go test -json, and prints the same output as go test without -json.
func (r *recorder) event(e event) {
	test := strings.TrimPrefix(strings.TrimPrefix(e.Package, r.module), "/") + "." + e.Test
	switch e.Action {
	case "output", "build-output":
		switch {
		case r.evidence(e.Output):
		case e.Action == "build-output" || e.Test == "" && showsPackage(e.Output):
			fmt.Fprint(r.out, e.Output)
		default: // output of a test, or of a package outside of its tests: shown only if it fails
			r.held[test] = append(r.held[test], e.Output)
		}
	case "pass", "skip", "fail":
		switch {
		case e.Test == "" && e.Action != "fail":
		case e.Action == "pass":
			r.record.Passed = append(r.record.Passed, test)
		case e.Action == "skip":
			r.record.Skipped = append(r.record.Skipped, test)
		default:
			for _, line := range r.held[test] {
				fmt.Fprint(r.out, line)
			}
		}
		delete(r.held, test)
	}
}

// showsPackage reports whether a line is about a whole package. go test prints such lines without
// -v.
func showsPackage(line string) bool {
	return strings.HasPrefix(line, "ok ") || strings.HasPrefix(line, "FAIL\t") || strings.HasPrefix(line, "---") || strings.HasPrefix(line, "panic") ||
		strings.Contains(line, "[no test files]")
}

// run runs a step, and writes its record.
func run(dir, module, step string, command []string, out io.Writer) (exit int, err error) {
	r := recorder{module: module, out: out, record: record{Step: step, Command: command}, held: map[string][]string{}}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	if err := r.lines(stdout); err != nil {
		return 0, errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	if err := cmd.Wait(); err != nil {
		failed, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			return 0, err
		}
		r.record.Exit = max(failed.ExitCode(), 1)
	}
	// Show the output of tests that were running when the process ended.
	if r.record.Exit != 0 {
		for _, lines := range r.held {
			fmt.Fprint(out, strings.Join(lines, ""))
		}
	}
	slices.Sort(r.record.Caught)
	slices.Sort(r.record.Passed)
	slices.Sort(r.record.Skipped)
	return r.record.Exit, keep(dir, r.record)
}

func keep(dir string, r record) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(logOf(dir, r.Step), text, 0o644)
}

// kept returns the records of all steps.
func kept(dir string) ([]record, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return nil, err
	}
	var records []record
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var r record
		if err := json.Unmarshal(text, &r); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		records = append(records, r)
	}
	return records, nil
}
