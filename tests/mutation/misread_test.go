package main

import (
	"regexp"
	"strings"
	"testing"
)

var (
	ruleNames = regexp.MustCompile(`^R\d+(, R\d+)*$`)
	pointIDs  = regexp.MustCompile(`^(CHA-R[CD]\d[a-z0-9]*(, )?)*$`)
)

// rowOf returns a row of a misreading that is noticed by byChain, byGolden and one more catcher.
func rowOf(name, catcher string) row {
	m := misreading{planted: planted{Name: name, Fields: map[string]string{"rules": "R1", "client": "same"}}}
	return row{misreading: m, link: "playground#rooms/dispose(1)", said: map[string]string{byChain: "TestCoreAgainstModel",
		byGolden: "TestTheGraphsAreEqual", catcher: "it"}}
}

// The figures distinguish misreadings that a property notices from those that only sentences or
// examples notice. If no catcher notices a misreading of the core, the run must fail.
func TestReportMisread(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	rows := []row{rowOf("a", byTLC), rowOf("b", byProperties), rowOf("c", bySentences), rowOf("d", byExamples)}
	if !reportMisread(&b, rows, 9) {
		t.Errorf("the run fails, although every misreading was noticed:\n%s", b.String())
	}
	for _, want := range []string{"  a: playground#rooms/dispose(1)\n", "and no property:\n  c\n", "only examples may:\n  d\n",
		"total=4 of=9 escaped=0 core=4/4 coremodel=4/4 all=4/4 share=1.00 stated=2/4 properties=3/4"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("there is no %q in\n%s", want, b.String())
		}
	}
	rows[3].said[byExamples] = hangs
	rows[2].said[bySentences] = ""
	if b.Reset(); reportMisread(&b, rows, 9) || !strings.Contains(b.String(), "share=0.50") {
		t.Errorf("the run passes although only half of the misreadings were noticed:\n%s", b.String())
	}
	rows = rows[:1]
	rows[0].said[byChain] = hangs
	if b.Reset(); reportMisread(&b, rows, 9) || !strings.Contains(b.String(), "escaped=1") {
		t.Errorf("the run passes although no catcher noticed a misreading of the core:\n%s", b.String())
	}
}
