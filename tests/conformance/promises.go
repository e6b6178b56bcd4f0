package conformance

import (
	"fmt"
	"reflect"
	"strings"

	"ablyrooms.example/model"
)

// Promises are what a system may or may not promise beyond the rest of the rules, which every system is held to. What isn't
// promised isn't judged: [Promises.Loosenings] names what that leaves out.
type Promises struct {
	// Cancellation: a call whose context ends returns at once, with the context's error, and gives up its own wait only (R16).
	Cancellation bool
	// Causes: that error is the context's cause, context.Cause, and not merely context.Canceled (R16).
	Causes bool
	// OpeningsCancelled: the context of an opening that is no longer wanted is ended (R11). The context of a work that is wanted must
	// never be, promised or not.
	OpeningsCancelled bool
	// EqualAfterDefaults: options are compared after the defaults are filled in. Every second get then spells the defaults out, see
	// [Spelling] (R2, R3, R4).
	EqualAfterDefaults bool
	// FailedOpenings: an opening that fails is reported to those who wait for it, and the name is free (R19, R20).
	FailedOpenings bool
	// FailedReleases: a release that fails is reported to those who wait for it, and the name is free all the same (R21, R22).
	FailedReleases bool
	// Disposal: Dispose does what R12 says, and gets after it are refused (R1).
	Disposal bool
	// SharedDisposal: Dispose may be called again, and every call has the same end (R14).
	SharedDisposal bool
	// DisposalWaitsForAll: Dispose waits for releases that began before it too (R13).
	DisposalWaitsForAll bool
	// DisposalReports: Dispose returns an error when releases failed (R15).
	DisposalReports bool
	// DisposalJoins: that error holds the errors of all releases that failed, as errors.Join does (R15).
	DisposalJoins bool
}

// AllPromises returns every promise made.
func AllPromises() Promises {
	var p Promises
	for v, i := reflect.ValueOf(&p).Elem(), 0; i < v.NumField(); i++ {
		v.Field(i).SetBool(true)
	}
	return p
}

// Loosening is something that is not judged, since a system doesn't promise it.
type Loosening struct {
	Promise string       // the field of [Promises] that is not set
	Says    string       // what is left out or let pass
	Rules   []model.Rule // the rules that are judged less strictly for it
}

// String returns the loosening in one line.
func (l Loosening) String() string {
	rules := make([]string, len(l.Rules))
	for i, r := range l.Rules {
		rules[i] = r.String()
	}
	return fmt.Sprintf("%s (%s): %s", l.Promise, strings.Join(rules, ", "), l.Says)
}

var loosenings = []Loosening{
	{"Cancellation", "no caller gives up", []model.Rule{model.R16}},
	{"Causes", "a caller who gives up may get context.Canceled in place of the cause", []model.Rule{model.R16}},
	{"OpeningsCancelled", "an opening that is no longer wanted need not be told", []model.Rule{model.R11}},
	{"EqualAfterDefaults", "the same options are always spelled in the same way", []model.Rule{model.R2, model.R3, model.R4}},
	{"FailedOpenings", "no opening fails", []model.Rule{model.R19, model.R20}},
	{"FailedReleases", "no release fails", []model.Rule{model.R21, model.R22}},
	{"Disposal", "nothing is disposed of", []model.Rule{model.R1, model.R12, model.R13}},
	{"SharedDisposal", "Dispose is called once at most", []model.Rule{model.R14}},
	{"DisposalWaitsForAll", "Dispose may return while releases that began before it are under way", []model.Rule{model.R13, model.R23}},
	{"DisposalReports", "what Dispose returns after releases failed is not looked at", []model.Rule{model.R15}},
	{"DisposalJoins", "Dispose may return any one of the errors", []model.Rule{model.R15}},
}

// Loosenings lists what is not judged, in the order of the fields.
func (p Promises) Loosenings() []Loosening {
	var all []Loosening
	for i, v := 0, reflect.ValueOf(p); i < v.NumField(); i++ {
		if !v.Field(i).Bool() {
			all = append(all, loosenings[i])
		}
	}
	return all
}

// allows reports whether an input may stand in a script for a system with these promises.
func (p Promises) allows(s model.State, in model.Input) bool {
	switch in.Kind {
	case model.KindGiveUp:
		return p.Cancellation
	case model.KindOpenFailed:
		return p.FailedOpenings
	case model.KindReleaseFailed:
		return p.FailedReleases
	case model.KindDispose:
		return p.Disposal && (p.SharedDisposal || !s.Disposing())
	}
	return true
}
