package fsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The rules of docs/leases.md, each with the inputs of Rooms that it makes of one of Leases, and
// what is leased and kept afterwards. Whether they are what owners need is shown in tests/graphs.

func acquire(c Call, name, options string) roomsInput {
	return roomsInput{Kind: CallAcquire, Call: c, Name: name, Options: options}
}
func closeLease(c Call) roomsInput { return roomsInput{Kind: CloseLease, Call: c} }

// leasesScript drives a Leases of names and options that are strings.
type leasesScript struct {
	t *testing.T
	*Leases[string]
}

func newLeasesScript(t *testing.T) leasesScript { return leasesScript{t, NewLeases[string]()} }

// makes takes an input and compares the steps of Rooms that it consists of.
func (l leasesScript) makes(in roomsInput, want ...string) {
	l.t.Helper()
	var got []string
	if err := l.Step(in, func(in roomsInput, outs []RoomsOutput) {
		got = append(got, strings.TrimSuffix(fmt.Sprintf("%v: %s", in, names(outs, RoomsOutput.String)), " "))
	}); err != nil {
		l.t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		l.t.Errorf("%v makes\n  %q\nexpected\n  %q", in, got, want)
	}
}

// takes takes inputs whose steps are not looked at.
func (l leasesScript) takes(inputs ...roomsInput) leasesScript {
	l.t.Helper()
	for _, in := range inputs {
		if err := l.Step(in, func(roomsInput, []RoomsOutput) {}); err != nil {
			l.t.Fatal(err)
		}
	}
	return l
}

// refuses has an input refused, which changes nothing.
func (l leasesScript) refuses(in roomsInput, want string) {
	l.t.Helper()
	before := l.State()
	err := l.Step(in, func(roomsInput, []RoomsOutput) { l.t.Errorf("%v was taken", in) })
	if refused := (*RefusedError)(nil); !errors.As(err, &refused) || err.Error() != want {
		l.t.Errorf("got %v, expected %s", err, want)
	}
	if diff := cmp.Diff(before, l.State()); diff != "" {
		l.t.Errorf("%v was refused, and yet (-before +after):\n%s", in, diff)
	}
}

// holds compares the open leases, each as "call#incarnation name", and the incarnations that are
// kept. Of no other incarnation anything is remembered.
func (l leasesScript) holds(leases string, kept ...Incarnation) {
	l.t.Helper()
	s := l.State()
	open := names(s.Open, func(o OpenLease) string { return fmt.Sprintf("%d#%d %s", o.Call, o.Incarnation, o.Name) })
	if open != leases || !slices.Equal(s.Kept, kept) {
		l.t.Errorf("open are %q, kept %v; expected %q and %v", open, s.Kept, leases, kept)
	}
	remembered := map[Incarnation]bool{}
	for _, lease := range s.Open {
		remembered[lease.Incarnation] = true
	}
	for _, id := range kept {
		remembered[id] = true
	}
	for id := range l.uses {
		if l.Kept(id) != slices.Contains(kept, id) {
			l.t.Errorf("#%d is kept: %t", id, l.Kept(id))
		}
		if !remembered[id] {
			l.t.Errorf("#%d is remembered for nothing: %+v", id, l.uses[id])
		}
	}
}

// L1: an Acquire is a Get of the call, and leases what it gets or waits for.
func TestL1AnAcquireIsAGetThatLeases(t *testing.T) {
	l := newLeasesScript(t)
	l.makes(acquire(1, "a", "x"), "Get(1, a, x): open(#1)")
	l.holds("1#1 a")
	l.makes(acquire(2, "a", "x"), "Get(2, a, x):")
	l.holds("1#1 a 2#1 a")
	l.makes(end(Opened, 1), "Opened(#1): settle(1, room #1) settle(2, room #1)")
	l.makes(acquire(3, "a", "x"), "Get(3, a, x): settle(3, room #1)")
	l.holds("1#1 a 2#1 a 3#1 a")
	l.makes(acquire(4, "b", "y"), "Get(4, b, y): open(#2)")
	l.holds("1#1 a 2#1 a 3#1 a 4#2 b")
	if id, life, ok := l.Rooms().InUse("a"); id != 1 || life != Ready || !ok {
		t.Errorf("in use is #%d, %v, %t", id, life, ok)
	}
}

// L1: one that is settled as it begins without a room leases none.
func TestL1ARejectedAcquireLeasesNothing(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"))
	l.makes(acquire(2, "a", "y"), "Get(2, a, y): settle(2, differentOptions)")
	l.holds("1#1 a")
	l.takes(dispose(3), end(Opened, 1))
	l.makes(acquire(4, "a", "x"), "Get(4, a, x): settle(4, disposed)")
	l.holds("")
}

