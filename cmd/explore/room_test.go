package main

import (
	"strings"
	"testing"
)

func TestWhatIsPrintedOfOneRoom(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want []string // in either output
	}{
		{"-calls 2", 0, []string{"complete", "the core of one room (2 calls, 1 errors)", "12 properties", "attachEnded", "2,888"}},
		{"-calls 2 -promised", 0, []string{"14 properties", "2,663"}},
		{"-calls 2 -machine model -bare", 0, []string{"the model of one room (2 calls, 1 errors, bare)", "0 properties"}},
		{"-calls 2 -refusals=false", 0, []string{"not tried"}},
		{"-calls 2 -max-states 500", 1, []string{"bounded"}},
		{"-calls 2 -plant forgotten", 1, []string{"SettledOnce fails", "  2  attachEnded(1) [S1 S5 S23]", "settle(1, failed(1))"}},
		{"-calls 1 -plant leak", 1, []string{"RefusedInputsChangeNothing fails"}},
		{"-calls 2 -liveness", 0, []string{"every property holds", "ReleaseDetaches  CallsSettle(1) fails", "detachEnded(1); retryDue"}},
		{"-calls 1 -liveness -plant one-try", 1, []string{"fails", "nothing more need happen"}},
		{"-calls 1 -errors 0 -bare -dot -", 0, []string{"digraph"}},
		{"-errors 4", 2, []string{"out of range"}},
		{"-names 2", 2, []string{"-names is not for one room"}},
		{"-plant early-dispose", 2, []string{`no fault is called "early-dispose"`}},
		{"-machine model -plant leak", 2, []string{"for the core"}},
		{"-machine abacus", 2, []string{`no machine is called "abacus"`}},
		{"-bare -liveness", 2, []string{"-bare leaves out"}},
		{"-bare -promised", 2, []string{"no bare room"}},
		{"-of flat", 2, []string{"neither rooms nor room"}},
		{"-h", 0, []string{"-promised", "settled-twice"}},
	} {
		code, stdout, stderr := explorer(t, t.Context(), false, strings.Fields("-of room "+c.args)...)
		if code != c.code {
			t.Errorf("explore -of room %s: code %d, expected %d\n%s%s", c.args, code, c.code, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("explore -of room %s prints no %q:\n%s%s", c.args, want, stdout, stderr)
			}
		}
	}
}
