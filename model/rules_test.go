package model

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// One test for each rule: it takes the inputs before (init), then the step (act), and checks its
// outputs and the state after it (check).

// after returns the state after the inputs. Step must take each of them.
func after(t *testing.T, inputs ...Input) State {
	t.Helper()
	var s State
	for _, in := range inputs {
		next, _, err := s.Step(in)
		if err != nil {
			t.Fatalf("init: %v", err)
		}
		s = next
	}
	return s
}

// want is the expected result of a step, as scripts write it: its outputs in order, all
// incarnations after it, and the rules that it follows.
type want struct{ outputs, incarnations, rules string }

func act(t *testing.T, s State, in Input, want want) State {
	t.Helper()
	next, outputs, err := s.Step(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := script(outputs); got != want.outputs {
		t.Errorf("%v outputs\n %s\nwant\n %s", in, got, want.outputs)
	}
	var incarnations []string
	for _, inc := range next.Incarnations {
		incarnations = append(incarnations, inc.Name+"/"+inc.Options+" "+inc.Life.String()+"+"+inc.Work.String())
	}
	if got := strings.Join(incarnations, ", "); got != want.incarnations {
		t.Errorf("%v leaves incarnations\n %s\nwant\n %s", in, got, want.incarnations)
	}
	var rules []string
	for _, r := range s.Explain(in) {
		rules = append(rules, r.String())
	}
	if got := strings.Join(rules, " "); got != want.rules {
		t.Errorf("%v follows %s, want %s", in, got, want.rules)
	}
	return next
}

// waits checks that the call is pending and waits for the incarnation.
func waits(t *testing.T, s State, call, incarnation int) {
	t.Helper()
	if c := s.Calls[call-1]; !c.Pending() || c.WaitsFor != incarnation {
		t.Errorf("call %d is %v and waits for %d, want it pending on %d", call, c.Outcome, c.WaitsFor, incarnation)
	}
}

func script(outputs []Output) string {
	var lines []string
	for _, o := range outputs {
		lines = append(lines, o.String())
	}
	return strings.Join(lines, "; ")
}

func TestR1_CHA_RC1f8_GetAfterDisposalBegan(t *testing.T) {
	underWay := after(t, Get(1, "a", "x"), Dispose(2))
	act(t, underWay, Get(3, "a", "y"), want{"settle(3, disposed)", "a/x releasing+opening", "R1"})

	ended := after(t, Dispose(1))
	act(t, ended, Get(2, "a", "x"), want{"settle(2, disposed)", "", "R1"})
}

func TestR2_CHA_RC1f1_GetWithOtherOptions(t *testing.T) {
	differ := "settle(2, differentOptions)"
	opening := after(t, Get(1, "a", "x"))
	act(t, opening, Get(2, "a", "y"), want{differ, "a/x initializing+opening", "R2"})

	ready := after(t, Get(1, "a", "x"), Opened(1))
	act(t, ready, Get(2, "a", "y"), want{differ, "a/x ready+none", "R2"})

	waiting := after(t, Get(1, "a", "x"), Release(2, "a"), Get(3, "a", "y"))
	act(t, waiting, Get(4, "a", "x"),
		want{"settle(4, differentOptions)", "a/x releasing+opening, a/y initializing+none", "R2"})
}

func TestR3_CHA_RC1f2_GetOfReady(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1))
	act(t, s, Get(2, "a", "x"), want{"settle(2, room(1))", "a/x ready+none", "R3"})
}

func TestR4_CHA_RC1f2_GetOfInitializing(t *testing.T) {
	opening := after(t, Get(1, "a", "x"))
	waits(t, act(t, opening, Get(2, "a", "x"), want{"", "a/x initializing+opening", "R4"}), 2, 1)

	waiting := after(t, Get(1, "a", "x"), Release(2, "a"), Get(3, "a", "x"))
	waits(t, act(t, waiting, Get(4, "a", "x"), want{"", "a/x releasing+opening, a/x initializing+none", "R4"}), 4, 2)
}

