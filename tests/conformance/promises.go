package conformance

import (
	"fmt"
	"reflect"
	"strings"

	"ablyrooms.example/model"
)

// Promises are what a system may or may not promise. Each field is one promise. The harness judges
// all other rules in any case. It doesn't judge what isn't promised: [Promises.Loosenings] lists
// that.
type Promises struct {
	// Cancellation: a call whose context ends returns at once, with the context's error. That stops
	// only the call's own wait; the work goes on (R16).
	Cancellation bool `leaves:"R16: no caller gives up"`
	// Causes: the error of such a call is the context's cause, from context.Cause, and not only
	// context.Canceled (R16).
	Causes bool `leaves:"R16: a caller who gives up may get context.Canceled in place of the cause"`
	// EndedContexts: a Release or a Dispose takes effect even if its context ended before the call.
	// If it doesn't have to wait, it returns its outcome; if it has to, it gives up at once. With
	// this promise, every second Release or Dispose of a script is called in this way, where the
	// script allows it (R7, R13, R14, R16).
	EndedContexts bool `leaves:"R16: no Release or Dispose has a context that ended before the call"`
	// OpeningsCancelled: the context of an opening ends when the opening is no longer wanted (R11).
	// Whether this is promised or not, the context of a backend call that is wanted must not end.
	OpeningsCancelled bool `leaves:"R11: the context of an opening that is no longer wanted need not end"`
	// EqualAfterDefaults: options are compared after the defaults are filled in. With this promise,
	// every second get spells the defaults out: see [Spelling] (R2, R3, R4).
	EqualAfterDefaults bool `leaves:"R2, R3, R4: the same options are always written in the same way"`
	// FailedOpenings: when an opening fails, the gets that wait for it return its error, and the
	// name is free again (R19, R20).
	FailedOpenings bool `leaves:"R19, R20: no opening fails"`
	// FailedReleases: when a release fails, the calls that wait for it return its error, and the
	// name is free again (R21, R22).
	FailedReleases bool `leaves:"R21, R22: no release fails"`
	// ReleaseRejectsGets: a release of a name, or the close of its last lease, rejects the gets of
	// the name that wait (R9, R11). Without this promise, no release of a name begins while a get
	// of the name waits, since no rule then says how that get ends. And a get that the rules reject
	// because of a release may return the error for a disposal instead.
	ReleaseRejectsGets bool `leaves:"R9, R11: no release begins while a get of the name waits"`
	// Disposal: Dispose releases every name (R12, R13), and later gets are refused (R1).
	Disposal bool `leaves:"R1, R12, R13: nothing is disposed of"`
	// SharedDisposal: Dispose may be called more than once, and all calls end alike (R14).
	SharedDisposal bool `leaves:"R14: Dispose is called once at most"`
	// DisposalWaitsForAll: Dispose also waits for releases that began before it (R13).
	DisposalWaitsForAll bool `leaves:"R13, R23: Dispose may return while releases that began before it are under way"`
	// DisposalReports: Dispose returns an error when releases failed (R15).
	DisposalReports bool `leaves:"R15: what Dispose returns after releases failed is not checked"`
	// Leases: the System has a method Acquire(context.Context, string, string) ([Lease], error), so
	// that a room may have several owners: docs/leases.md (R24).
	Leases bool `leaves:"R24: no caller acquires a room"`
	// DisposalJoins: the error of DisposalReports contains the errors of all releases that failed,
	// as with errors.Join (R15).
	DisposalJoins bool `leaves:"R15: Dispose may return any one of the errors"`
}

// AllPromises returns Promises in which everything is promised.
func AllPromises() Promises {
	var p Promises
	for v, i := reflect.ValueOf(&p).Elem(), 0; i < v.NumField(); i++ {
		v.Field(i).SetBool(true)
	}
	return p
}

// Without returns the promises without some of them, named by their fields, such as "Cancellation".
// It returns an error if there is no such field.
func (p Promises) Without(names ...string) (Promises, error) {
	for _, name := range names {
		field := reflect.ValueOf(&p).Elem().FieldByName(name)
		if !field.IsValid() {
			return p, fmt.Errorf("no such promise: %s", name)
		}
		field.SetBool(false)
	}
	return p, nil
}

// Loosenings returns what is not judged, in the order of the fields: "Causes (R16): a caller …".
func (p Promises) Loosenings() []string {
	var all []string
	for v, i := reflect.ValueOf(p), 0; i < v.NumField(); i++ {
		if field := v.Type().Field(i); !v.Field(i).Bool() {
			rules, says, _ := strings.Cut(field.Tag.Get("leaves"), ": ")
			all = append(all, fmt.Sprintf("%s (%s): %s", field.Name, rules, says))
		}
	}
	return all
}

// allows reports whether a step may come next in a script for a system with these promises.
func (p Promises) allows(m machine, in model.Input) bool {
	switch in.Kind {
	case model.KindGet:
		if in.Options == Invalid && m.wired {
			return !m.model.Disposing() // two errors are possible then, and no rule prefers one
		}
		_, out := Spelling(in.Options)
		return p.EqualAfterDefaults || !out
	case model.KindGiveUp:
		return p.Cancellation
	case model.KindOpenFailed:
		return p.FailedOpenings
	case model.KindReleaseFailed:
		return p.FailedReleases
	case model.KindRelease:
		return p.ReleaseRejectsGets || !m.getWaits(in.Name)
	case model.KindClose:
		return p.ReleaseRejectsGets || !m.getWaits(m.model.Calls[m.number(in.Call)-1].Name)
	case model.KindDispose:
		return p.Disposal && (p.SharedDisposal || !m.model.Disposing())
	}
	return true
}

// allow reports whether the script can happen, and needs no promise that isn't made.
func (p Promises) allow(m machine, script []model.Input) bool {
	for _, in := range script {
		next, _, err := m.step(in)
		if err != nil || !p.allows(m, in) {
			return false
		}
		m = next
	}
	return true
}

// Made returns how many promises are made, and how many there are.
func (p Promises) Made() (made, all int) {
	all = reflect.TypeFor[Promises]().NumField()
	return all - len(p.Loosenings()), all
}

// Summary says in words how many promises are judged, which are not made, and what is therefore not
// judged.
func (p Promises) Summary() string {
	made, all := p.Made()
	if made == all {
		return fmt.Sprintf("all %d promises are judged", all)
	}
	return fmt.Sprintf("%d of %d promises are judged; not promised, so not judged:\n  %s", made, all,
		strings.Join(p.Loosenings(), "\n  "))
}
