package fsm

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// These tests try each rule of docs/leases.md on the core. An input of Leases is carried out as
// inputs of Rooms: the tests compare these, and then the open leases and the kept incarnations.
// tests/graphs compares the core with the reference model.

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

// makes takes an input and compares the inputs of Rooms that carry it out, with their outputs.
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

// takes takes inputs without comparing their steps.
func (l leasesScript) takes(inputs ...roomsInput) leasesScript {
	l.t.Helper()
	for _, in := range inputs {
		if err := l.Step(in, func(roomsInput, []RoomsOutput) {}); err != nil {
			l.t.Fatal(err)
		}
	}
	return l
}

// refuses checks that an input is refused with the given error, and changes nothing.
func (l leasesScript) refuses(in roomsInput, want string) {
	l.t.Helper()
	before := l.State()
	err := l.Step(in, func(roomsInput, []RoomsOutput) { l.t.Errorf("%v was taken", in) })
	if refused := (*RefusedError)(nil); !errors.As(err, &refused) || err.Error() != want {
		l.t.Errorf("got %v, expected %s", err, want)
	}
	if diff := cmp.Diff(before, l.State()); diff != "" {
		l.t.Errorf("%v was refused, but changed the state (-before +after):\n%s", in, diff)
	}
}

// holds compares the open leases, each as "call#incarnation name", and the incarnations that are
// kept. It checks that the core remembers no other incarnation.
func (l leasesScript) holds(leases string, kept ...Incarnation) {
	l.t.Helper()
	s := l.State()
	open := names(s.Open, func(o OpenLease) string { return fmt.Sprintf("%d#%d %s", o.Call, o.Incarnation, o.Name) })
	if open != leases || !slices.Equal(s.Kept, kept) {
		l.t.Errorf("the open leases are %q, kept are %v; expected %q and %v", open, s.Kept, leases, kept)
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
			l.t.Errorf("Kept(#%d) returns %t, expected %t", id, l.Kept(id), slices.Contains(kept, id))
		}
		if !remembered[id] {
			l.t.Errorf("the core remembers #%d, which is neither kept nor leased: %+v", id, l.uses[id])
		}
	}
}

// L1: an Acquire is carried out as a Get. It leases the incarnation that it gets or waits for.
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

// L1: an Acquire that is settled without a room as it begins has no lease.
func TestL1ARejectedAcquireLeasesNothing(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"))
	l.makes(acquire(2, "a", "y"), "Get(2, a, y): settle(2, differentOptions)")
	l.holds("1#1 a")
	l.takes(dispose(3), end(Opened, 1))
	l.makes(acquire(4, "a", "x"), "Get(4, a, x): settle(4, disposed)")
	l.holds("")
}

// An Acquire that is settled with an error has no open lease. The leases of other calls stay open.
func TestAnAcquireThatFailsHasNoLease(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), acquire(2, "b", "x"), acquire(3, "a", "x"))
	l.makes(end(OpenFailed, 1), "OpenFailed(#1): settle(1, openFailed #1) settle(3, openFailed #1)")
	l.holds("2#2 b")
	l.makes(release(4, "b"), "Release(4, b): settle(2, releasedBefore) abandon(#2)")
	l.holds("")
	l.refuses(closeLease(1), "refused Close(1): the lease is not open, or its Acquire is pending")
	// A release by name rejects only the Acquire that waits: the lease of the earlier room stays
	// open.
	l = newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1), release(2, "a"), acquire(3, "a", "x"))
	l.holds("1#1 a 3#2 a")
	l.makes(release(4, "a"), "Release(4, a): settle(3, releasedBefore)")
	l.holds("1#1 a")
}

// L2: a Get keeps the incarnation that it gets or waits for, even if it is given up. A Get that is
// rejected keeps nothing.
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
	// The incarnation is kept until it is out of use. The next one of the name is not kept.
	l.takes(release(6, "a"))
	l.holds("", 2)
	l.takes(end(ReleaseDone, 1), acquire(7, "a", "x"), end(Opened, 3))
	l.makes(closeLease(7), "ReleaseIf(8, #3): release(#3)", "GiveUp(8): settle(8, gaveUp)")
	l.holds("", 2)
}

// L3: closing the last lease begins a ReleaseIf of the incarnation, for which no caller waits.
// Closing an earlier lease does nothing more.
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
		t.Error("the name a is still in use")
	}
	l.makes(closeLease(3), "ReleaseIf(6, #2): release(#2)", "GiveUp(6): settle(6, gaveUp)")
	l.holds("")
}

// The ReleaseIf has the name of the room, for the driver of the core.
func TestL3TheReleaseHasTheName(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1))
	var got []roomsInput
	if err := l.Step(closeLease(1), func(in roomsInput, _ []RoomsOutput) { got = append(got, in) }); err != nil {
		t.Fatal(err)
	}
	want := []roomsInput{{Kind: CallReleaseIf, Call: 2, Incarnation: 1, Name: "a"}, giveUp(2)}
	if !slices.Equal(got, want) {
		t.Errorf("closing the lease is carried out as %+v, expected %+v", got, want)
	}
}

// L4: giving up an Acquire closes its lease, as in L3. Giving up a Get closes none.
func TestL4AnAcquireThatIsGivenUpClosesItsLease(t *testing.T) {
	l := newLeasesScript(t).takes(acquire(1, "a", "x"), acquire(2, "a", "x"))
	l.refuses(closeLease(1), "refused Close(1): the lease is not open, or its Acquire is pending")
	l.makes(giveUp(1), "GiveUp(1): settle(1, gaveUp)")
	l.holds("2#1 a")
	l.makes(giveUp(2), "GiveUp(2): settle(2, gaveUp)", "ReleaseIf(3, #1): abandon(#1)", "GiveUp(3): settle(3, gaveUp)")
	l.holds("")
	// Only a pending Acquire can be given up. An Acquire that has its room ends with CloseLease.
	l = newLeasesScript(t).takes(acquire(1, "a", "x"), end(Opened, 1))
	l.refuses(giveUp(1), "refused GiveUp(1): the call is not pending")
	l.holds("1#1 a")
	// Giving up an Acquire releases no room that a Get keeps.
	l = newLeasesScript(t).takes(acquire(1, "a", "x"), get(2, "a", "x"))
	l.makes(giveUp(1), "GiveUp(1): settle(1, gaveUp)")
	l.holds("", 1)
}

// L5: a Release and a Dispose close no lease. Closing a lease after them changes no room, not even
// the one that the name has in use by then.
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

// The core forgets a room that was kept and leased when it is out of use and its last lease is
// closed.
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
	// The core forgets a room without a lease as soon as it is out of use.
	l := newLeasesScript(t).takes(get(1, "a", "x"), get(2, "b", "x"), get(3, "c", "x"), end(Opened, 1))
	l.holds("", 1, 2, 3)
	l.takes(end(OpenFailed, 2))
	l.holds("", 1, 3)
	l.takes(release(4, "a"))
	l.holds("", 3)
	l.takes(dispose(5))
	l.holds("")
	// The same holds for a room that was never opened, since it waited for its predecessor.
	l = newLeasesScript(t).takes(get(1, "a", "x"), end(Opened, 1), release(2, "a"), get(3, "a", "x"))
	l.holds("", 2)
	l.takes(release(4, "a"))
	l.holds("")
}

// An input that no rule names is refused. A lease is closed only once, and only Leases begins a
// ReleaseIf.
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

// State returns sorted lists. A core that Restore puts into a state goes on as the core whose state
// it is, whatever it held before.
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
		t.Error("Restore accepted a state that no core can be in")
	}
}