// The lease of an Acquire that is settled with an error is not open; those of others are.
func TestAnAcquireThatFailsHasNoLease(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), acquire(2, "b", "x"), acquire(3, "a", "x"))
	l.makes(end(OpenFailed, 1), "OpenFailed(#1): settle(1, openFailed #1) settle(3, openFailed #1)")
	l.holds("2#2 b")
	l.makes(release(4, "b"), "Release(4, b): settle(2, releasedBefore) abandon(#2)")
	l.holds("")
	l.refuses(closeLease(1), "refused Close(1): the lease is not open, or its Acquire is pending")
	// A rejection is of those that wait: a lease of the same room that was given is open.
	l = newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1), release(2, "a"), acquire(3, "a", "x"))
	l.holds("1#1 a 3#2 a")
	l.makes(release(4, "a"), "Release(4, a): settle(3, releasedBefore)")
	l.holds("1#1 a")
}

// L2: a Get keeps what it gets or waits for, also when it is given up; one that is rejected keeps
// nothing.
func TestL2AGetKeeps(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"))
	l.takes(get(2, "a", "y"))
	l.holds("1#1 a")
	l.takes(get(2+1, "a", "x"))
	l.holds("1#1 a", 1)
	l.makes(giveUp(3), "GiveUp(3): settle(3, gaveUp)")
	l.makes(end(Opened, 1), "Opened(#1): settle(1, room #1)")
	l.makes(closeLease(1))
	l.holds("", 1)
	l.takes(acquire(4, "b", "x"), end(Opened, 2))
	l.makes(get(5, "b", "x"), "Get(5, b, x): settle(5, room #2)")
	l.makes(closeLease(4))
	l.holds("", 1, 2)
	// It does so until the room is out of use; of the next room of the name nothing is kept.
	l.takes(release(6, "a"))
	l.holds("", 2)
	l.takes(end(ReleaseDone, 1), acquire(7, "a", "x"), end(Opened, 3))
	l.makes(closeLease(7), "ReleaseIf(8, #3): release(#3)", "GiveUp(8): settle(8, gaveUp)")
	l.holds("", 2)
}

// L3: with the last lease a ReleaseIf of the incarnation begins, which no caller waits for; until
// then nothing more happens.
func TestL3TheLastLeaseReleases(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), acquire(2, "a", "x"), acquire(3, "b", "x"),
		end(Opened, 1), end(Opened, 2), acquire(4, "a", "x"))
	l.makes(closeLease(2))
	l.holds("1#1 a 3#2 b 4#1 a")
	l.makes(closeLease(1))
	l.holds("3#2 b 4#1 a")
	l.refuses(closeLease(1), "refused Close(1): the lease is not open, or its Acquire is pending")
	l.makes(closeLease(4), "ReleaseIf(5, #1): release(#1)", "GiveUp(5): settle(5, gaveUp)")
	l.holds("3#2 b")
	l.makes(end(ReleaseDone, 1), "Released(#1):")
	if _, _, ok := l.Rooms().InUse("a"); ok {
		t.Error("a is in use")
	}
	l.makes(closeLease(3), "ReleaseIf(6, #2): release(#2)", "GiveUp(6): settle(6, gaveUp)")
	l.holds("")
}

// The driver of the core finds in the ReleaseIf whose room it is.
func TestL3TheReleaseHasTheName(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1))
	var got []roomsInput
	if err := l.Step(closeLease(1), func(in roomsInput, _ []RoomsOutput) { got = append(got, in) }); err != nil {
		t.Fatal(err)
	}
	want := []roomsInput{{Kind: CallReleaseIf, Call: 2, Incarnation: 1, Name: "a"}, giveUp(2)}
	if !slices.Equal(got, want) {
		t.Errorf("it consists of %+v, expected %+v", got, want)
	}
}

// L4: an Acquire that is given up closes its lease, as L3 says. A Get that is given up does not.
func TestL4AnAcquireThatIsGivenUpClosesItsLease(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), acquire(2, "a", "x"))
	l.refuses(closeLease(1), "refused Close(1): the lease is not open, or its Acquire is pending")
	l.makes(giveUp(1), "GiveUp(1): settle(1, gaveUp)")
	l.holds("2#1 a")
	l.makes(giveUp(2), "GiveUp(2): settle(2, gaveUp)", "ReleaseIf(3, #1): abandon(#1)", "GiveUp(3): settle(3, gaveUp)")
	l.holds("")
	// Only one that is pending can be given up: a lease that was given is closed.
	l = newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1))
	l.refuses(giveUp(1), "refused GiveUp(1): the call is not pending")
	l.holds("1#1 a")
	// Nor does it while a Get keeps the room.
	l = newLeasesScript(t).takes(acquire(1, "a", "x"), get(2, "a", "x"))
	l.makes(giveUp(1), "GiveUp(1): settle(1, gaveUp)")
	l.holds("", 1)
}

