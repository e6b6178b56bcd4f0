package model

import (
	"cmp"
	"fmt"
	"slices"
)

// RefusedError is the error of [State.Step] for an input that no rule names in the present state:
// the end of a work that is not under way, giving up a call that is not pending, or a call that
// doesn't have the next number.
type RefusedError struct {
	Input  Input
	Reason string // why no rule names it
}

// Error names the input and the reason.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("model: %v is refused: %s", e.Input, e.Reason)
}

// Step returns the state after the input, and the outputs of the step: settled calls first, by
// number, then the others, by incarnation. If no rule names the input, Step returns s, no output
// and a [*RefusedError]. Step is a pure function: it doesn't change s, and the returned state and
// outputs share no memory with s. It implements R1 to R24 of docs/rooms.md (CHA-RC1f, CHA-RC1g,
// CHA-RD1).
func (s State) Step(in Input) (State, []Output, error) {
	t, err := s.take(in)
	if err != nil {
		return s, nil, err
	}
	return t.State, t.outputs, nil
}

// Explain returns the rules that the step follows, each once, ascending. It returns none if the
// input is refused. It is for reports: "by R11 and R12 call 1 is settled with …".
func (s State) Explain(in Input) []Rule {
	t, err := s.take(in)
	if err != nil {
		return nil
	}
	slices.Sort(t.rules)
	return slices.Compact(t.rules)
}

// turn is a step while it is computed: a copy of the state, which it may change, its outputs so
// far, and the rules that it followed.
type turn struct {
	State
	outputs []Output
	rules   []Rule
}

func (s State) take(in Input) (*turn, error) {
	if reason := s.refusal(in); reason != "" {
		return nil, &RefusedError{Input: in, Reason: reason}
	}
	t := &turn{State: s.Clone()}
	switch in.Kind {
	case KindGet:
		t.get(in.Call, in.Name, in.Options)
	case KindRelease:
		t.release(in.Call, in.Name)
	case KindDispose:
		t.dispose(in.Call)
	case KindReleaseIf:
		t.releaseIf(in.Call, in.Incarnation)
	case KindGiveUp:
		t.giveUp(in.Call)
	case KindOpened:
		t.opened(in.Incarnation)
	case KindOpenFailed:
		t.openFailed(in.Incarnation)
	case KindReleased:
		t.closed(in.Incarnation, Outcome{Kind: OutcomeDone})
	case KindReleaseFailed:
		t.closed(in.Incarnation, Outcome{Kind: OutcomeReleaseFailed, Incarnation: in.Incarnation})
	}
	if in.Kind >= KindOpened { // record an end of the backend, whichever rule handles it
		t.incarnation(in.Incarnation).Ended = in.Kind
	}
	slices.SortStableFunc(t.outputs, func(a, b Output) int {
		return cmp.Or(
			// settled calls before all others
			cmp.Compare(min(a.Kind, OutputOpen), min(b.Kind, OutputOpen)),
			cmp.Compare(a.Call, b.Call),
			cmp.Compare(a.Incarnation, b.Incarnation))
	})
	return t, nil
}

// refusal returns why no rule names the input in this state, or "" if one does.
func (s State) refusal(in Input) string {
	switch in.Kind {
	case KindGet, KindRelease, KindDispose, KindReleaseIf:
		if in.Kind == KindReleaseIf && (in.Incarnation < 1 || in.Incarnation > len(s.Incarnations)) {
			return "no such incarnation was created"
		}
		if next := len(s.Calls) + 1; in.Call != next {
			return fmt.Sprintf("the next call to begin is %d", next)
		}
	case KindGiveUp:
		if in.Call < 1 || in.Call > len(s.Calls) {
			return "no such call began"
		}
		if !s.Calls[in.Call-1].Pending() {
			return "the call is settled"
		}
	case KindOpened, KindOpenFailed, KindReleased, KindReleaseFailed:
		if in.Incarnation < 1 || in.Incarnation > len(s.Incarnations) {
			return "no such incarnation was created"
		}
		ends := WorkOpening
		if in.Kind == KindReleased || in.Kind == KindReleaseFailed {
			ends = WorkClosing
		}
		if work := s.Incarnations[in.Incarnation-1].Work; work != ends {
			return fmt.Sprintf("the incarnation's work is %v, not %v", work, ends)
		}
	default:
		return "no such kind of input"
	}
	return ""
}

