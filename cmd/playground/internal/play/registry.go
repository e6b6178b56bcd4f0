package play

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"ablyrooms.example/model"
)

// Registry is a registry of rooms that may have one [Fault]. Like many such registries, it is a map
// with promises. It is a value, has the model's types, and keeps the history that the properties
// need. Without a fault it follows docs/rooms.md.
type Registry struct {
	slip slip
	model.State
	began  map[int]bool // for disposeEarly: the releases that Dispose waits for
	failed map[int]bool // for failedOpeningKept: the incarnations whose opening failed
	users  map[int]int  // for counted: how many gets returned the incarnation
}

// NewRegistry returns an empty registry that has the fault.
func NewRegistry(f Fault) Registry { return Registry{slip: f.slip} }

// Key returns a string. Two registries with the same fault have the same key if and only if they
// are equal.
func (r Registry) Key() string {
	b := []byte(r.State.Key())
	for _, set := range []map[int]bool{r.began, r.failed} {
		for _, i := range slices.Sorted(maps.Keys(set)) {
			b = append(strconv.AppendInt(b, int64(i), 10), ' ')
		}
		b = append(b, '/')
	}
	for _, i := range slices.Sorted(maps.Keys(r.users)) {
		b = append(
			strconv.AppendInt(
				append(strconv.AppendInt(b, int64(i), 10), ':'),
				int64(r.users[i]),
				10,
			),
			' ',
		)
	}
	return string(b)
}

