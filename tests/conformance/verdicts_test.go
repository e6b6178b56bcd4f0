package conformance

import (
	"os"
	"strings"
	"testing"
)

// kept returns a value for Result.Kept in which every rule was shown.
func kept() map[Rule]int {
	all := map[Rule]int{}
	for _, rule := range Rules() {
		all[rule] = 1
	}
	return all
}

func TestVerdictsMustMatch(t *testing.T) {
	found := &Violation{Class: "c", Rules: []Rule{"R13"}, Script: MustParse("dispose(1)")}
	known := Finding{Class: "c", Script: "dispose(1)", Verdict: Allowed, Reason: "r"}
	other := known
	other.Script = "dispose(2)"
	for name, c := range map[string]struct {
		verdicts Verdicts
		result   Result
		want     string
	}{
		"all":      {Verdicts{Findings: []Finding{known}}, Result{Violations: []*Violation{found}, Kept: kept()}, ""},
		"new":      {Verdicts{}, Result{Violations: []*Violation{found}, Kept: kept()}, `no verdict yet: "c"`},
		"gone":     {Verdicts{Findings: []Finding{known}}, Result{Kept: kept()}, `"c" is in the file, but was not found`},
		"script":   {Verdicts{Findings: []Finding{other}}, Result{Violations: []*Violation{found}, Kept: kept()}, "found with dispose(1)"},
		"unseen":   {Verdicts{}, Result{}, "no script showed whether R1 is kept"},
		"observed": {Verdicts{Unobservable: map[Rule]string{"R1": "why"}}, Result{Kept: kept()}, "R1 is listed as unobservable, but"},
	} {
		err := c.verdicts.Match(c.result)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: Match returned %v", name, err)
		}
	}
	for _, bad := range []string{`{"findings":[{"class":"c","verdict":"perhaps","reason":"r"}]}`, `{"finding":[]}`, `{"findings":[{"class":"c","verdict":"fault"}]}`} {
		if _, err := parseVerdicts([]byte(bad)); err == nil {
			t.Errorf("parseVerdicts returned no error for %s", bad)
		}
	}
}

// TestEveryRuleHasASentence checks that a violation says what the broken rule requires.
func TestEveryRuleHasASentence(t *testing.T) {
	for _, rule := range Rules() {
		if v := (&Violation{Rules: []Rule{rule}}).Error(); rule.Sentence() == "" || !strings.Contains(v, rule.Sentence()) {
			t.Errorf("the report of a violation of %s lacks the sentence %q", rule, rule.Sentence())
		}
	}
	if len(sentences) != len(Rules()) {
		t.Errorf("%d sentences for %d rules", len(sentences), len(Rules()))
	}
}

// TestThePageShowsWhatIsPrinted checks that the samples in docs/harness-go.md are what is printed.
func TestThePageShowsWhatIsPrinted(t *testing.T) {
	page, err := os.ReadFile("../../docs/harness-go.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(Promises{FailedOpenings: true}.Summary(), "\n")
	hang := lockHeldOver([]string{"the close of a"}, "sync.Mutex.Lock in pool.(*Pool).Get")
	v := &Violation{Kind: Hang, Script: MustParse("get(1, a, x); opened(1); release(2, a); get(3, a, x)"), Rules: []Rule{"R6"},
		Shortest: true, Want: "rest, with no goroutine waiting for a lock", Got: "hangs: " + hang}
	shown := strings.Join(strings.Fields(string(page)), " ")
	// the page shows the report up to the link and the diagram
	report, _, _ := strings.Cut(v.Error(), "\nwhat the rules require")
	for _, want := range []string{lines[0], lines[1], strings.TrimSpace(report)} {
		if !strings.Contains(shown, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("the page does not show:\n%s", want)
		}
	}
}
