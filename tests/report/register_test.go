package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/tests/report/golden"
)

const root = "../.."

const sample = `{
  "Machines": [{"Name": "Rooms", "Document": "rooms.md", "Twin": "Twin_", "Tests": ["model.TestWalk"]}],
  "Evidence": {
    "tlc": ["tlc configurations=35"],
    "equality": [
      "equality states=@graph/rooms/4-2-2/states differences=false",
      "equality states>=6000 differences=false"
    ],
    "tests": ["share edges>=0.9"]
  },
  "Skips": [
    {"Step": "tests", "Test": "tests/linear.TestFull", "Why": "takes minutes", "Instead": "make evidence"},
    {"Step": "tests", "Test": "tests/linear.TestSlow", "Why": "slow there", "Instead": "plain"}
  ]
}`

const document = `
## What must hold

- **OneInUse, OneReleasing**: a name has at most one of each,
  and no more. [CHA-RC1]

## Other

- **NoProperty**: here.
`

// readSample reads a register with a document that lists its properties.
func readSample(t *testing.T, text, document string) (*register, error) {
	t.Helper()
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "rooms.md"), []byte(document), 0o644); err != nil {
		t.Fatal(err)
	}
	report := filepath.Join(root, "tests", "report")
	if err := os.MkdirAll(report, 0o755); err != nil {
		t.Fatal(err)
	}
	const table = "| RTL1 | what | `chat.TestX[RTL1]`, `model.TestWalk` |\n"
	if err := os.WriteFile(filepath.Join(report, "coverage-sample.md"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
	return readRegister([]byte(text), root)
}

// good returns records that match the sample register.
func good() []record {
	return []record{
		{Step: "tlc", Evidence: []string{`tlc configurations=35 seconds=90`},
			Caught: []string{"twin: Twin_OneInUse", "twin: Twin_OneReleasing"}},
		{Step: "equality", Evidence: []string{
			fmt.Sprintf(`equality states=%d differences=false`, golden.Int("graph/rooms/4-2-2/states")),
			`equality states=6680 differences=false`,
		}},
		{Step: "tests", Evidence: []string{`share edges=95/100 of="the small graph"`},
			Passed: []string{"model.TestWalk", "chat.TestX"}, Skipped: []string{"tests/linear.TestFull", "tests/linear.TestSlow"}},
		{Step: "plain", Passed: []string{"tests/linear.TestSlow"}},
	}
}

// The check complains about evidence that is missing, empty, too little or unknown, and about
// skipped tests.
func TestWhatIsNotAsTheRegisterSaysIsFound(t *testing.T) {
	reg, err := readSample(t, sample, document)
	if err != nil {
		t.Fatal(err)
	}
	compare := func(records []record) []string {
		names, err := caught(records)
		if err != nil {
			t.Fatal(err)
		}
		return reg.compare(records, names)
	}
	if complaints := compare(good()); complaints != nil {
		t.Fatalf("complaints without a reason: %q", complaints)
	}
	evidence := func(step int, lines ...string) func([]record) []record {
		return func(r []record) []record { r[step].Evidence = lines; return r }
	}
	for _, c := range []struct {
		what  string
		spoil func([]record) []record
		says  string
	}{
		{"a step that did not run", func(r []record) []record { return r[1:] }, "step tlc did not run"},
		{"a step that failed", func(r []record) []record { r[0].Exit = 1; return r }, "step tlc ended with code 1"},
		{"no evidence", evidence(0), "printed no evidence tlc"},
		{"empty evidence", evidence(0, "tlc"), "printed no evidence tlc"},
		{"another number", evidence(0, "tlc configurations=34"), "no row of the register allows"},
		{"too little", evidence(1, "equality states=6680 differences=false"), fmt.Sprintf("with [states=%d", golden.Int("graph/rooms/4-2-2/states"))},
		{"a share below its floor", evidence(2, "share edges=89/100"), "no row of the register allows"},
		{"a difference", evidence(1, "equality states=6680 differences=true"), "no row of the register allows"},
		{"unknown evidence", evidence(0, "tlc configurations=35", "more x=1"), "no row of the register allows"},
		{"a test that did not run", func(r []record) []record { r[2].Passed = nil; return r },
			"model.TestWalk did not run and pass"},
		{"a covering test that did not run", func(r []record) []record { r[2].Passed = []string{"model.TestWalk"}; return r },
			"chat.TestX, which a coverage table names, did not run and pass"},
		{"a twin that is not rejected", func(r []record) []record { r[0].Caught = r[0].Caught[1:]; return r },
			"the broken twin of OneInUse"},
		{"a test skipped unexpectedly", func(r []record) []record {
			r[2].Skipped = append(r[2].Skipped, "fsm.TestX")
			return r
		}, "skipped fsm.TestX"},
		{"a skip that runs nowhere", func(r []record) []record { return r[:3] },
			"TestSlow did not run and pass in step plain"},
		{"a skip that is over", func(r []record) []record { r[2].Skipped = nil; return r }, "did not skip"},
	} {
		if complaints := compare(c.spoil(good())); !strings.Contains(strings.Join(complaints, "\n"), c.says) {
			t.Errorf("%s: compare returned the complaints %q", c.what, complaints)
			continue
		}
		fmt.Println("CAUGHT register:", c.what)
	}
}

func TestBadRegistersAreRefused(t *testing.T) {
	for what, change := range map[string][2]string{
		"a machine without a test":     {`"model.TestWalk"`, ""},
		"evidence without a condition": {"configurations=35", ""},
		"a condition that is none":     {"configurations=35", "35"},
		"a skip without a reason":      {"takes minutes", ""},
		"a field that isn't known":     {`"Skips"`, `"Skipped"`},
		"a document that isn't there":  {"rooms.md", "room.md"},
	} {
		if _, err := readSample(t, strings.Replace(sample, change[0], change[1], 1), document); err == nil {
			t.Errorf("readRegister accepts a register with %s", what)
		}
	}
	if _, err := readSample(t, sample, "nothing"); err == nil {
		t.Error("readRegister accepts a document without properties")
	}
}

// The recorder keeps evidence from plain output and from the events of go test -json, and shows the
// output of failed tests.
func TestRecording(t *testing.T) {
	dir := t.TempDir()
	script := `echo 'EVIDENCE plain n=1'
echo 'CAUGHT twin: One'
echo '{"Action":"output","Package":"m/a","Test":"TestOne","Output":"    a_test.go:1: EVIDENCE logged n=2\n"}'
echo '{"Action":"output","Package":"m/a","Test":"TestOne","Output":"CAUGHT fault: a b\n"}'
echo '{"Action":"pass","Package":"m/a","Test":"TestOne"}'
echo '{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"why\n"}'
echo '{"Action":"fail","Package":"m/a","Test":"TestTwo"}'
echo '{"Action":"skip","Package":"m/a","Test":"TestThree"}'
echo '{"Action":"output","Package":"m/a","Output":"a leak\n"}'
echo '{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\n"}'
echo '{"Action":"fail","Package":"m/a"}'
echo '{"Action":"output","Package":"m/b","Output":"talk\n"}'
echo '{"Action":"output","Package":"m/b","Output":"ok  \tm/b\n"}'
echo '{"Action":"pass","Package":"m/b"}'
exit 3`
	var out strings.Builder
	exit, err := run(dir, "m", "step", []string{"bash", "-c", script}, &out)
	if err != nil || exit != 3 {
		t.Fatalf("run returned the exit code %d and %v, expected 3 and nil", exit, err)
	}
	records, err := kept(dir)
	if err != nil || len(records) != 1 {
		t.Fatalf("kept returned %v, %v, expected one record", records, err)
	}
	r := records[0]
	if r.Step != "step" || r.Exit != 3 || !slices.Equal(r.Evidence, []string{"plain n=1", "logged n=2"}) ||
		!slices.Equal(r.Caught, []string{"fault: a b", "twin: One"}) ||
		!slices.Equal(r.Passed, []string{"a.TestOne"}) ||
		!slices.Equal(r.Skipped, []string{"a.TestThree"}) {
		t.Errorf("the record is %+v", r)
	}
	for _, want := range []string{"why\n", "a leak\n", "FAIL\tm/a\n", "ok  \tm/b\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the recorder must show %q", want)
		}
	}
	for _, hidden := range []string{"logged", "talk", "CAUGHT"} {
		if strings.Contains(out.String(), hidden) {
			t.Errorf("the recorder must hide %q, but shows\n%s", hidden, out.String())
		}
	}
}