// get is CHA-RC1f.
func (t *turn) get(call int, name, options string) {
	disposing := t.Disposing()
	t.begin(Call{Kind: KindGet, Name: name, Options: options})
	inUse := t.InUse(name)
	switch {
	case disposing: // CHA-RC1f8
		t.by(R1)
		t.settle(call, Outcome{Kind: OutcomeDisposed})
	case inUse != 0 && t.incarnation(inUse).Options != options: // CHA-RC1f1
		t.by(R2)
		t.settle(call, Outcome{Kind: OutcomeDifferentOptions})
	case inUse != 0 && t.incarnation(inUse).Life == LifeReady: // CHA-RC1f2
		t.by(R3)
		t.settle(call, Outcome{Kind: OutcomeRoom, Incarnation: inUse})
	case inUse != 0: // CHA-RC1f2
		t.by(R4)
		t.wait(call, inUse)
	case t.BeingReleased(name) == 0: // CHA-RC1f3
		t.by(R5)
		created := t.create(name, options)
		t.open(created)
		t.wait(call, created)
	default: // CHA-RC1f4
		t.by(R6)
		t.wait(call, t.create(name, options))
	}
}

// release is CHA-RC1g.
func (t *turn) release(call int, name string) {
	t.begin(Call{Kind: KindRelease, Name: name})
	inUse, beingReleased := t.InUse(name), t.BeingReleased(name)
	switch {
	case inUse == 0 && beingReleased == 0: // CHA-RC1g2
		t.by(R7)
		t.settle(call, Outcome{Kind: OutcomeDone})
	case inUse == 0: // CHA-RC1g3
		t.by(R8)
		t.wait(call, beingReleased)
	default:
		t.wait(call, t.releaseInUse(inUse, beingReleased))
	}
}

// releaseInUse takes the incarnation in use out of use. beingReleased is the incarnation of its
// name that is already being released, or 0. It returns the incarnation whose release the caller
// must wait for.
func (t *turn) releaseInUse(inUse, beingReleased int) int {
	inc := t.incarnation(inUse)
	switch {
	case beingReleased != 0: // CHA-RC1g4
		t.by(R9)
		t.settleWaiting(KindGet, inUse, Outcome{Kind: OutcomeReleasedBefore})
		inc.Life = LifeReleased
		return beingReleased
	case inc.Life == LifeReady: // CHA-RC1g5
		t.by(R10)
		inc.Life = LifeReleasing
		t.close(inUse)
		return inUse
	default: // CHA-RC1g5, CHA-RC1f6
		t.by(R11)
		t.settleWaiting(KindGet, inUse, Outcome{Kind: OutcomeReleasedBefore})
		inc.Life = LifeReleasing
		t.put(Output{Kind: OutputAbandon, Incarnation: inUse})
		return inUse
	}
}

// dispose is CHA-RD1.
func (t *turn) dispose(call int) {
	first := !t.Disposing()
	t.begin(Call{Kind: KindDispose})
	if first {
		t.by(R12, R13) // CHA-RD1a to CHA-RD1d
		for i := 1; i <= len(t.Incarnations); i++ {
			if name := t.incarnation(i).Name; t.InUse(name) == i {
				t.releaseInUse(i, t.BeingReleased(name))
			}
		}
	} else {
		t.by(R14)
	}
	if !t.releasing() {
		t.settle(call, t.disposal())
	}
}

// releaseIf releases the incarnation, but no later one of its name: R24.
func (t *turn) releaseIf(call, i int) {
	name := t.incarnation(i).Name
	t.begin(Call{Kind: KindReleaseIf, Name: name, Of: i})
	t.by(R24)
	if t.InUse(name) != i {
		t.settle(call, Outcome{Kind: OutcomeDone})
		return
	}
	t.wait(call, t.releaseInUse(i, t.BeingReleased(name)))
}

// giveUp settles one call. What it waited for goes on.
func (t *turn) giveUp(call int) {
	t.by(R16)
	t.settle(call, Outcome{Kind: OutcomeGaveUp})
}