func TestR5_CHA_RC1f3_GetOfFreeName(t *testing.T) {
	first := act(t, State{}, Get(1, "a", "x"), want{"open(1)", "a/x initializing+opening", "R5"})
	waits(t, first, 1, 1)
	other := act(t, first, Get(2, "b", "x"), want{"open(2)", "a/x initializing+opening, b/x initializing+opening", "R5"})
	waits(t, other, 2, 2)

	again := after(t, Get(1, "a", "x"), OpenFailed(1))
	waits(t, act(t, again, Get(2, "a", "y"), want{"open(2)", "a/x released+none, a/y initializing+opening", "R5"}), 2, 2)
}

func TestR6_CHA_RC1f4_GetOfNameBeingReleased(t *testing.T) {
	closing := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"))
	waits(t, act(t, closing, Get(3, "a", "y"), want{"", "a/x releasing+closing, a/y initializing+none", "R6"}), 3, 2)

	abandoned := after(t, Get(1, "a", "x"), Release(2, "a"))
	waits(t, act(t, abandoned, Get(3, "a", "x"), want{"", "a/x releasing+opening, a/x initializing+none", "R6"}), 3, 2)
}

func TestR7_CHA_RC1g2_ReleaseOfFreeName(t *testing.T) {
	s := after(t, Get(1, "b", "x"))
	act(t, s, Release(2, "a"), want{"settle(2, done)", "b/x initializing+opening", "R7"})
}

func TestR8_CHA_RC1g3_ReleaseOfNameBeingReleased(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"))
	waits(t, act(t, s, Release(3, "a"), want{"", "a/x releasing+closing", "R8"}), 3, 1)
}

func TestR9_CHA_RC1g4_ReleaseOfOneThatWaitsForItsPredecessor(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"), Get(3, "a", "x"), Get(4, "a", "x"), GiveUp(3), Get(5, "a", "x"))
	next := act(t, s, Release(6, "a"),
		want{"settle(4, releasedBefore); settle(5, releasedBefore)", "a/x releasing+closing, a/x released+none", "R9"})
	waits(t, next, 6, 1)
}

func TestR10_CHA_RC1g5_ReleaseOfReady(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1))
	waits(t, act(t, s, Release(2, "a"), want{"release(1)", "a/x releasing+closing", "R10"}), 2, 1)
}

func TestR11_CHA_RC1g5_CHA_RC1f6_ReleaseOfOpening(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Get(2, "a", "x"))
	next := act(t, s, Release(3, "a"),
		want{"settle(1, releasedBefore); settle(2, releasedBefore); abandon(1)", "a/x releasing+opening", "R11"})
	waits(t, next, 3, 1)
}

func TestR12_CHA_RD1a_CHA_RD1c_FirstDisposeReleasesEveryName(t *testing.T) {
	s := after(t,
		Get(1, "a", "x"), Opened(1), Release(2, "a"), Get(3, "a", "x"), // 2 waits for 1
		Get(4, "b", "x"), Opened(3), // ready
		Get(5, "c", "x"), // opening
	)
	act(t, s, Dispose(6), want{
		"settle(3, releasedBefore); settle(5, releasedBefore); release(3); abandon(4)",
		"a/x releasing+closing, a/x released+none, b/x releasing+closing, c/x releasing+opening",
		"R9 R10 R11 R12 R13",
	})
}

func TestR13_CHA_RD1b_CHA_RD1d_DisposeWaitsWhileAnythingIsReleasing(t *testing.T) {
	empty := after(t, Get(1, "a", "x"), OpenFailed(1))
	act(t, empty, Dispose(2), want{"settle(2, done)", "a/x released+none", "R12 R13 R15"})

	begunBefore := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"))
	waits(t, act(t, begunBefore, Dispose(3), want{"", "a/x releasing+closing", "R12 R13"}), 3, 0)
}

func TestR14_LaterDisposeSharesTheEnd(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Dispose(2))
	s = act(t, s, Dispose(3), want{"", "a/x releasing+closing", "R14"})
	s = act(t, s, ReleaseFailed(1), want{"settle(2, failed{1}); settle(3, failed{1})", "a/x released+none", "R15 R21 R23"})
	act(t, s, Dispose(4), want{"settle(4, failed{1})", "a/x released+none", "R14 R15"})
}

func TestR14_TheEndComesAlsoWhenNobodyWaitsForIt(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Dispose(2), GiveUp(2), ReleaseFailed(1))
	act(t, s, Dispose(3), want{"settle(3, failed{1})", "a/x released+none", "R14 R15"})
}

