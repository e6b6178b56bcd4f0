package faults

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// run builds the suites with a fault planted, and then runs one test. A copy that does not compile shows nothing, so it is told apart.
func run(t *testing.T, f Fault, checks string) (passed bool, output string) {
	t.Helper()
	dir := t.TempDir()
	source, err := filepath.Abs(filepath.Join(root, f.File))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), f.Old); n != 1 {
		t.Fatalf("the passage stands %d times in %s, expected once:\n%s", n, f.File, f.Old)
	}
	planted := filepath.Join(dir, "planted.go")
	overlay := filepath.Join(dir, "overlay.json")
	binary := filepath.Join(dir, "suite.test")
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{source: planted}})
	if err != nil {
		t.Fatal(err)
	}
	for file, data := range map[string][]byte{planted: []byte(strings.Replace(string(text), f.Old, f.New, 1)), overlay: plan} {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	suite := "tests/graphs/goroutines"
	if f.Test == "TestCoreAgainstModel" {
		suite = "tests/graphs/rooms"
	}
	build := exec.Command("go", "test", "-c", "-vet=off", "-ldflags=-s -w", "-overlay", overlay, "-o", binary, "./"+suite)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the planted fault does not compile:\n%s", out)
	}
	test := exec.Command(binary, "-test.run", "^"+f.Test+"$", "-test.timeout", "60s", "-test.v", "-rapid.nofailfile", "-rapid.shrinktime", "300ms", "-rapid.checks", checks)
	test.Dir = filepath.Join(root, filepath.FromSlash(suite))
	out, err := test.CombinedOutput()
	return err == nil, string(out)
}

func TestPlantedFaultsAreCaught(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the suites once for each fault")
	}
	for _, f := range Faults() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			passed, out := run(t, f, "2000")
			switch {
			case passed:
				t.Fatalf("%s did not catch it", f.Test)
			case strings.Contains(out, "test timed out"):
				t.Fatalf("%s hung instead of catching it:\n%s", f.Test, out)
			case !strings.Contains(out, "--- FAIL: "+f.Test):
				t.Fatalf("%s did not fail, something else did:\n%s", f.Test, out)
			}
			t.Logf("caught by %s%s", f.Test, shortest(out))
		})
	}
}

// TestControlPasses shows that a copy without a fault passes, so that what the others report comes from their faults.
func TestControlPasses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the suites")
	}
	f := Faults()[0]
	f.New = f.Old
	for tests, n := range map[string]int{"TestCoreAgainstModel": 1,
		"(TestRoomsAgainstModel|TestInvalidGetLeavesNothing|TestEndedContextHasNoEffect)": 3} {
		f.Test = tests
		if passed, out := run(t, f, "500"); !passed || len(passedLine.FindAllString(out, -1)) != n {
			t.Fatalf("without a fault the suites failed, or one of them didn't run:\n%s", out)
		}
	}
}

var (
	passedLine = regexp.MustCompile(`(?m)^--- PASS: `)
	scriptLine = regexp.MustCompile(`(?m)^\s+\d+  \S.*$`)
)

// shortest finds the script in a report.
func shortest(out string) string {
	lines := scriptLine.FindAllString(out, -1)
	if len(lines) == 0 {
		return ""
	}
	return ":\n" + strings.Join(lines, "\n")
}
