package model

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// leasesAfter returns the state after the inputs. Step must take each of them.
func leasesAfter(t *testing.T, inputs ...Input) Leases {
	t.Helper()
	var l Leases
	for _, in := range inputs {
		next, _, err := l.Step(in)
		if err != nil {
			t.Fatalf("init: %v", err)
		}
		l = next
	}
	return l
}

// leasesAct takes a step, which must consist of the given steps, written as inputs with outputs.
func leasesAct(t *testing.T, l Leases, in Input, want ...string) Leases {
	t.Helper()
	next, turns, err := l.Step(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, turn := range turns {
		got = append(got, strings.TrimSuffix(turn.Input.String()+": "+script(turn.Outputs), ": "))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v consists of\n %q\nwant\n %q", in, got, want)
	}
	return next
}

func TestL1_AnAcquireIsAGet(t *testing.T) {
	l := leasesAct(t, Leases{}, Acquire(1, "a", "x"), "get(1, a, x): open(1)")
	if !l.Open(1) || l.Leased(1) != 1 || l.Kept(1) {
		t.Errorf("%v", l)
	}
	l = leasesAct(t, l, Acquire(2, "a", "y"), "get(2, a, y): settle(2, differentOptions)")
	if l.Open(2) || l.Leased(2) != 0 {
		t.Errorf("a rejected Acquire leases: %v", l)
	}
}

func TestL2_AGetKeeps(t *testing.T) {
	l := leasesAfter(t, Acquire(1, "a", "x"), Get(2, "a", "x"), GiveUp(2), Opened(1))
	l = leasesAct(t, l, Close(1))
	if l.InUse("a") != 1 {
		t.Errorf("a room that a Get waited for is released: %v", l)
	}
	rejected := leasesAfter(t, Acquire(1, "a", "x"), Get(2, "a", "y"), Opened(1))
	leasesAct(t, rejected, Close(1), "releaseIf(3, 1): release(1)", "giveUp(3): settle(3, gaveUp)")
}

func TestL3_TheLastLeaseReleases(t *testing.T) {
	l := leasesAfter(t, Acquire(1, "a", "x"), Acquire(2, "a", "x"), Opened(1))
	l = leasesAct(t, l, Close(2))
	l = leasesAct(t, l, Close(1), "releaseIf(3, 1): release(1)", "giveUp(3): settle(3, gaveUp)")
	for _, in := range []Input{Close(1), Close(2), Close(3), Close(9), Close(0), ReleaseIf(4, 1)} {
		var refused *RefusedError
		if next, _, err := l.Step(in); !errors.As(err, &refused) || refused.Input != in || !next.Equal(l) {
			t.Errorf("%v: %v", in, err)
		}
	}
	pending := leasesAfter(t, Acquire(1, "a", "x"))
	if _, _, err := pending.Step(Close(1)); err == nil {
		t.Error("a lease closes whose Acquire is pending")
	}
}

func TestL4_AnAcquireThatIsGivenUpCloses(t *testing.T) {
	alone := leasesAfter(t, Acquire(1, "a", "x"))
	leasesAct(t, alone, GiveUp(1), "giveUp(1): settle(1, gaveUp)", "releaseIf(2, 1): abandon(1)", "giveUp(2): settle(2, gaveUp)")
	shared := leasesAfter(t, Acquire(1, "a", "x"), Acquire(2, "a", "x"))
	leasesAct(t, shared, GiveUp(1), "giveUp(1): settle(1, gaveUp)")
}

func TestL5_ALeaseThatIsOverTouchesNothing(t *testing.T) {
	l := leasesAfter(t, Acquire(1, "a", "x"), Opened(1), Release(2, "a"), Released(1), Acquire(3, "a", "x"), Opened(2))
	l = leasesAct(t, l, Close(1), "releaseIf(4, 1): settle(4, done)")
	if l.InUse("a") != 2 {
		t.Errorf("the later room is released: %v", l)
	}
}

// The rules and properties are those of docs/leases.md.
func TestLeasesAreThoseOfTheDocument(t *testing.T) {
	text, err := os.ReadFile("../docs/leases.md")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range LeasesProperties() {
		names = append(names, p.Name)
	}
	_, must, _ := strings.Cut(string(text), "\n## What must hold\n")
	var listed []string
	for _, item := range regexp.MustCompile(`(?m)^- \*\*(\w+)\*\*`).FindAllStringSubmatch(must, -1) {
		listed = append(listed, item[1])
	}
	if !slices.Equal(names, listed) {
		t.Errorf("the properties are %v, in the document %v", names, listed)
	}
	for _, row := range regexp.MustCompile(`(?m)^\| (L\d) \| (.*) \| (.*) \|$`).FindAllStringSubmatch(must, -1) {
		for _, name := range append(strings.Split(row[2], ", "), strings.Split(row[3], ", ")...) {
			if !slices.Contains(names, name) {
				t.Errorf("%s is stated by %q, which is no property", row[1], name)
			}
		}
	}
}