// Step returns the registry after the input, and its outputs. An input that can't happen in its
// state is refused as by [model.State.Step], and changes nothing.
func (r Registry) Step(in model.Input) (Registry, []model.Output, error) {
	if _, _, err := r.State.Step(in); err != nil { // a fault doesn't change which inputs can happen
		return r, nil, err
	}
	t := &registryTurn{Registry: r}
	t.State, t.began, t.failed, t.users = r.Clone(), maps.Clone(
		r.began,
	), maps.Clone(
		r.failed,
	), maps.Clone(
		r.users,
	)
	switch in.Kind {
	case model.KindGet:
		t.Calls = append(t.Calls, model.Call{Kind: in.Kind, Name: in.Name, Options: in.Options})
		t.get(in.Call)
	case model.KindRelease:
		t.Calls = append(t.Calls, model.Call{Kind: in.Kind, Name: in.Name})
		t.release(in.Call, in.Name)
	case model.KindDispose:
		t.dispose(in.Call)
	case model.KindGiveUp:
		t.giveUp(in.Call)
	case model.KindOpened:
		t.opened(in.Incarnation)
	case model.KindOpenFailed:
		t.openFailed(in.Incarnation)
	case model.KindReleased, model.KindReleaseFailed:
		t.released(in.Incarnation, in.Kind == model.KindReleaseFailed)
	}
	if in.Kind >= model.KindOpened {
		t.inc(in.Incarnation).Ended = in.Kind
	}
	slices.SortStableFunc(t.outs, func(a, b model.Output) int {
		return cmp.Or(cmp.Compare(min(a.Kind, model.OutputOpen), min(b.Kind, model.OutputOpen)),
			cmp.Compare(a.Call, b.Call), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	return t.Registry, t.outs, nil
}

// registryTurn is a registry during a step.
type registryTurn struct {
	Registry
	outs []model.Output
}

func (t *registryTurn) inc(i int) *model.Incarnation { return &t.Incarnations[i-1] }

func (t *registryTurn) tell(kind model.OutputKind, i int) {
	t.outs = append(t.outs, model.Output{Kind: kind, Incarnation: i})
}

func (t *registryTurn) settle(call int, o model.Outcome) {
	t.outs = append(t.outs, model.Output{Kind: model.OutputSettle, Call: call, Outcome: o})
	t.Calls[call-1].Outcome = model.Outcome{
		Kind:        o.Kind,
		Incarnation: o.Incarnation,
		Failed:      slices.Clone(o.Failed),
	}
}

// waiting returns the pending calls that wait for an incarnation.
func (t *registryTurn) waiting(kind model.Kind, i int) (calls []int) {
	for n, c := range t.Calls {
		if c.Kind == kind && c.WaitsFor == i && c.Pending() {
			calls = append(calls, n+1)
		}
	}
	return calls
}

func (t *registryTurn) wait(call, i int) { t.Calls[call-1].WaitsFor = i }

func (t *registryTurn) get(call int) {
	c := t.Calls[call-1]
	if t.Disposing() && t.slip != ghost {
		t.settle(call, model.Outcome{Kind: model.OutcomeDisposed})
		return
	}
	i := t.InUse(c.Name)
	if i != 0 && t.inc(i).Life == model.LifeInitializing && t.slip == checkThenAct {
		i = 0
	}
	if i == 0 {
		t.create(call, c.Name, c.Options)
		return
	}
	inc := t.inc(i)
	switch {
	case t.failed[i]:
		t.settle(call, model.Outcome{Kind: model.OutcomeOpenFailed, Incarnation: i})
	case inc.Options != c.Options && !(t.slip == optionsIgnored && inc.Life == model.LifeInitializing):
		t.settle(call, model.Outcome{Kind: model.OutcomeDifferentOptions})
	case inc.Life == model.LifeReady:
		t.use(i)
		t.settle(call, model.Outcome{Kind: model.OutcomeRoom, Incarnation: i})
	default:
		t.use(i)
		t.wait(call, i)
	}
}

// create adds the next incarnation of a name, for a call that waits for it.
func (t *registryTurn) create(call int, name, options string) {
	t.Incarnations = append(
		t.Incarnations,
		model.Incarnation{Name: name, Options: options, Life: model.LifeInitializing},
	)
	i := len(t.Incarnations)
	t.use(i)
	t.wait(call, i)
	if t.BeingReleased(name) == 0 || t.slip == noPredecessor {
		t.open(i)
	}
}

func (t *registryTurn) use(i int) {
	if t.slip == counted {
		if t.users == nil {
			t.users = map[int]int{}
		}
		t.users[i]++
	}
}

func (t *registryTurn) open(i int) {
	t.inc(i).Work = model.WorkOpening
	t.tell(model.OutputOpen, i)
}

func (t *registryTurn) close(i int) {
	t.inc(i).Work = model.WorkClosing
	t.tell(model.OutputRelease, i)
}

func (t *registryTurn) release(call int, name string) {
	i, before := t.InUse(name), t.BeingReleased(name)
	switch {
	case i == 0 && before == 0:
		t.settle(call, model.Outcome{Kind: model.OutcomeDone})
	case i == 0 && t.inc(before).Ended == model.KindReleaseFailed: // failureKept
		t.settle(call, model.Outcome{Kind: model.OutcomeReleaseFailed, Incarnation: before})
	case i == 0, before != 0 && t.slip == waiterForgotten:
		t.wait(call, before)
	case t.slip == counted && t.users[i] > 1:
		t.users[i]--
		t.settle(call, model.Outcome{Kind: model.OutcomeDone})
	case t.slip == abandonedTooSoon && t.inc(i).Work == model.WorkOpening:
		t.leave(i, before)
		t.settle(call, model.Outcome{Kind: model.OutcomeDone})
	default:
		t.wait(call, t.leave(i, before))
	}
}

// leave takes an incarnation out of use. It returns the incarnation whose release the caller must
// wait for.
func (t *registryTurn) leave(i, before int) int {
	for _, call := range t.waiting(model.KindGet, i) {
		t.settle(call, model.Outcome{Kind: model.OutcomeReleasedBefore})
	}
	inc := t.inc(i)
	if before != 0 && inc.Work == model.WorkNone && inc.Life == model.LifeInitializing {
		inc.Life = model.LifeReleased
		return before
	}
	ready := inc.Life == model.LifeReady
	inc.Life = model.LifeReleasing
	switch {
	case ready:
		t.close(i)
	case inc.Work == model.WorkOpening:
		t.tell(model.OutputAbandon, i)
	}
	return i
}

func (t *registryTurn) dispose(call int) {
	first := !t.Disposing()
	t.Calls = append(t.Calls, model.Call{Kind: model.KindDispose})
	if first {
		t.began = map[int]bool{}
		for i := range t.Incarnations {
			if name := t.Incarnations[i].Name; t.InUse(name) == i+1 {
				before := t.BeingReleased(name)
				t.began[t.leave(i+1, before)] = true
			}
		}
		if t.slip != disposeEarly {
			t.began = nil
		}
	}
	if t.over() || !first && t.slip == disposedFlag {
		t.settle(call, t.disposal())
	}
}

// over reports whether every release that a dispose waits for has ended.
func (t *registryTurn) over() bool {
	for i, inc := range t.Incarnations {
		if inc.Life == model.LifeReleasing && (t.slip != disposeEarly || t.began[i+1]) {
			return false
		}
	}
	return true
}

func (t *registryTurn) disposal() model.Outcome {
	if len(t.Failed) == 0 {
		return model.Outcome{Kind: model.OutcomeDone}
	}
	return model.Outcome{Kind: model.OutcomeFailed, Failed: slices.Clone(t.Failed)}
}

func (t *registryTurn) giveUp(call int) {
	c := t.Calls[call-1]
	t.settle(call, model.Outcome{Kind: model.OutcomeGaveUp})
	if t.slip != firstContext || c.Kind != model.KindGet {
		return
	}
	first := slices.IndexFunc(
		t.Calls,
		func(d model.Call) bool { return d.Kind == c.Kind && d.WaitsFor == c.WaitsFor },
	)
	if first == call-1 && t.inc(c.WaitsFor).Work == model.WorkOpening {
		t.tell(model.OutputAbandon, c.WaitsFor)
	}
}

func (t *registryTurn) opened(i int) {
	inc := t.inc(i)
	switch {
	case inc.Life == model.LifeReleasing && t.slip == orphan:
		t.ended(i, model.Outcome{Kind: model.OutcomeDone})
	case inc.Life == model.LifeReleasing:
		t.close(i)
	default:
		inc.Life, inc.Work = model.LifeReady, model.WorkNone
		for _, call := range t.waiting(model.KindGet, i) {
			t.settle(call, model.Outcome{Kind: model.OutcomeRoom, Incarnation: i})
			if t.slip == signalledOnce {
				break
			}
		}
	}
}

func (t *registryTurn) openFailed(i int) {
	inc := t.inc(i)
	if inc.Life == model.LifeReleasing {
		t.ended(i, model.Outcome{Kind: model.OutcomeDone})
		return
	}
	calls := t.waiting(model.KindGet, i)
	inc.Work = model.WorkNone
	if t.slip == failedOpeningKept {
		if t.failed == nil {
			t.failed = map[int]bool{}
		}
		t.failed[i] = true
	} else {
		inc.Life = model.LifeReleased
	}
	for n, call := range calls {
		if n == 0 || t.slip != eachTriesAgain {
			t.settle(call, model.Outcome{Kind: model.OutcomeOpenFailed, Incarnation: i})
			continue
		}
		t.wait(call, 0)
		t.get(call)
	}
}

func (t *registryTurn) released(i int, failed bool) {
	o := model.Outcome{Kind: model.OutcomeDone}
	if failed {
		o = model.Outcome{Kind: model.OutcomeReleaseFailed, Incarnation: i}
	}
	if failed && t.slip == failureKept {
		t.inc(i).Work = model.WorkNone
		for _, call := range t.waiting(model.KindRelease, i) {
			t.settle(call, o)
		}
		return
	}
	t.ended(i, o)
}

// ended handles the end of a release.
func (t *registryTurn) ended(i int, o model.Outcome) {
	inc := t.inc(i)
	inc.Life, inc.Work = model.LifeReleased, model.WorkNone
	for _, call := range t.waiting(model.KindRelease, i) {
		t.settle(call, o)
	}
	if next := t.InUse(inc.Name); next != 0 && t.inc(next).Work == model.WorkNone &&
		t.inc(next).Life == model.LifeInitializing &&
		!t.failed[next] {
		t.open(next)
	}
	if !t.Disposing() {
		return
	}
	failed := o.Kind == model.OutcomeReleaseFailed
	if failed && t.slip == lastErrorOnly {
		t.Failed = []int{i}
	} else if failed {
		t.Failed = append(t.Failed, i)
		slices.Sort(t.Failed)
	}
	if t.over() || failed && t.slip == firstErrorEnds {
		for n, c := range t.Calls {
			if c.Kind == model.KindDispose && c.Pending() {
				t.settle(n+1, t.disposal())
			}
		}
	}
}
