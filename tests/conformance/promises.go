package conformance

import (
	"fmt"
	"reflect"
	"strings"

	"ablyrooms.example/model"
)

// Promises are what a system may or may not promise beyond the rest of the rules, which every
// system is held to. What isn't promised isn't judged: [Promises.Loosenings] names what that leaves
// out.
type Promises struct {
	// Cancellation: a call whose context ends returns at once, with the context's error, and gives
	// up its own wait only (R16).
	Cancellation bool `leaves:"R16: no caller gives up"`
	// Causes: that error is the context's cause, context.Cause, and not merely context.Canceled
	// (R16).
	Causes bool `leaves:"R16: a caller who gives up may get context.Canceled in place of the cause"`
	// EndedContexts: a Release or a Dispose whose context has ended before takes effect all the
	// same. It returns its outcome if its own step settles it, else it is given up in that step,
	// without waiting. Every second one that can be is then made so (R7, R13, R14, R16).
	EndedContexts bool `leaves:"R16: no Release or Dispose has a context that has ended before"`
	// OpeningsCancelled: the context of an opening that is no longer wanted is ended (R11). The
	// context of a work that is wanted must never be, promised or not.
	OpeningsCancelled bool `leaves:"R11: an opening that is no longer wanted need not be notified"`
	// EqualAfterDefaults: options are compared after the defaults are filled in. Every second get
	// then spells the defaults out, see [Spelling] (R2, R3, R4).
	EqualAfterDefaults bool `leaves:"R2, R3, R4: the same options are always spelled in the same way"`
	// FailedOpenings: an opening that fails is reported to those who wait for it, and the name is
	// free (R19, R20).
	FailedOpenings bool `leaves:"R19, R20: no opening fails"`
	// FailedReleases: a release that fails is reported to those who wait for it, and the name is
	// free all the same (R21, R22).
	FailedReleases bool `leaves:"R21, R22: no release fails"`
	// ReleaseRejectsGets: a release, and the close of a last lease, rejects the gets of the name
	// that wait. Without it, no release of a name begins while a get of it waits, since what
	// becomes of that get is then the system's own affair; and a get that a disposal rejects may
	// say of either (R9, R11).
	ReleaseRejectsGets bool `leaves:"R9, R11: no release begins while a get of the name waits"`
	// Disposal: Dispose does what R12 says, and gets after it are refused (R1).
	Disposal bool `leaves:"R1, R12, R13: nothing is disposed of"`
	// SharedDisposal: Dispose may be called again, and every call has the same end (R14).
	SharedDisposal bool `leaves:"R14: Dispose is called once at most"`
	// DisposalWaitsForAll: Dispose waits for releases that began before it too (R13).
	DisposalWaitsForAll bool `leaves:"R13, R23: Dispose may return while releases that began before it are under way"`
	// DisposalReports: Dispose returns an error when releases failed (R15).
	DisposalReports bool `leaves:"R15: what Dispose returns after releases failed is not looked at"`
	// Leases: the System has a method Acquire(context.Context, string, string) ([Lease], error),
	// for several owners of one room: docs/leases.md (R24).
	Leases bool `leaves:"R24: no caller acquires a room"`
	// DisposalJoins: that error holds the errors of all releases that failed, as errors.Join does
	// (R15).
	DisposalJoins bool `leaves:"R15: Dispose may return any one of the errors"`
}

// AllPromises returns every promise made.
func AllPromises() Promises {
	var p Promises
	for v, i := reflect.ValueOf(&p).Elem(), 0; i < v.NumField(); i++ {
		v.Field(i).SetBool(true)
	}
	return p
}

// Without returns the promises without those named, by their fields, such as "Cancellation".
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

// Loosenings lists what is not judged, in the order of the fields: "Causes (R16): a caller …".
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

// allows reports whether a step may stand next in a script for a system with these promises.
func (p Promises) allows(m machine, in model.Input) bool {
	switch in.Kind {
	case model.KindGet:
		if in.Options == Invalid && m.wired {
			return !m.model.Disposing() // which of two errors comes first is left open
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

// allow reports whether a script judges nothing that isn't promised.
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

// Summary says how much was judged: how many promises are made, and which are not, with what that
// leaves out.
func (p Promises) Summary() string {
	made, all := p.Made()
	if made == all {
		return fmt.Sprintf("all %d promises are judged", all)
	}
	return fmt.Sprintf("%d of %d promises are judged; not promised, so not judged:\n  %s", made, all,
		strings.Join(p.Loosenings(), "\n  "))
}