// The register of the repository can be read, and each test that it names exists.
func TestTheRegisterIsWhole(t *testing.T) {
	reg, err := readRegister(registered, root)
	if err != nil {
		t.Fatal(err)
	}
	find := testFinder()
	for _, m := range reg.Machines {
		for _, name := range m.Tests {
			folder, test, _ := strings.Cut(name, ".")
			if _, ok := find(folder, test); !ok {
				t.Errorf("%s: there is no test %s", m.Name, name)
			}
		}
	}
}

// The comparison notices something that was caught before and isn't caught any more, and lists what
// was added.
func TestALossIsNoticed(t *testing.T) {
	now, err := caught([]record{
		{Passed: []string{"tests/x.TestTheBrokenAreCaught/one_of_two", "tests/x.TestTheBrokenAreCaught", "fsm.TestX/y"}},
		{Caught: []string{"twin: Twin_A", "twin: Twin_A", "misreading: of late"}},
	})
	if err != nil || !slices.Equal(now, []string{"gallery: one of two", "misreading: of late", "twin: Twin A"}) {
		t.Fatalf("got %q as caught, %v", now, err)
	}
	missing, added := lost(now, []string{"gallery: one of two", "gallery: two of two", "misreading: other"})
	if !slices.Equal(missing, []string{"gallery: two of two"}) ||
		!slices.Equal(added, []string{"misreading: of late", "twin: Twin A"}) {
		t.Errorf("got %q as missing and %q as added", missing, added)
	}
	if missing, _ := lost(nil, []string{"misreading: other"}); len(missing) != 1 {
		t.Error("nothing of a sampled family was caught, but lost did not report it")
	}
}

// Stages run in order, the steps of a stage run at the same time, and no stage runs after one that
// failed.
func TestSteps(t *testing.T) {
	var out strings.Builder
	met := make(chan struct{})
	times := steps(t.Context(), []string{"a", "b+c", "d+e", "f"}, &out, func(_ context.Context, step string, w io.Writer) error {
		switch step {
		case "b":
			fmt.Fprint(w, "half a ")
			met <- struct{}{}
			fmt.Fprintln(w, "line")
		case "c":
			<-met
			fmt.Fprintln(w, "whole")
		case "d":
			return errors.New("bad")
		}
		return nil
	})
	var names []string
	for _, s := range times {
		names = append(names, s.step)
	}
	if !slices.Equal(names, []string{"a", "b", "c", "d", "e"}) || times[3].err == nil || times[4].err != nil {
		t.Errorf("the stages ran as %v", times)
	}
	printTimes(&out, times, time.Second)
	for _, want := range []string{"half a line\n", "\nwhole\n", "== d: FAILED: bad", "total"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in:\n%s", want, &out)
		}
	}
}
