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

	"ablyrooms.example/tests/conformance/internal/evidence"
)

// planted are faults of the kinds that only a goroutine layer has, with the test that finds each,
// and how: as a violation, a panic or a hang.
var planted = []struct{ name, test, how string }{
	{"lost-wake-up", "TestEveryEdge", "violation"},
	{"lost-wake-up-in-one-order", "TestEverySchedule", "violation"},
	{"double-settle", "TestEveryEdge", "panic"},
	{"double-settle-at-one-moment", "TestContextEndsAsItSettles", "panic"},
	{"lock-held-across-the-port", "TestEveryEdge", "hang"},
	{"lock-held-across-the-port-for-good", "TestDisposeUnderGets", "hang"},
	{"call-kept", "TestEveryEdge", "violation"},
}

// passages are where the faults lie in lifecycle/rooms.go: each stands there exactly once, and what
// takes its place does the same unless a fault is asked for.
var passages = map[string]string{
	"	if c.done != nil {\n		close(c.done)\n	}\n": `
	rare := r.core.Disposal() != fsm.NotDisposed && c.in.Kind == fsm.CallRelease && out.Kind == fsm.RejectedReleaseFailed
	lost := planted("lost-wake-up") || planted("lost-wake-up-in-one-order") && rare
	if c.done != nil && !lost {
		close(c.done)
	}
`,
	"			r.settle(out.Call, out.Outcome)\n": `
			r.settle(out.Call, out.Outcome)
			if planted("double-settle") {
				r.settle(out.Call, out.Outcome)
			}
`,
	"		if !c.settled { // else": `
		if !c.settled || planted("double-settle-at-one-moment") { // else`,
	"	room, err = r.backend.Open(l.ctx, l.name, l.options)\n": `
	if planted("lock-held-across-the-port") || planted("lock-held-across-the-port-for-good") {
		r.mu.Lock()
	}
	room, err = r.backend.Open(l.ctx, l.name, l.options)
	if planted("lock-held-across-the-port") {
		r.mu.Unlock()
	}
`,
	"	delete(r.calls, call)\n": `
	if !planted("call-kept") || out.Kind != fsm.GaveUp {
		delete(r.calls, call)
	}
`,
}

const plantedFile = `package lifecycle

import "os"

func planted(fault string) bool { return os.Getenv("PLANTED") == fault }
`

// build builds this package's tests with all of the faults in a copy of the library.
func build(t *testing.T) (binary string) {
	t.Helper()
	folder, err := filepath.Abs("../../../lifecycle")
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(folder, "rooms.go")
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	changed := string(text)
	for old, faulty := range passages {
		if n := strings.Count(string(text), old); n != 1 {
			t.Fatalf("the passage stands %d times in lifecycle/rooms.go, expected once:\n%s", n, old)
		}
		changed = strings.Replace(changed, old, faulty, 1)
	}
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{
		source: write("rooms.go", changed), filepath.Join(folder, "planted.go"): write("planted.go", plantedFile),
	}})
	if err != nil {
		t.Fatal(err)
	}
	binary = filepath.Join(dir, "suite")
	out, err := exec.Command("go", "test", "-c", "-overlay", write("overlay.json", string(plan)), "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("it does not compile:\n%s", out)
	}
	return binary
}

// try runs tests with a fault, and returns how that ended.
func try(binary, fault, test string, limit time.Duration) (how, output string) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "-test.run", "^"+test+"$", "-test.timeout", limit.String())
	cmd.Env = append(os.Environ(), "PLANTED="+fault)
	out, err := cmd.CombinedOutput()
	output = string(out)
	switch {
	case err == nil:
		return "nothing", output
	case ctx.Err() != nil || strings.Contains(output, "panic: test timed out") || strings.Contains(output, "hangs: "):
		return "hang", output
	case strings.Contains(output, "panic: ") || strings.Contains(output, " panics: "):
		return "panic", output
	case strings.Contains(output, "--- FAIL: "+test):
		return "violation", output
	}
	return "something else", output
}

// TestPlantedFaultsAreFound plants each fault, and shows that the schedules find it.
func TestPlantedFaultsAreFound(t *testing.T) {
	if !evidence.At(evidence.Check) || evidence.Race {
		t.Skip("builds this package with faults, which the race detector would find first: EVIDENCE=check")
	}
	binary := build(t)
	if how, out := try(binary, "", "(TestEveryEdge|TestContextEndsAsItSettles|TestDisposeUnderGets)", time.Minute); how != "nothing" {
		t.Fatalf("a %s is found where nothing is planted:\n%s", how, out)
	}
	for _, p := range planted {
		t.Run(p.name, func(t *testing.T) {
			limit := time.Minute
			if p.how == "hang" {
				limit = 4 * time.Second // without the fault it takes less than one
			}
			how, out := try(binary, p.name, p.test, limit)
			evidence.Print("planted", "fault", p.name, "by", p.test, "found", how)
			if how != p.how {
				t.Errorf("expected a %s, %s found: %s\n%s", p.how, p.test, how, out)
			}
		})
	}
}