// L5: a Release and a Dispose close no lease, and a lease that is closed after them touches
// nothing, least of all what is in use under the name since.
func TestL5AReleaseByNameWins(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), acquire(2, "a", "x"), end(Opened, 1))
	l.makes(release(3, "a"), "Release(3, a): release(#1)")
	l.holds("1#1 a 2#1 a")
	l.makes(acquire(4, "a", "x"), "Get(4, a, x):")
	l.makes(closeLease(1))
	l.makes(end(ReleaseDone, 1), "Released(#1): settle(3, done) open(#2)")
	l.holds("2#1 a 4#2 a")
	l.makes(closeLease(2), "ReleaseIf(5, #1): settle(5, done)")
	l.holds("4#2 a")
	l.takes(end(Opened, 2))
	l.makes(dispose(6), "Dispose(6): release(#2)")
	l.holds("4#2 a")
	l.makes(closeLease(4), "ReleaseIf(7, #2): settle(7, done)")
	l.holds("")
	l.makes(end(ReleaseDone, 2), "Released(#2): settle(6, done)")
}

// A room that was kept and leased is history once it is out of use and its last lease is closed.
func TestWhatWasKeptIsForgotten(t *testing.T) {
	for what, ends := range map[string][]roomsInput{
		"released":    {release(3, "a")},
		"disposed of": {dispose(3)},
		"gone":        {release(3, "a"), end(ReleaseDone, 1)},
	} {
		l := newLeasesScript(t).takes(acquire(1, "a", "x"), get(2, "a", "x"), end(Opened, 1)).takes(ends...)
		l.holds("1#1 a", 1)
		l.makes(closeLease(1))
		if l.holds(""); t.Failed() {
			t.Fatal(what)
		}
	}
	// Without a lease it is history at once.
	l := newLeasesScript(t).takes(get(1, "a", "x"), get(2, "b", "x"), get(3, "c", "x"), end(Opened, 1))
	l.holds("", 1, 2, 3)
	l.takes(end(OpenFailed, 2))
	l.holds("", 1, 3)
	l.takes(release(4, "a"))
	l.holds("", 3)
	l.takes(dispose(5))
	l.holds("")
	// Also what was never opened, since it waited for its predecessor.
	l = newLeasesScript(t).takes(get(1, "a", "x"), end(Opened, 1), release(2, "a"), get(3, "a", "x"))
	l.holds("", 2)
	l.takes(release(4, "a"))
	l.holds("")
}

// What no rule names is refused: leases are closed once, and begin their releases by themselves.
func TestLeasesRefusals(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1), get(2, "a", "x"))
	for want, in := range map[string]roomsInput{
		"refused Close(2): the lease is not open, or its Acquire is pending": closeLease(2),
		"refused Close(9): the lease is not open, or its Acquire is pending": closeLease(9),
		"refused ReleaseIf(3, #1): leases begin it by themselves":            releaseIf(3, 1),
		"refused Get(4, a, x): it is not the next call":                      acquire(4, "a", "x"),
		"refused Get(1, a, x): it is not the next call":                      get(1, "a", "x"),
		"refused GiveUp(1): the call is not pending":                         giveUp(1),
		"refused Opened(#1): the incarnation is not opening":                 end(Opened, 1),
		"refused unknown(#0): unknown kind of input":                         {},
	} {
		l.refuses(in, want)
	}
}

// The state of a Leases is in order, and another that is put into it goes on in the same way,
// whatever it held before.
func TestLeasesRestore(t *testing.T) {
	from := newLeasesScript(t).takes(acquire(1, "b", "x"), acquire(2, "a", "x"), get(3, "c", "x"), get(4, "a", "x"),
		acquire(5, "b", "x"), acquire(6, "b", "x"), end(Opened, 1), end(Opened, 2))
	from.holds("1#1 b 2#2 a 5#1 b 6#1 b", 2, 3)
	to := newLeasesScript(t).takes(get(1, "a", "x"), acquire(2, "z", "x"), acquire(3, "z", "x"), acquire(4, "b", "x"),
		acquire(5, "y", "x"), acquire(6, "y", "x"), acquire(7, "y", "x"))
	if err := to.Restore(from.State()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(from.State(), to.State()); diff != "" {
		t.Fatal(diff)
	}
	for _, l := range []leasesScript{from, to} {
		l.holds("1#1 b 2#2 a 5#1 b 6#1 b", 2, 3)
		l.makes(closeLease(1))
		l.makes(closeLease(5))
		l.makes(closeLease(2))
		l.makes(closeLease(6), "ReleaseIf(7, #1): release(#1)", "GiveUp(7): settle(7, gaveUp)")
		l.takes(release(8, "a"))
		l.holds("", 3)
	}
	bad := from.State()
	bad.Rooms.NextCall = 0
	if err := to.Restore(bad); err == nil {
		t.Error("it takes a state that no core can hold")
	}
}