func TestR15_OutcomeOfDisposal(t *testing.T) {
	s := after(t,
		Get(1, "a", "x"), Opened(1), Get(2, "b", "x"), Opened(2), Get(3, "c", "x"), Opened(3), Get(4, "d", "x"), Opened(4),
		Release(5, "a"), ReleaseFailed(1), // failed before disposal began: not counted
		Release(6, "b"), // began before disposal, and ends after: counted
		Dispose(7), ReleaseFailed(4), Released(3),
	)
	released := "a/x released+none, b/x released+none, c/x released+none, d/x released+none"
	act(t, s, ReleaseFailed(2), want{"settle(6, releaseFailed(2)); settle(7, failed{2, 4})", released, "R15 R21 R23"})
	act(t, after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"), ReleaseFailed(1)), Dispose(3),
		want{"settle(3, done)", "a/x released+none", "R12 R13 R15"})
}

func TestR16_GiveUpSettlesOneCallAndLeavesTheRest(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Get(2, "a", "x"))
	s = act(t, s, GiveUp(1), want{"settle(1, gaveUp)", "a/x initializing+opening", "R16"})
	s = act(t, s, GiveUp(2), want{"settle(2, gaveUp)", "a/x initializing+opening", "R16"})
	s = act(t, s, Opened(1), want{"", "a/x ready+none", "R17"})
	s = act(t, s, Release(3, "a"), want{"release(1)", "a/x releasing+closing", "R10"})
	s = act(t, s, GiveUp(3), want{"settle(3, gaveUp)", "a/x releasing+closing", "R16"})
	act(t, s, Released(1), want{"", "a/x released+none", "R21"})
}

func TestR17_OpenedSettlesEveryGetThatWaits(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Get(2, "a", "x"), Get(3, "b", "x"), GiveUp(1), Get(4, "a", "y"), Get(5, "a", "x"))
	next := act(t, s, Opened(1), want{"settle(2, room(1)); settle(5, room(1))", "a/x ready+none, b/x initializing+opening", "R17"})
	waits(t, next, 3, 2)
}

func TestR18_OpenedAbandonedIsReleased(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Release(2, "a"))
	waits(t, act(t, s, Opened(1), want{"release(1)", "a/x releasing+closing", "R18"}), 2, 1)
}

func TestR19_OpenFailedFreesTheName(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Get(2, "a", "x"))
	s = act(t, s, OpenFailed(1), want{"settle(1, openFailed(1)); settle(2, openFailed(1))", "a/x released+none", "R19"})
	if s.InUse("a") != 0 || s.BeingReleased("a") != 0 {
		t.Errorf("a is not free: %v", s)
	}
}

func TestR20_OpenFailedAbandonedIsReleasedWithoutAnError(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Release(2, "a"), Get(3, "a", "y"))
	act(t, s, OpenFailed(1), want{"settle(2, done); open(2)", "a/x released+none, a/y initializing+opening", "R20 R21 R22"})

	disposing := after(t, Get(1, "a", "x"), Dispose(2))
	act(t, disposing, OpenFailed(1), want{"settle(2, done)", "a/x released+none", "R15 R20 R21 R23"})
}

func TestR21_CHA_RC1g1_TheEndOfAReleaseIsShared(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"), Release(3, "a"), Release(4, "a"), GiveUp(3))
	act(t, s, Released(1), want{"settle(2, done); settle(4, done)", "a/x released+none", "R21"})
	act(t, s, ReleaseFailed(1),
		want{"settle(2, releaseFailed(1)); settle(4, releaseFailed(1))", "a/x released+none", "R21"})
}

func TestR22_CHA_RC1f4_TheSuccessorIsOpenedWhateverTheEnd(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"), Get(3, "a", "y"))
	open := "a/x released+none, a/y initializing+opening"
	act(t, s, Released(1), want{"settle(2, done); open(2)", open, "R21 R22"})
	waits(t, act(t, s, ReleaseFailed(1), want{"settle(2, releaseFailed(1)); open(2)", open, "R21 R22"}), 3, 2)

	alone := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"), Get(3, "a", "y"), GiveUp(3))
	act(t, alone, Released(1), want{"settle(2, done); open(2)", open, "R21 R22"})
}