func (t *turn) opened(i int) {
	inc := t.incarnation(i)
	if inc.Life == LifeReleasing {
		t.by(R18)
		t.close(i)
		return
	}
	t.by(R17)
	inc.Life, inc.Work = LifeReady, WorkNone
	t.settleWaiting(KindGet, i, Outcome{Kind: OutcomeRoom, Incarnation: i})
}

func (t *turn) openFailed(i int) {
	inc := t.incarnation(i)
	if inc.Life == LifeReleasing {
		t.by(R20)
		t.closed(i, Outcome{Kind: OutcomeDone})
		return
	}
	t.by(R19)
	inc.Life, inc.Work = LifeReleased, WorkNone
	t.settleWaiting(KindGet, i, Outcome{Kind: OutcomeOpenFailed, Incarnation: i})
}

// closed ends the release of an incarnation. It settles the calls that wait for the end with the
// outcome, both Releases and ReleaseIfs.
func (t *turn) closed(i int, outcome Outcome) {
	inc := t.incarnation(i)

	t.by(R21) // CHA-RC1g1
	inc.Life, inc.Work = LifeReleased, WorkNone
	t.settleWaiting(KindRelease, i, outcome)

	if successor := t.InUse(inc.Name); successor != 0 { // CHA-RC1f4
		t.by(R22)
		t.open(successor)
	}

	if t.Disposing() {
		if outcome.Kind == OutcomeReleaseFailed {
			t.by(R15)
			t.Failed = append(t.Failed, i)
			slices.Sort(t.Failed) // releases may end in any order
		}
		if !t.releasing() { // CHA-RD1d
			t.by(R23)
			for call := 1; call <= len(t.Calls); call++ {
				if c := t.Calls[call-1]; c.Kind == KindDispose && c.Pending() {
					t.settle(call, t.disposal())
				}
			}
		}
	}
}

// disposal returns the outcome of a disposal that has ended.
func (t *turn) disposal() Outcome {
	t.by(R15)
	if len(t.Failed) == 0 {
		return Outcome{Kind: OutcomeDone}
	}
	return Outcome{Kind: OutcomeFailed, Failed: slices.Clone(t.Failed)}
}

// The parts of the rules above.

func (t *turn) by(rules ...Rule) { t.rules = append(t.rules, rules...) }

func (t *turn) put(o Output) { t.outputs = append(t.outputs, o) }

// incarnation returns the i-th incarnation for writing. The pointer is valid until the next create.
func (t *turn) incarnation(i int) *Incarnation { return &t.Incarnations[i-1] }

func (t *turn) begin(c Call) { t.Calls = append(t.Calls, c) }

func (t *turn) wait(call, incarnation int) { t.Calls[call-1].WaitsFor = incarnation }

// settle settles a call. The state and the output each get a copy of outcome.Failed.
func (t *turn) settle(call int, outcome Outcome) {
	t.put(Output{Kind: OutputSettle, Call: call, Outcome: outcome})
	outcome.Failed = slices.Clone(outcome.Failed)
	t.Calls[call-1].Outcome = outcome
}

// settleWaiting settles every pending call of the kind that waits for the incarnation. KindRelease
// includes KindReleaseIf.
func (t *turn) settleWaiting(kind Kind, incarnation int, outcome Outcome) {
	if kind == KindRelease {
		t.settleWaiting(KindReleaseIf, incarnation, outcome)
	}
	for call := 1; call <= len(t.Calls); call++ {
		if c := t.Calls[call-1]; c.Kind == kind && c.WaitsFor == incarnation && c.Pending() {
			t.settle(call, outcome)
		}
	}
}

func (t *turn) create(name, options string) int {
	t.Incarnations = append(t.Incarnations, Incarnation{Name: name, Options: options, Life: LifeInitializing})
	return len(t.Incarnations)
}

func (t *turn) open(i int) {
	t.incarnation(i).Work = WorkOpening
	t.put(Output{Kind: OutputOpen, Incarnation: i})
}

func (t *turn) close(i int) {
	t.incarnation(i).Work = WorkClosing
	t.put(Output{Kind: OutputRelease, Incarnation: i})
}
