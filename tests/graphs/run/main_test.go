package main

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"ablyrooms.example/internal/progress"
)

func output(t *testing.T, ctx context.Context, terminal bool, args string) (code int, text string) {
	t.Helper()
	var out bytes.Buffer
	bar := progress.StartOn(&out, terminal)
	code = run(ctx, strings.Fields(args), &out, &out, bar)
	bar.Stop()
	return code, out.String()
}

func TestWhatIsPrintedAndTheExitCode(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want []string
	}{
		{"explore -calls 2 -names 1", 0, []string{"complete", "rooms (2 calls, 1 names, 2 options)", "states/s", "128 bits"}},
		{"explore -check", 0, []string{"22,384", "EVIDENCE explore of=rooms machine=core calls=3"}},
		{"explore -calls 2 -machine model", 0, []string{"the model", "complete"}},
		{"explore -calls 2 -symmetry -against", 0, []string{"stand for"}},
		{"explore -calls 2 -refusals=false", 0, []string{"not tried"}},
		{"explore -calls 3 -max-states 500", 1, []string{"bounded", "more than 500 states"}},
		{"explore -calls 2 -check", 1, []string{`no entry "graph/rooms/2-2-2/states"`}},
		{"explore -plant early-dispose", 1, []string{"DisposeWaits fails", "  2  dispose(2) [", "but the core: settle(1, releasedBefore), settle(2, done)",
			"sequenceDiagram"}},
		{"explore -plant leak", 1, []string{"RefusedInputsChangeNothing fails"}},
		{"liveness -calls 2 -names 1", 0, []string{"OpeningEnds(1)  CallsSettle(1) fails: get(1, a, x); and then nothing"}},
		{"liveness -calls 4 -names 1 -options 1 -plant wedged", 1, []string{"NoWedge(2, waiting)", "sequenceDiagram", "for ever"}},
		{"explore -of roomstatus -calls 2 -promised -check", 0, []string{"14 properties", "2,663", "attachEnded"}},
		{"explore -of roomstatus -calls 2 -bare", 0, []string{"0 properties"}},
		{"explore -of roomstatus -calls 2 -plant forgotten", 1, []string{"SettledOnce fails", "  2  attachEnded(1) [S1 S5 S23]", "settle(1, failed(1))"}},
		{"liveness -of roomstatus -calls 2", 0, []string{"ReleaseDetaches  CallsSettle(1) fails", "detachEnded(1); retryDue"}},
		{"liveness -of channel -calls 2", 0, []string{"ServerAttaches   Heals fails", "of=channel-heals machine=core calls=2"}},
		{"explore -of channel -calls 1 -promised -plant no-fence", 1, []string{"NotByEarlierLife fails"}},
		{"liveness -of channel -calls 2 -plant stuck-detach", 1, []string{"CallsSettle(2) fails"}},
		{"liveness -of toy -plant last-first", 1, []string{"steps may come again and again"}},
		{"-h", 0, []string{"Usage: run", "-max-states"}},
		{"explore -calls 9", 2, []string{"out of range"}},
		{"explore -of abacus", 2, []string{`no machine is called "abacus"`}},
		{"explore -machine abacus", 2, []string{`no machine is called "abacus"`}},
		{"explore -plant rumour", 2, []string{`no fault is called "rumour"`, "early-dispose"}},
		{"explore -machine model -plant leak", 2, []string{"for the core"}},
		{"explore -of roomstatus -symmetry", 2, []string{"no symmetry"}},
		{"explore -of roomstatus -bare -promised", 2, []string{"it excludes Bare"}},
		{"explore now", 2, []string{"expected one of"}},
		{"", 2, []string{"expected one of"}},
		{"explore -none", 2, []string{"not defined"}},
	} {
		code, text := output(t, t.Context(), false, c.args)
		if code != c.code {
			t.Errorf("run %s: code %d, expected %d\n%s", c.args, code, c.code, text)
		}
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("run %s prints no %q:\n%s", c.args, want, text)
			}
		}
	}
}

func TestAnInterruptIsNoPass(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if code, text := output(t, ctx, false, "explore"); code != 1 || !strings.Contains(text, "stopped") {
		t.Errorf("code %d\n%s", code, text)
	}
}

func TestATerminalShowsABar(t *testing.T) {
	if _, text := output(t, t.Context(), true, "explore -calls 4 -symmetry"); !strings.Contains(text, "] ") ||
		!strings.Contains(text, " states/s, depth ") {
		t.Errorf("%q", text)
	}
}
