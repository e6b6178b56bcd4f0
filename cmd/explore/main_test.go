package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ablyrooms.example/tests/explore/roomsmachine"
)

func explorer(t *testing.T, ctx context.Context, bar bool, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(ctx, args, &out, &err, bar)
	return code, out.String(), err.String()
}

func TestWhatIsPrintedAndTheExitCode(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want []string // in either output
	}{
		{"-calls 2 -names 1", 0, []string{"complete", "the core (2 calls, 1 names, 2 options)", "17 properties", "states/s", "collisions"}},
		{"-calls 2 -machine model -symmetry global", 0, []string{"the model (2 calls, 2 names, 2 options), symmetry global", "stand for"}},
		{"-calls 3 -lasting -symmetry by-name", 0, []string{"any number of calls (3 pending at a time"}},
		{"-calls 1 -lasting -plant half-released", 1, []string{"SixPairs fails", "release(2, a)", "sequenceDiagram"}},
		{"-calls 2 -refusals=false", 0, []string{"not tried"}},
		{"-calls 3 -max-states 500", 1, []string{"bounded", "more than 500 states"}},
		{"-calls 3 -plant early-dispose", 1, []string{"DisposeWaits fails", "  2  dispose(2)", "in step 2 the machine says: settle(1, releasedBefore), settle(2, done)", "sequenceDiagram", "Note over R: but DisposeWaits fails"}},
		{"-calls 3 -plant leak", 1, []string{"RefusedInputsChangeNothing fails"}},
		{"-calls 2 -names 1 -liveness", 0, []string{"every property holds", "OpeningEnds(1)  CallsSettle(1) fails: get(1, a, x); and then nothing, for ever"}},
		{"-calls 4 -names 1 -options 1 -liveness -plant wedged", 1, []string{"NoWedge(2, waiting)", "sequenceDiagram", "for ever"}},
		{"-calls 1 -names 1 -options 1 -dot -", 0, []string{"digraph", "s0 -> s1"}},
		{"-calls 4 -dot -", 1, []string{"more than 2000 states"}},
		{"-calls 2 -check", 1, []string{"no size is known"}},
		{"-h", 0, []string{"Usage: explore", "-max-memory", "early-dispose"}},
		{"-calls 9", 2, []string{"out of range"}},
		{"-machine abacus", 2, []string{`no machine is called "abacus"`}},
		{"-plant rumour", 2, []string{`no fault is called "rumour"`}},
		{"-symmetry none", 2, []string{`no symmetry is called "none"`}},
		{"-machine model -plant leak", 2, []string{"for the core"}},
		{"-lasting -liveness", 2, []string{"-lasting goes with"}},
		{"-saturation -check", 2, []string{"-saturation is of the core"}},
		{"now", 2, []string{`unexpected argument "now"`}},
		{"-none", 2, []string{"not defined"}},
	} {
		code, stdout, stderr := explorer(t, t.Context(), false, strings.Fields(c.args)...)
		if code != c.code {
			t.Errorf("explore %s: code %d, expected %d\n%s%s", c.args, code, c.code, stdout, stderr)
		}
		for _, want := range c.want {
			if !strings.Contains(stdout+stderr, want) {
				t.Errorf("explore %s prints no %q:\n%s%s", c.args, want, stdout, stderr)
			}
		}
	}
}

func TestCheckComparesWithTheKnownSize(t *testing.T) {
	b := roomsmachine.Bounds{Calls: 3, Names: 2, Options: 1}
	defer func() { delete(known, b) }()
	for size, code := range map[[2]uint64]int{{5612, 8981}: 0, {5613, 8981}: 1, {5612, 8980}: 1} {
		known[b] = size
		if got, stdout, stderr := explorer(t, t.Context(), false, "-options", "1", "-check", "-refusals=false"); got != code {
			t.Errorf("known as %v: code %d, expected %d\n%s%s", size, got, code, stdout, stderr)
		}
	}
}

func TestAnInterruptIsNoPass(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, stdout, _ := explorer(t, ctx, false); code != 1 || !strings.Contains(stdout, "stopped") {
		t.Errorf("code %d\n%s", code, stdout)
	}
	if code, _, stderr := explorer(t, ctx, false, "-saturation"); code != 1 || !strings.Contains(stderr, "stopped") {
		t.Errorf("code %d\n%s", code, stderr)
	}
}

func TestATerminalShowsABar(t *testing.T) {
	_, _, stderr := explorer(t, t.Context(), true)
	if !strings.Contains(stderr, "\r\x1b[K[") || !strings.Contains(stderr, "22,384 states") || !strings.HasSuffix(stderr, "\r\x1b[K") {
		t.Errorf("%q", stderr)
	}
	if _, _, stderr := explorer(t, t.Context(), false, "-calls", "2"); stderr != "" {
		t.Errorf("%q in a pipe", stderr)
	}
}

func TestADrawingGoesIntoAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rooms.dot")
	code, stdout, stderr := explorer(t, t.Context(), false, "-calls", "1", "-dot", file)
	drawn, err := os.ReadFile(file)
	if code != 0 || err != nil || !strings.HasPrefix(string(drawn), "digraph") || !strings.Contains(stdout, "dot -Tsvg") {
		t.Errorf("code %d, %v\n%s%s", code, err, stdout, stderr)
	}
}
