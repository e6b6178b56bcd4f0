package linear

import (
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"

	"ablyrooms.example/model"
)

// span is an operation, and the interval in which it takes effect.
type span struct {
	from, to int64
	op       Op
}

func judge(spans []span) porcupine.CheckResult {
	var history []porcupine.Operation
	for i, s := range spans {
		history = append(history, porcupine.Operation{ClientId: i, Input: s.op, Call: s.from, Return: s.to})
	}
	return porcupine.CheckOperationsTimeout(Sequential(), history, 0)
}

func begin(call int, what model.Kind, options string) Op {
	return Op{Kind: Begins, Call: call, What: what, Options: options}
}

func settled(call int, what model.Kind, kind model.OutcomeKind, room int) Op {
	return Op{Kind: Settled, Call: call, What: what, Outcome: model.Outcome{Kind: kind, Incarnation: room}}
}

// TestSmallHistories checks histories whose verdicts are easy to see by hand.
func TestSmallHistories(t *testing.T) {
	const get, release = model.KindGet, model.KindRelease
	opened := func(from int64, room int) span { return span{from, Never, Op{Kind: Opened, Room: room, Options: "x"}} }
	released := func(from int64, room int) span { return span{from, Never, Op{Kind: Released, Room: room}} }
	whole := func(from, to int64, call int, what model.Kind, kind model.OutcomeKind, room int) []span {
		options := ""
		if what == get {
			options = "x"
		}
		return []span{{from, to, begin(call, what, options)}, {from, to, settled(call, what, kind, room)}}
	}
	for name, c := range map[string]struct {
		history []span
		want    porcupine.CheckResult
	}{
		"a get": {slices.Concat(whole(0, 10, 1, get, model.OutcomeRoom, 1), []span{opened(5, 1)}), porcupine.Ok},
		"a room before it was opened": {
			slices.Concat(whole(0, 4, 1, get, model.OutcomeRoom, 1), []span{opened(5, 1)}), porcupine.Illegal},
		"two gets, one room": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeRoom, 1), whole(20, 30, 2, get, model.OutcomeRoom, 1), []span{opened(5, 1)}), porcupine.Ok},
		"two gets, two rooms": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeRoom, 1), whole(20, 30, 2, get, model.OutcomeRoom, 2),
				[]span{opened(5, 1), opened(25, 2)}), porcupine.Illegal},
		"a get after the release has the old room": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeRoom, 1), whole(20, 30, 2, release, model.OutcomeDone, 0),
				whole(40, 50, 3, get, model.OutcomeRoom, 1), []span{opened(5, 1), released(25, 1)}), porcupine.Illegal},
		"a get beside the release has the old room": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeRoom, 1), whole(20, 30, 2, release, model.OutcomeDone, 0),
				whole(19, 50, 3, get, model.OutcomeRoom, 1), []span{opened(5, 1), released(25, 1)}), porcupine.Ok},
		"a release before its end": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeRoom, 1), whole(20, 24, 2, release, model.OutcomeDone, 0),
				[]span{opened(5, 1), released(25, 1)}), porcupine.Illegal},
		"rejected with no release about": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeReleasedBefore, 0), []span{opened(5, 1)}), porcupine.Illegal},
		"rejected by a release": {
			slices.Concat(whole(0, 10, 1, get, model.OutcomeReleasedBefore, 0), whole(3, 30, 2, release, model.OutcomeDone, 0),
				[]span{opened(5, 1), released(25, 1)}), porcupine.Ok},
		"a call that never ends": {
			[]span{{0, Never, begin(1, get, "x")}}, porcupine.Ok},
	} {
		t.Run(name, func(t *testing.T) {
			if got := judge(c.history); got != c.want {
				t.Errorf("the check's verdict is %v, expected %v", got, c.want)
			}
		})
	}
}

// TestForgettingChangesNothing compares views with the model's whole state, along many walks of the
// model. A view must accept the same inputs, and settle the same calls.
func TestForgettingChangesNothing(t *testing.T) {
	b := model.Bounds{Calls: 5, Names: []string{theName}, Options: []string{"x", "y"}}
	walks := 0
	var walk func(s model.State, v view, depth int)
	walk = func(s model.State, v view, depth int) {
		if depth == 0 {
			walks++
			return
		}
		for i, in := range s.Enabled(b) {
			if depth < 6 && (i+depth)%2 == 0 {
				continue // skip a part of the deep walks
			}
			next, outs, _ := s.Step(in)
			op := Op{Call: in.Call, What: in.Kind, Options: in.Options, Room: in.Incarnation}
			switch in.Kind {
			case model.KindGet, model.KindRelease, model.KindDispose:
				op.Kind = Begins
			case model.KindGiveUp:
				op = settled(in.Call, s.Calls[in.Call-1].Kind, model.OutcomeGaveUp, 0)
			case model.KindOpened, model.KindOpenFailed:
				op.Kind, op.Options, op.Failed = Opened, s.Incarnations[in.Incarnation-1].Options, in.Kind == model.KindOpenFailed
			default:
				op.Kind, op.Failed = Released, in.Kind == model.KindReleaseFailed
			}
			w, ok := v.step(op)
			if !ok {
				t.Fatalf("%v in %v is refused by the view %v", in, s, v)
			}
			for _, out := range outs {
				if out.Kind != model.OutputSettle || in.Kind == model.KindGiveUp {
					continue
				}
				if w, ok = w.step(Op{Kind: Settled, Call: out.Call, What: next.Calls[out.Call-1].Kind, Outcome: out.Outcome}); !ok {
					t.Fatalf("%v in %v: the view did not settle %v", in, s, out)
				}
			}
			if len(w.settled) > 0 {
				t.Fatalf("%v in %v: the view settled %v beyond the model", in, s, w.settled)
			}
			walk(next, w, depth-1)
		}
	}
	walk(model.State{}, start(), 10)
	if walks < 10_000 {
		t.Errorf("only %d walks were compared", walks)
	}
}
