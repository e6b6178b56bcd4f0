package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"

	"ablyrooms.example/model"
)

// Verdicts are the known facts about a subject. They are written by hand after an investigation.
// The findings of a run must match them.
type Verdicts struct {
	// Findings has one entry for each class of violations.
	Findings []Finding `json:"findings"`
	// Unobservable has the rules that no script can show for this subject, each with the reason.
	Unobservable map[Rule]string `json:"unobservable"`
	// Partly has the rules that scripts can show only in part, each with what is missing.
	Partly map[Rule]string `json:"partly"`
}

// Finding is one known deviation.
type Finding struct {
	Class   string  `json:"class"`
	Script  string  `json:"script"` // a shortest one
	Verdict Verdict `json:"verdict"`
	Reason  string  `json:"reason"`
}

// Verdict says whether a deviation is a fault.
type Verdict string

// The verdicts.
const (
	Fault Verdict = "fault" // the subject breaks its own specification
	// the subject's specification leaves this open; the rule here decides otherwise
	Allowed Verdict = "allowed"
)

// Words returns what the verdict means, in words.
func (v Verdict) Words() string {
	switch v {
	case Fault:
		return "a fault: the subject breaks its own specification"
	case Allowed:
		return "allowed: the subject's specification leaves this open, and the rule here decides otherwise"
	}
	return "none yet: write in the file of verdicts whether this is a fault or allowed, and why"
}

// ReadVerdicts reads verdicts from a JSON file.
func ReadVerdicts(file string) (Verdicts, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return Verdicts{}, fmt.Errorf("verdicts: %w", err)
	}
	return parseVerdicts(text)
}

func parseVerdicts(text []byte) (v Verdicts, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("verdicts: %w", err)
	}
	for _, f := range v.Findings {
		if f.Verdict != Fault && f.Verdict != Allowed || f.Reason == "" {
			return v, fmt.Errorf("verdicts: %q has the verdict %q and the reason %q, expected fault or allowed, and a reason", f.Class, f.Verdict, f.Reason)
		}
	}
	return v, nil
}

// Scripts returns the scripts of the findings. It returns an error if a script can't happen.
func (v Verdicts) Scripts() ([][]model.Input, error) {
	var all [][]model.Input
	for _, f := range v.Findings {
		script, err := Parse(f.Script)
		if err == nil {
			_, err = machine{wired: true}.after(script)
		}
		if err != nil {
			return nil, fmt.Errorf("verdicts: %q: %w", f.Class, err)
		}
		all = append(all, script)
	}
	return all, nil
}

// find returns the finding of a class.
func (v Verdicts) find(class string) (Finding, bool) {
	for _, f := range v.Findings {
		if f.Class == class {
			return f, true
		}
	}
	return Finding{}, false
}

// Match returns nil if the verdicts match a result. Otherwise its error lists the differences: a
// deviation without a verdict; a verdict whose deviation was not found, or was found with another
// script; a rule that is listed as unobservable but was shown, or was not shown but isn't listed.
func (v Verdicts) Match(r Result) error {
	var all []error
	differ := func(format string, args ...any) { all = append(all, fmt.Errorf("verdicts: "+format, args...)) }
	for _, found := range r.Violations {
		switch f, ok := v.find(found.Class); {
		case !ok:
			differ("a deviation that has no verdict yet: %q, shown by the script %s", found.Class, found.Steps())
		case f.Script != found.Steps():
			differ("the deviation %q has the script %s in the file, but was found with %s", f.Class, f.Script, found.Steps())
		}
	}
	for _, f := range v.Findings {
		if !slices.ContainsFunc(r.Violations, func(found *Violation) bool { return found.Class == f.Class }) {
			differ("the deviation %q is in the file, but was not found: if the subject no longer deviates, remove it from the file", f.Class)
		}
	}
	for _, rule := range Rules() {
		_, listed := v.Unobservable[rule]
		switch unobserved := r.State(rule) == Unobserved; {
		case unobserved && !listed:
			differ("no script showed whether %s is kept: if none can, list it as unobservable", rule)
		case !unobserved && listed:
			differ("%s is listed as unobservable, but scripts showed it", rule)
		}
	}
	return errors.Join(all...)
}

// State is what a run showed about a rule.
type State string

// The states of a rule.
const (
	Kept       State = "kept"
	Broken     State = "broken"
	Unobserved State = "not seen" // no script showed it, because none can or because none was tried
)

// State returns what the run showed about a rule.
func (r Result) State(rule Rule) State {
	switch {
	case slices.ContainsFunc(r.Violations, func(v *Violation) bool { return v.rule() == rule }):
		return Broken
	case r.Kept[rule] > 0:
		return Kept
	}
	return Unobserved
}

// Count returns how many rules are in a state.
func (r Result) Count(s State) int {
	n := 0
	for _, rule := range Rules() {
		if r.State(rule) == s {
			n++
		}
	}
	return n
}
