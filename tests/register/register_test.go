package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const sample = `
# Suites

## Properties

| property | stated | links | fault |
| --- | --- | --- | --- |
| OneInUse | docs/rooms.md | ` + "`model.TestWalk`, `tests/chain.TestCore`" + ` | two |

## Evidence

| step | evidence | holds | command |
| --- | --- | --- | --- |
| tlc | tlc | configurations=35 | make tlc |
| equality | equality | states>=450000 differences=false | make equality |
| equality | equality | states>=6000 differences=false | make equality |
| tests | share | edges>=0.9 | make race |

## Skipped tests

| step | test | why | instead |
| --- | --- | --- | --- |
| tests | tests/linear.TestFull | takes minutes | make evidence |
| tests | tests/linear.TestSlow | slow under the detector | plain |
`

// good are records that the sample is content with.
func good() []record {
	return []record{
		{Step: "tlc", Evidence: []string{`tlc configurations=35 seconds=90`}},
		{Step: "equality", Evidence: []string{`equality states=469757 differences=false`, `equality states=6680 differences=false`}},
		{Step: "tests", Evidence: []string{`share edges=95/100 of="the small graph"`}, Passed: []string{"model.TestWalk", "tests/chain.TestCore"},
			Skipped: []string{"tests/linear.TestFull", "tests/linear.TestSlow"}},
		{Step: "plain", Passed: []string{"tests/linear.TestSlow"}},
	}
}

// Each way in which evidence can be missing, empty, skipped, too little or unknown is a complaint of its own.
func TestWhatIsNotAsTheRegisterSaysIsFound(t *testing.T) {
	reg, err := parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	if complaints := reg.compare(good()); complaints != nil {
		t.Fatalf("complaints without a reason: %q", complaints)
	}
	for what, spoil := range map[string]struct {
		change func([]record) []record
		says   string
	}{
		"a step that did not run":     {func(r []record) []record { return r[1:] }, "step tlc did not run"},
		"a step that failed":          {func(r []record) []record { r[0].Exit = 1; return r }, "step tlc ended with code 1"},
		"no evidence":                 {func(r []record) []record { r[0].Evidence = nil; return r }, "printed no evidence tlc"},
		"empty evidence":              {func(r []record) []record { r[0].Evidence = []string{"tlc"}; return r }, "printed no evidence tlc"},
		"another number":              {func(r []record) []record { r[0].Evidence[0] = "tlc configurations=34"; return r }, "no row knows"},
		"too little":                  {func(r []record) []record { r[1].Evidence = r[1].Evidence[1:]; return r }, "states>=450000"},
		"a share below its floor":     {func(r []record) []record { r[2].Evidence[0] = "share edges=89/100"; return r }, "no row knows"},
		"a difference":                {func(r []record) []record { r[1].Evidence[0] = "equality states=469757 differences=true"; return r }, "no row knows"},
		"unknown evidence":            {func(r []record) []record { r[0].Evidence = append(r[0].Evidence, "more x=1"); return r }, "no row knows"},
		"a test that did not run":     {func(r []record) []record { r[2].Passed = r[2].Passed[:1]; return r }, "tests/chain.TestCore did not run and pass"},
		"a test skipped unexpectedly": {func(r []record) []record { r[2].Skipped = append(r[2].Skipped, "fsm.TestX"); return r }, "skipped fsm.TestX"},
		"a skip that runs nowhere":    {func(r []record) []record { return r[:3] }, "TestSlow did not run and pass in step plain"},
		"a skip that is over":         {func(r []record) []record { r[2].Skipped = nil; return r }, "did not skip"},
	} {
		if complaints := reg.compare(spoil.change(good())); !strings.Contains(strings.Join(complaints, "\n"), spoil.says) {
			t.Errorf("%s: the complaints are %q", what, complaints)
		}
	}
}

func TestBadRegistersAreRefused(t *testing.T) {
	for what, change := range map[string][2]string{
		"a property without a test":      {"`model.TestWalk`, `tests/chain.TestCore`", "much"},
		"a property stated nowhere":      {"| docs/rooms.md |", "| |"},
		"evidence without a condition":   {"configurations=35", ""},
		"a condition that is none":       {"configurations=35", "35"},
		"a skip without a reason":        {"takes minutes", ""},
		"a register without properties":  {"## Properties", "## Other"},
		"a register without any figures": {"## Evidence", "## Other"},
	} {
		if _, err := parse(strings.Replace(sample, change[0], change[1], 1)); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
}

// The recorder keeps evidence from plain output and from the events of go test -json, and shows what failed.
func TestRecording(t *testing.T) {
	dir := t.TempDir()
	script := `echo 'EVIDENCE plain n=1'
echo '{"Action":"output","Package":"m/a","Test":"TestOne","Output":"    a_test.go:1: EVIDENCE logged n=2\n"}'
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
		t.Fatalf("%d, %v", exit, err)
	}
	records, err := kept(dir)
	if err != nil || len(records) != 1 {
		t.Fatalf("%v, %v", records, err)
	}
	r := records[0]
	if r.Step != "step" || r.Exit != 3 || !slices.Equal(r.Evidence, []string{"plain n=1", "logged n=2"}) ||
		!slices.Equal(r.Passed, []string{"a.TestOne"}) || !slices.Equal(r.Skipped, []string{"a.TestThree"}) {
		t.Errorf("kept %+v", r)
	}
	for _, want := range []string{"why\n", "a leak\n", "FAIL\tm/a\n", "ok  \tm/b\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q isn't shown", want)
		}
	}
	if strings.Contains(out.String(), "logged") || strings.Contains(out.String(), "talk") {
		t.Errorf("shown:\n%s", out.String())
	}
}

// The register of the repository: each property of the documents stands in it, and each test that it names is there.
func TestTheRegisterIsWhole(t *testing.T) {
	root, _, err := findModule()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "tests", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	reg, err := parse(string(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{"rooms.md", "room.md"} {
		text, err := os.ReadFile(filepath.Join(root, "docs", document))
		if err != nil {
			t.Fatal(err)
		}
		_, must, _ := strings.Cut(string(text), "## What must hold")
		for _, m := range regexp.MustCompile(`(?m)^- \*\*([A-Za-z, ]+)\*\*`).FindAllStringSubmatch(must, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				if !slices.ContainsFunc(reg.Properties, func(p property) bool { return p.Name == name }) {
					t.Errorf("%s is in docs/%s and not in the register", name, document)
				}
			}
		}
	}
	for _, name := range reg.tests() {
		folder, test, _ := strings.Cut(name, ".")
		files, _ := filepath.Glob(filepath.Join(root, folder, "*_test.go"))
		if !slices.ContainsFunc(files, func(file string) bool {
			text, err := os.ReadFile(file)
			return err == nil && strings.Contains(string(text), "func "+test+"(")
		}) {
			t.Errorf("there is no test %s", name)
		}
	}
}
