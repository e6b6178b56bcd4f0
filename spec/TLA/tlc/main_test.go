package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// command runs the command with its output in a file, and returns the exit code and what it wrote.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stdout"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var errs bytes.Buffer
	code = run(t.Context(), args, f, &errs)
	out, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, string(out), errs.String()
}

func TestList(t *testing.T) {
	code, out, errs := command(t, "-list")
	if code != 0 || errs != "" || !strings.Contains(out, "MCRooms_safety4 ") || !strings.Contains(out, "exit 13, NoWedge") ||
		!strings.Contains(out, "Canary_vacuous") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
}

func TestErrorsExitWith1(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no java
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-only", "^Other$"}, "no configuration"},
		{[]string{"-only", "("}, "parsing regexp"},
		{[]string{"-all"}, "not defined"},
		{[]string{"-only", "Canary_fair"}, "java IS MISSING"},
	} {
		if code, out, errs := command(t, c.args...); code != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("%v: exit %d, %s%s", c.args, code, out, errs)
		}
	}
}

func TestTable(t *testing.T) {
	ok := outcome{&tlcrun.Config{Name: "Good"}, &tlcrun.Result{Distinct: 1234567, Generated: 2345678, Depth: 17}, nil}
	twin := outcome{&tlcrun.Config{Name: "Twin", Violates: "Some"}, &tlcrun.Result{}, nil}
	bad := outcome{&tlcrun.Config{Name: "Bad"}, &tlcrun.Result{Trace: "State 1: the end", Progress: "Progress(3)"}, errors.New("exit code 12")}
	none := outcome{&tlcrun.Config{Name: "None"}, nil, errors.New("cancelled")}
	var b strings.Builder
	if failed := printTable(&b, []outcome{ok, twin, bad, none}); failed != 2 {
		t.Errorf("%d failed, expected 2", failed)
	}
	for _, want := range []string{"1,234,567 / 2,345,678", "rejects Some, as it must", "exit code 12", "State 1: the end", "Progress(3)",
		"cancelled", "2 passed, 2 failed\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}

func TestScreen(t *testing.T) {
	for _, terminal := range []bool{false, true} {
		var b strings.Builder
		s := &screen{out: &b, terminal: terminal}
		s.begin(1)
		s.started("One")
		s.progressed("One", "Progress(6) at 2000-01-01 00:00:00: 7,618 states generated (1 s/min), 5,183 distinct states found (1 ds/min), 3 left")
		s.finished(outcome{config: &tlcrun.Config{Name: "One"}})
		s.end()
		if plain := b.String() == "[ 1/1] One: ok\n"; plain == terminal {
			t.Errorf("on a terminal: %t; wrote %q", terminal, b.String())
		}
		if terminal && (!strings.Contains(b.String(), "5,183 states so far") || !strings.HasSuffix(b.String(), "\x1b[1A\x1b[J[ 1/1] One: ok\n")) {
			t.Errorf("wrote %q", b.String())
		}
	}
}
