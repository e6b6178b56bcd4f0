package tlcrun

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The files in testdata are recorded outputs of TLC, without the lines that describe the machine.

func recorded(t *testing.T, name string, exit int) *Result {
	t.Helper()
	return ParseOutput(readText(t, filepath.Join("testdata", name+".txt")), exit)
}

func canary(t *testing.T, name string) *Config {
	t.Helper()
	c, err := ReadConfig(filepath.Join(specDir, "canary", name+".cfg"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseOutput(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]Result{
		"Canary_fair":      {Generated: 5, Distinct: 4, Depth: 4, NoError: true},
		"Canary_invariant": {Generated: 3, Distinct: 3, Depth: 3, TraceLength: 3, Violated: []string{"Small"}},
		"Canary_step":      {Generated: 5, Distinct: 4, Depth: 4, TraceLength: 5, Violated: []string{"NeverBack"}},
		"Canary_unfair":    {Generated: 5, Distinct: 4, TraceLength: 3, Temporal: true},
		"Canary_deadlock":  {Generated: 4, Distinct: 4, Depth: 4, TraceLength: 4, Violated: []string{Deadlock}},
	} {
		c := canary(t, name)
		r := recorded(t, name, c.Exit)
		want.Exit, want.Output, want.Trace, want.Progress = c.Exit, r.Output, r.Trace, r.Progress
		if !reflect.DeepEqual(*r, want) {
			t.Errorf("the output of %s was read as %+v, expected %+v", name, *r, want)
		}
		if err := c.Judge(r); err != nil {
			t.Errorf("%s: Judge returned %v", name, err)
		}
	}
	r := recorded(t, "Canary_unfair", ExitProperty)
	if !strings.HasPrefix(r.Trace, "State 1: <Initial predicate>\nx = 0") || !strings.HasSuffix(r.Trace, "State 4: Stuttering") {
		t.Errorf("the trace is\n%s", r.Trace)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	var seen []string
	o := &output{progress: func(line string) { seen = append(seen, line) }}
	text := readText(t, filepath.Join("testdata", "progress.txt"))
	for i := range text {
		o.Write([]byte(text[i : i+1]))
	}
	if len(seen) != 2 {
		t.Fatalf("progress was reported %d times, expected 2", len(seen))
	}
	if generated, distinct, ok := Progressed(seen[1]); generated != 1234567 || distinct != 568133 || !ok {
		t.Errorf("read %d generated and %d distinct states from %s", generated, distinct, seen[1])
	}
	if r := ParseOutput(text, 1); r.Progress != seen[1] {
		t.Errorf("the last progress is %q", r.Progress)
	}
}

// Judge returns an error for every result that is not exactly as stated.
func TestJudge(t *testing.T) {
	t.Parallel()
	fair, small := canary(t, "Canary_fair"), canary(t, "Canary_invariant")
	for _, c := range []struct {
		config *Config
		change func(c *Config, r *Result)
		want   string
	}{
		{fair, func(c *Config, r *Result) { c.Distinct++ }, "4 distinct states, expected 5"},
		{fair, func(c *Config, r *Result) { r.Exit = 1 }, "exit code 1, expected 0"},
		{fair, func(c *Config, r *Result) { *r = *ParseOutput("", 0) }, "does not say"},
		{fair, func(c *Config, r *Result) { r.Left = 1 }, "does not say"},
		{fair, func(c *Config, r *Result) { r.Errors = []string{"out of memory"} }, "out of memory"},
		{fair, func(c *Config, r *Result) { *r = *recorded(t, "Canary_unfair", ExitProperty) }, "ComesTo3 violated, expected no"},
		{fair, func(c *Config, r *Result) {
			*r = *recorded(t, "Canary_unfair", ExitProperty)
			c.Temporal = []string{"ComesTo3", "ComesToNil"}
		}, "TLC doesn't say which of"},
		{small, func(c *Config, r *Result) { r.Exit = 1 }, "exit code 1, expected 12"},
		{small, func(c *Config, r *Result) { c.Violates = "Bounded" }, "violated: [Small], expected Bounded"},
		{small, func(c *Config, r *Result) { r.Violated = append(r.Violated, "Bounded") }, "violated: [Small Bounded]"},
		{small, func(c *Config, r *Result) { c.Trace++ }, "3 states, expected 4"},
		{small, func(c *Config, r *Result) { *r = *ParseOutput("", ExitInvariant) }, "no counterexample"},
		{small, func(c *Config, r *Result) { *r = *recorded(t, "Canary_fair", 0) }, "violated: [], expected Small"},
		{small, func(c *Config, r *Result) { *r = *recorded(t, "Canary_deadlock", 11) }, "violated: [Deadlock], expected Small"},
	} {
		config, r := *c.config, recorded(t, c.config.Name, c.config.Exit)
		c.change(&config, r)
		wantError(t, config.Judge(r), c.want)
	}
}

func TestErrorsOfTheToolAreKept(t *testing.T) {
	t.Parallel()
	r := ParseOutput("Error: The invariant Nope specified in the configuration file\nis not defined in the specification.\n", 151)
	if len(r.Errors) != 1 || r.Violated != nil {
		t.Errorf("the output with another error was read as %+v", r)
	}
	r = ParseOutput("Error: Invariant Small is violated by the initial state:\nx = 0\n", 12)
	if !slices.Equal(r.Violated, []string{"Small"}) || len(r.Errors) != 0 {
		t.Errorf("a violation by the initial state was read as %+v", r)
	}
}

func TestAnotherJarIsRefused(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	dir := filepath.Join(root, ".cache", "tlc")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	jar := filepath.Join(dir, JarName)
	if err := os.WriteFile(jar, []byte("not TLC"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Fetch(context.Background(), root, io.Discard)
	wantError(t, err, "checksum")
	_, err = (&TLC{Java: "java", Jar: jar}).Exec(context.Background(), Job{})
	wantError(t, err, "checksum")
}

func TestWhatIsMissingIsSaidLoudly(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := New(context.Background(), t.TempDir(), io.Discard)
	wantError(t, err, "java IS MISSING")
	wantError(t, err, "mvn IS MISSING")
	wantError(t, err, "apt-get install")
}

func TestDumpIsForInvariantsOnly(t *testing.T) {
	t.Parallel()
	_, err := new(TLC).Dump(context.Background(), canary(t, "Canary_fair"), "x.dot")
	wantError(t, err, "has properties")
	_, err = new(TLC).Dump(context.Background(), canary(t, "Canary_eager"), "x")
	wantError(t, err, ".dot")
}
