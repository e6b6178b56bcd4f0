package solver

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Answer is the solver's answer to a script.
type Answer struct {
	Verdict string   // unsat, sat or unknown
	Rest    []string // the lines after the verdict
	Steps   int      // how many steps of its limit the solver used; the same on every machine
	Took    time.Duration
}

// Options are the options of a run.
type Options struct {
	Seed  int
	Limit int // in the solver's own steps, so that the answer doesn't depend on the machine's load
}

// Ask runs the solver at path on a script. The script ends with a check-sat, and may then ask for
// details of the answer.
func Ask(ctx context.Context, path, script string, o Options) (Answer, error) {
	began := time.Now()
	head := fmt.Sprintf("(set-option :smt.random_seed %d)\n(set-option :sat.random_seed %d)\n(set-option :rlimit %d)\n",
		o.Seed, o.Seed, o.Limit)
	cmd := exec.CommandContext(ctx, path, "-in", "-smt2")
	script = strings.ReplaceAll(script, "(reset)\n", "(reset)\n"+head)
	cmd.Stdin = strings.NewReader(head + script + "(get-info :rlimit)\n")
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return Answer{}, context.Cause(ctx)
	}
	lines := strings.Split(strings.TrimSpace(string(bytes.ReplaceAll(out, []byte("\r"), nil))), "\n")
	a := Answer{Took: time.Since(began)}
	switch a.Verdict = lines[0]; a.Verdict {
	case "sat", "unsat", "unknown":
	default: // an error in the script: the solver reports it on standard output
		return a, fmt.Errorf("the solver says %s (%v)", lines[0], err)
	}
	for _, line := range lines[1:] {
		switch {
		case line == "sat" || line == "unknown": // one of several checks
			a.Verdict = line
			continue
		case strings.HasPrefix(line, "(error"):
			return a, fmt.Errorf("the solver says %s (%v)", line, err)
		}
		if _, err := fmt.Sscanf(line, "(:rlimit %d)", &a.Steps); err != nil {
			a.Rest = append(a.Rest, line)
		}
	}
	return a, nil
}
