package stack

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
	"ablyrooms.example/tests/wire/world"
)

// play plays a script in a bubble of its own, and lets the model check the trace too.
func play(t *testing.T, script []Step) (err error) {
	problem, _ := world.InBubble(t, func(network *memnet.Net) {
		l, failed := NewLink(network)
		if err = failed; err != nil {
			return
		}
		trace, failed := Play(l, script)
		_, refused := judge.Lines(judge.NewNaming().Lines(trace))
		err = errors.Join(failed, refused, l.Close())
	})
	if problem != "" {
		return errors.New(problem)
	}
	return err
}

// The whole stack does the same as the model, compared after each step: the same calls are settled,
// with the same outcomes and rooms, the same detaches wait at the server, and the same channels are
// attached there.
func TestTheStackAgainstTheModel(t *testing.T) {
	runs, steps, refused := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		choose := func(n int) int { return rapid.IntRange(0, n-1).Draw(rt, "choice") }
		script := Draw(Bounds(10), 40, false, choose)
		if err := play(t, script); err != nil {
			rt.Fatal(err)
		}
		runs++
		steps += len(script)
		for _, s := range script {
			if s.Refuse {
				refused++
			}
		}
	})
	t.Logf("EVIDENCE stack runs=%d steps=%d refused=%d", runs, steps, refused)
	if runs == 0 || steps < runs || refused == 0 {
		t.Errorf("too little was tried: %d runs, %d steps, %d refused", runs, steps, refused)
	}
}

// The comparison must notice a stack that differs from the model.
func TestADifferenceIsSeen(t *testing.T) {
	if err := play(t, []Step{{Input: model.Get(1, "a", "x")}, {Input: model.Release(2, "a")}, {Input: model.Released(1)}}); err != nil {
		t.Error(err)
	}
	// In this script the release fails. In the stack, it never does.
	script := []Step{{Input: model.Get(1, "a", "x")}, {Input: model.Release(2, "a")}, {Input: model.ReleaseFailed(1)}}
	if err := play(t, script); err == nil || !strings.Contains(err.Error(), "call 2 settled: false") {
		t.Errorf("the test did not report that the release never fails: %v", err)
	}
}
