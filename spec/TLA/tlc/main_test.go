package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// command runs the command, and returns the exit code and its output.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out bytes.Buffer
	code = run(t.Context(), args, &out, f)
	errs, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return code, out.String(), string(errs)
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
		{[]string{"-dir", "tlcrun"}, "tlcrun has no configurations"},
	} {
		if code, out, errs := command(t, c.args...); code != 1 || !strings.Contains(errs, c.want) {
			t.Errorf("with the arguments %v: exit code %d, output %s%s", c.args, code, out, errs)
		}
	}
}

// The command runs a folder of another project, whose configurations have no markers.
func TestAFolderOfAnybodys(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"Clock.tla":       "---- MODULE Clock ----\nVARIABLE x\nSpec == x = 0 /\\ [][x' = 1 - x]_x\n====\n",
		"Clock.cfg":       "SPECIFICATION Spec\n",
		"Clock_small.cfg": "\\* Of liveness.\nSPECIFICATION Spec\nCONSTRAINT Small\nPROPERTY Ticks\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	code, out, errs := command(t, "-dir", dir, "-list")
	lines := strings.Split(out, "\n")
	if code != 0 || len(lines) != 4 || !slices.Equal(strings.Fields(lines[1]), []string{"Clock", "no", "violation", "2"}) ||
		!slices.Equal(strings.Fields(lines[2]), []string{"Clock_small", "no", "violation", "1", "Of", "liveness."}) {
		t.Errorf("the list of another project: exit code %d, output\n%s%s", code, out, errs)
	}
	if err := os.WriteFile(filepath.Join(dir, "Other.cfg"), []byte("SPECIFICATION Spec\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, _, errs := command(t, "-dir", dir, "-list"); code != 1 || !strings.Contains(errs, "does not begin with the name of a module") {
		t.Errorf("a configuration named after no module: exit code %d, errors\n%s", code, errs)
	}
}

func TestTable(t *testing.T) {
	ok := outcome{&tlcrun.Config{Name: "Good"}, &tlcrun.Result{Distinct: 1234567, Generated: 2345678, Depth: 17}, nil}
	twin := outcome{&tlcrun.Config{Name: "Twin", Violates: "Some"}, &tlcrun.Result{}, nil}
	bad := outcome{&tlcrun.Config{Name: "Bad"}, &tlcrun.Result{Trace: "State 1: the end", Progress: "Progress(3)"}, errors.New("exit code 12")}
	none := outcome{&tlcrun.Config{Name: "None", Restricted: []string{"VIEW"}, Temporal: []string{"Ticks"}}, nil, errors.New("cancelled")}
	var b strings.Builder
	if failed := printTable(&b, []outcome{ok, twin, bad, none}); failed != 2 {
		t.Errorf("printTable counted %d failed runs, expected 2", failed)
	}
	for _, want := range []string{"1,234,567 / 2,345,678", "rejects Some, as it must", "exit code 12", "State 1: the end", "Progress(3)",
		"cancelled", "WARNING: it has properties and VIEW", "2 passed, 2 failed\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}