func TestR23_CHA_RD1d_DisposalEndsWithTheLastRelease(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Get(2, "b", "x"), Dispose(3), Release(4, "b"), Dispose(5))
	s = act(t, s, Released(1), want{"", "a/x released+none, b/x releasing+opening", "R21"})
	s = act(t, s, Opened(2), want{"release(2)", "a/x released+none, b/x releasing+closing", "R18"})
	act(t, s, Released(2),
		want{"settle(3, done); settle(4, done); settle(5, done)", "a/x released+none, b/x released+none", "R15 R21 R23"})
}

func TestR24_ReleaseIfReleasesTheIncarnationAlone(t *testing.T) {
	ready := after(t, Get(1, "a", "x"), Opened(1))
	waits(t, act(t, ready, ReleaseIf(2, 1), want{"release(1)", "a/x releasing+closing", "R10 R24"}), 2, 1)

	opening := after(t, Get(1, "a", "x"))
	waits(t, act(t, opening, ReleaseIf(2, 1),
		want{"settle(1, releasedBefore); abandon(1)", "a/x releasing+opening", "R11 R24"}), 2, 1)

	waiting := after(t, Get(1, "a", "x"), Opened(1), Release(2, "a"), Get(3, "a", "y"))
	waits(t, act(t, waiting, ReleaseIf(4, 2),
		want{"settle(3, releasedBefore)", "a/x releasing+closing, a/y released+none", "R9 R24"}), 4, 1)

	// A ReleaseIf of an incarnation that is being released, or is released, changes nothing. A
	// later one of its name stays in use.
	act(t, waiting, ReleaseIf(4, 1), want{"settle(4, done)", "a/x releasing+closing, a/y initializing+none", "R24"})
	later := after(t, Get(1, "a", "x"), Opened(1), ReleaseIf(2, 1), GiveUp(2), Released(1), Get(3, "a", "x"), Opened(2))
	act(t, later, ReleaseIf(4, 1), want{"settle(4, done)", "a/x released+none, a/x ready+none", "R24"})

	disposed := after(t, Get(1, "a", "x"), Dispose(2))
	act(t, disposed, ReleaseIf(3, 1), want{"settle(3, done)", "a/x releasing+opening", "R24"})
}

func TestR24_ItsCallersHearOfTheEnd(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), ReleaseIf(2, 1), Release(3, "a"))
	act(t, s, ReleaseFailed(1),
		want{"settle(2, releaseFailed(1)); settle(3, releaseFailed(1))", "a/x released+none", "R21"})
}

func TestInputsThatNoRuleNamesAreRefused(t *testing.T) {
	s := after(t, Get(1, "a", "x"), Opened(1), Get(2, "b", "x"), Release(3, "a"), Get(4, "a", "x"))
	for _, in := range []Input{
		{},
		{Kind: 99},
		Get(4, "c", "x"), Get(6, "c", "x"), Release(1, "a"), Dispose(0), // not the next number
		ReleaseIf(5, 0), ReleaseIf(5, 4), ReleaseIf(4, 1), // not created, or not the next number
		GiveUp(0), GiveUp(1), GiveUp(5), // not begun, or settled
		Opened(0), Opened(1), OpenFailed(1), Opened(3), OpenFailed(3), Opened(4), // nothing opens
		Released(0), Released(2), ReleaseFailed(2), Released(3), ReleaseFailed(4), // nothing closes
	} {
		next, outputs, err := s.Step(in)
		var refused *RefusedError
		if !errors.As(err, &refused) || refused.Input != in || refused.Reason == "" {
			t.Errorf("%v: error is %v, want a refusal of it", in, err)
		}
		if !next.Equal(s) || outputs != nil || s.Explain(in) != nil {
			t.Errorf("%v is refused and leaves %v, outputs %s, follows %v", in, next, script(outputs), s.Explain(in))
		}
	}
}

func TestRulesAreNumberedWithoutGaps(t *testing.T) {
	rules := Rules()
	if len(rules) != 24 || rules[0] != R1 || rules[23] != R24 || !slices.IsSorted(rules) {
		t.Errorf("rules are %v", rules)
	}
}
