package schedules

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// planted is a fault in a copy of lifecycle/rooms.go, of the kinds that only a goroutine layer has.
type planted struct {
	name     string
	old, new string // the passage, which stands there exactly once, and what takes its place
	test     string // what finds it
	how      string // violation, panic or hang
}

func faults() []planted {
	const wake = "	if c.done != nil {\n		close(c.done)\n	}\n"
	const port = "	room, err = r.backend.Open(l.ctx, l.name, l.options)\n"
	return []planted{
		{"lost-wake-up", wake, "", "TestEveryEdge", "violation"},
		{"lost-wake-up-in-one-order", wake, "	rare := r.core.Disposal() != fsm.NotDisposed && c.in.Kind == fsm.CallRelease && out.Kind == fsm.RejectedReleaseFailed\n" +
			"	if c.done != nil && !rare {\n		close(c.done)\n	}\n", "TestEverySchedule", "violation"},
		{"double-settle", "			r.settle(out.Call, out.Outcome)\n", "			r.settle(out.Call, out.Outcome)\n			r.settle(out.Call, out.Outcome)\n",
			"TestEveryEdge", "panic"},
		{"double-settle-at-one-moment", "		if !c.settled { // else", "		{ // else", "TestContextEndsAsItSettles", "panic"},
		{"lock-held-across-the-port", port, "	r.mu.Lock()\n" + port + "	r.mu.Unlock()\n", "TestEveryEdge", "hang"},
		{"lock-held-across-the-port-for-good", port, "	r.mu.Lock()\n" + port, "TestDisposeUnderGets", "hang"},
		{"call-kept", "	delete(r.calls, call)\n", "	if out.Kind != fsm.GaveUp {\n		delete(r.calls, call)\n	}\n", "TestEveryEdge", "violation"},
	}
}

// try builds this package with a fault planted, runs one test and tells how that ended. A build that fails is told apart, since it shows
// nothing; so is a test that does not come to an end.
func try(t *testing.T, p planted) (how, output string) {
	t.Helper()
	source, err := filepath.Abs("../../lifecycle/rooms.go")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), p.old); n != 1 {
		t.Fatalf("the passage stands %d times in lifecycle/rooms.go, expected once:\n%s", n, p.old)
	}
	dir := t.TempDir()
	copied, overlay, binary := filepath.Join(dir, "rooms.go"), filepath.Join(dir, "overlay.json"), filepath.Join(dir, "suite")
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{source: copied}})
	if err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string]string{copied: strings.Replace(string(text), p.old, p.new, 1), overlay: string(plan)} {
		if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("go", "test", "-c", "-overlay", overlay, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("it does not compile:\n%s", out)
	}
	limit := time.Minute
	if p.how == "hang" {
		limit = 8 * time.Second // without the fault it takes less than one
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "-test.run", "^"+p.test+"$", "-test.timeout", limit.String()).CombinedOutput()
	output = string(out)
	switch {
	case err == nil:
		return "nothing", output
	case ctx.Err() != nil || strings.Contains(output, "panic: test timed out") || strings.Contains(output, "hangs: "):
		return "hang", output
	case strings.Contains(output, "panic: ") || strings.Contains(output, " panics: "):
		return "panic", output
	case strings.Contains(output, "--- FAIL: "+p.test):
		return "violation", output
	}
	return "something else", output
}

// TestPlantedFaultsAreFound plants faults that only a goroutine layer has, and shows that the schedules find them.
func TestPlantedFaultsAreFound(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("builds this package once for each fault; without -short and -race")
	}
	control := faults()[0]
	control.new = control.old
	control.test = "(TestEveryEdge|TestContextEndsAsItSettles|TestDisposeUnderGets)"
	if how, out := try(t, control); how != "nothing" {
		t.Fatalf("a %s is found where nothing is planted:\n%s", how, out)
	}
	for _, p := range faults() {
		t.Run(p.name, func(t *testing.T) {
			how, out := try(t, p)
			evidence("planted", "fault", p.name, "by", p.test, "found", how)
			if how != p.how {
				t.Errorf("expected a %s, %s found: %s\n%s", p.how, p.test, how, out)
			}
		})
	}
}
