package tlcrun

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Result is the result of a run of TLC.
type Result struct {
	Exit int
	// the number of states generated: one for each step from each state, and the initial state
	Generated   int
	Distinct    int      // distinct states
	Left        int      // the number of states that were found, but whose steps were not explored
	Depth       int      // the depth of the complete graph, in states; 0 if TLC didn't print it
	Violated    []string // the properties that TLC reports as violated, and Deadlock
	Temporal    bool     // TLC reports violated temporal properties, but not which
	NoError     bool     // TLC reports that it found no error
	Errors      []string // TLC's other complaints
	Trace       string   // the counterexample, as TLC prints it
	TraceLength int      // the number of its states, without a last "stuttering" or "back to state"
	Progress    string   // the last line of progress
	Output      string   // the whole output of TLC
	Time        time.Duration
	CPU         time.Duration // the CPU time of all threads of the JVM
}

var (
	summary   = regexp.MustCompile(`^([\d,]+) states generated, ([\d,]+) distinct states found, ([\d,]+) states left on queue\.`)
	progress  = regexp.MustCompile(`^Progress\(\d+\) at .*?: ([\d,]+) states generated.*, ([\d,]+) distinct states found`)
	depth     = regexp.MustCompile(`^The depth of the complete state graph search is ([\d,]+)\.`)
	violated  = regexp.MustCompile(`^Error: (?:Invariant|Action property|Property) (\S+) is violated`)
	traceHead = regexp.MustCompile(`^State \d+: `)
)

// ParseOutput reads TLC's output. If a number is missing, it returns 0 for it. So the result of a
// run that ended early differs from the expected one.
func ParseOutput(output string, exit int) *Result {
	r := &Result{Exit: exit, Output: output}
	var trace strings.Builder
	inTrace := false
	for line := range strings.Lines(output) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case summary.MatchString(line):
			m := summary.FindStringSubmatch(line)
			r.Generated, r.Distinct, r.Left = count(m[1]), count(m[2]), count(m[3])
			inTrace = false
		case progress.MatchString(line):
			r.Progress = line
			inTrace = false
		case depth.MatchString(line):
			r.Depth = count(depth.FindStringSubmatch(line)[1])
		case violated.MatchString(line):
			r.Violated = append(r.Violated, violated.FindStringSubmatch(line)[1])
		case strings.HasPrefix(line, "Error: Deadlock reached."):
			r.Violated = append(r.Violated, Deadlock)
		case strings.HasPrefix(line, "Error: Temporal properties were violated."):
			r.Temporal = true
		case strings.HasPrefix(line, "Error: The behavior up to this point is:"),
			strings.HasPrefix(line, "Error: The following behavior constitutes a counter-example:"):
			inTrace = true
		case strings.HasPrefix(line, "Error: "):
			r.Errors = append(r.Errors, strings.TrimPrefix(line, "Error: "))
		case strings.HasPrefix(line, "Model checking completed. No error has been found."):
			r.NoError = true
		case strings.HasPrefix(line, "Finished "):
			inTrace = false
		case inTrace:
			if traceHead.MatchString(line) && !strings.HasSuffix(line, ": Stuttering") {
				r.TraceLength++
			}
			trace.WriteString(line + "\n")
		}
	}
	r.Trace = strings.TrimSpace(trace.String())
	return r
}

// Progressed returns the numbers of generated and of distinct states in a line of progress.
func Progressed(line string) (generated, distinct int, ok bool) {
	m := progress.FindStringSubmatch(line)
	if m == nil {
		return 0, 0, false
	}
	return count(m[1]), count(m[2]), true
}

// count reads a number with commas, as TLC prints it.
func count(s string) int {
	n, err := strconv.Atoi(strings.ReplaceAll(s, ",", ""))
	if err != nil {
		return 0
	}
	return n
}

// Judge compares the result of a run with the one that its configuration states. If the
// configuration states none, the run must violate nothing. The error lists all differences.
func (c *Config) Judge(r *Result) error {
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if r.Exit != c.Exit {
		complain("exit code %d, expected %d", r.Exit, c.Exit)
	}
	for _, e := range r.Errors {
		complain("TLC says: %s", e)
	}
	names := slices.Clone(r.Violated)
	if r.Temporal {
		// TLC doesn't say which property: there is only one.
		if len(c.Temporal) == 1 {
			names = append(names, c.Temporal[0])
		} else {
			complain("a temporal property is violated, and TLC doesn't say which of %v", c.Temporal)
		}
	}
	switch {
	case c.Violates == "" && len(names) > 0:
		complain("%s violated, expected no violation", strings.Join(names, ", "))
	case c.Violates != "" && !slices.Equal(names, []string{c.Violates}):
		complain("violated: %v, expected %s", names, c.Violates)
	}
	if c.Violates == "" {
		if !r.NoError || r.Left != 0 {
			complain("TLC does not say that it visited all states and found no error")
		}
		if c.Distinct > 0 && r.Distinct != c.Distinct {
			complain("%d distinct states, expected %d", r.Distinct, c.Distinct)
		}
	} else if r.Trace == "" {
		complain("TLC printed no counterexample")
	}
	if c.Trace > 0 && r.TraceLength != c.Trace {
		complain("the counterexample has %d states, expected %d", r.TraceLength, c.Trace)
	}
	return errors.Join(errs...)
}
