package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/proof"
)

// answering returns a command whose solver always gives the same answer.
func answering(t *testing.T, answer string) (*command, *bytes.Buffer) {
	t.Helper()
	solver := filepath.Join(t.TempDir(), "solver")
	script := "#!/bin/sh\ncat > /dev/null\necho '" + answer + "'\necho '(:rlimit 7)'\n"
	if err := os.WriteFile(solver, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	return &command{solver: solver, workers: 2, limit: 10, stdout: &out, stderr: &out}, &out
}

// TestOnlyUnsatProves checks that the command fails, with the name of the condition, if the answer
// is sat, unknown or missing.
func TestOnlyUnsatProves(t *testing.T) {
	proofs, err := proof.All("../../..")
	if err != nil {
		t.Fatal(err)
	}
	only := regexp.MustCompile(`: OneInUse by (GetOpens|GetWaits)$`)
	for answer, failures := range map[string]int{"unsat": 0, "sat": 2, "unknown": 2} {
		c, out := answering(t, answer)
		results, err := c.prove(t.Context(), proofs[0], only)
		if err != nil {
			t.Fatal(err)
		}
		if failed := printTable(out, proofs[0], results, 0); failed != failures || len(results) != 2 {
			t.Errorf("%s: %d of %d failed", answer, failed, len(results))
		}
		if told := strings.Contains(out.String(), "NOT PROVED Rooms: OneInUse by GetOpens"); told != (failures > 0) {
			t.Errorf("%s:\n%s", answer, out)
		}
	}
	c, _ := answering(t, `(error "line 1")`)
	if _, err := c.prove(t.Context(), proofs[0], only); err == nil {
		t.Error("the solver's error is not returned")
	}
}

// TestAFaultThatIsProvedFails checks that the command fails if the solver proves a condition that a
// planted fault breaks.
func TestAFaultThatIsProvedFails(t *testing.T) {
	for answer, failures := range map[string]int{"unsat": 4, "sat": 0, "unknown": 0} {
		c, out := answering(t, answer)
		c.planted = slices.Concat(proof.Faults[:2], proof.ChannelFaults[:2])
		failed, err := c.faults(t.Context(), "../../..")
		if err != nil || failed != failures {
			t.Errorf("%s: %d not noticed, %v\n%s", answer, failed, err, out)
		}
	}
}

// TestTheSolversHypothesesAreRead checks that the names of the used hypotheses are read from the
// solver's answer.
func TestTheSolversHypothesesAreRead(t *testing.T) {
	script := cored("(declare-const a Bool)\n; TypeOK\n(assert a)\n(assert (not a))\n(check-sat)\n")
	for _, line := range []string{"(assert (! a :named |TypeOK#1|))\n", "\n(assert (not a))\n", "(get-unsat-core)\n"} {
		if !strings.Contains(script, line) {
			t.Errorf("%q is not in\n%s", line, script)
		}
	}
	if got := core([]string{"(|TypeOK#1| OneInUse#2", "|the goal fails#3|)"}); len(got) < 2 || got[0] != "TypeOK" || got[1] != "OneInUse" {
		t.Errorf("%q", got)
	}
}
