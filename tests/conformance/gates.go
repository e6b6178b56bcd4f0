package conformance

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"ablyrooms.example/model"
)

// Gates hold the calls of a [Backend] until a harness ends them: NewBackend(gates.Wait). The zero
// Gates is ready for use.
type Gates struct {
	mu       sync.Mutex
	works    []*Gated
	rooms    map[*Room]int // the incarnation of each room that was opened without an error
	draining bool
}

// Gated is a call of a [Backend] that waits.
type Gated struct {
	Work
	gates       *Gates
	end         chan error
	incarnation int // whose room the call opens or releases; 0 until that is known
}

// Failure is the error of a backend call that a harness lets fail.
type Failure struct {
	Opening bool
	Number  int // the room's incarnation, or the room's number in the harness
}

// Error says whether an opening or a release failed, and of which room.
func (f *Failure) Error() string {
	return fmt.Sprintf("the backend could not %s #%d", map[bool]string{true: "open", false: "release"}[f.Opening], f.Number)
}

// Wait waits until a harness ends the call, and returns the error that the harness gives it.
func (g *Gates) Wait(w Work) error {
	g.mu.Lock()
	if g.draining {
		g.mu.Unlock()
		return nil
	}
	held := &Gated{Work: w, gates: g, end: make(chan error, 1), incarnation: g.rooms[w.Room]}
	g.works = append(g.works, held)
	g.mu.Unlock()
	return <-held.end
}

// Works returns the calls that wait, in the order in which they began.
func (g *Gates) Works() []*Gated {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.works)
}

// End ends the call with an error, or with success if err is nil. A call must be ended only once.
func (w *Gated) End(err error) {
	g := w.gates
	g.mu.Lock()
	defer g.mu.Unlock()
	g.works = slices.DeleteFunc(g.works, func(v *Gated) bool { return v == w })
	if w.Opening && err == nil {
		if g.rooms == nil {
			g.rooms = map[*Room]int{}
		}
		g.rooms[w.Room] = w.incarnation
	}
	w.end <- err
}

// Drain lets all calls succeed: those that wait now, and those that begin later.
func (g *Gates) Drain() {
	g.mu.Lock()
	g.draining = true
	g.mu.Unlock()
	for _, w := range g.Works() {
		w.End(nil)
	}
}

// endOf ends the call that opens or releases the room of an incarnation.
func (g *Gates) endOf(incarnation int, err error) {
	for _, w := range g.Works() {
		if w.incarnation == incarnation {
			w.End(err)
			return
		}
	}
}

// incarnation returns the incarnation of the room, or 0 if there is none.
func (g *Gates) incarnation(room *Room) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rooms[room]
}

// compare finds out which incarnations the new calls are for, and compares the calls that have not
// ended with the model.
func (g *Gates) compare(t turn, state model.State, p Promises) *difference {
	g.mu.Lock()
	defer g.mu.Unlock()
	differ := func(want, got string) *difference { return &difference{kind: Differs, want: want, got: got} }
	for _, out := range slices.Concat(t.outputs...) {
		if out.Kind != model.OutputOpen {
			continue
		}
		inc := state.Incarnations[out.Incarnation-1]
		i := slices.IndexFunc(g.works, func(w *Gated) bool { return w.Opening && w.incarnation == 0 && w.Room.Name == inc.Name })
		if i < 0 {
			continue // the comparison below reports that
		}
		if w := g.works[i]; w.Room.Options != inc.Options {
			return differ(fmt.Sprintf("#%d to be opened with the options %s", out.Incarnation, inc.Options),
				"it is opened with "+w.Room.Options)
		}
		g.works[i].incarnation = out.Incarnation
	}
	var want, got []string
	for i, inc := range state.Incarnations {
		if inc.Work != model.WorkNone {
			want = append(want, fmt.Sprintf("%v #%d (%s)", inc.Work, i+1, inc.Name))
		}
	}
	for _, w := range g.works {
		kind, which := model.WorkClosing, "an unexpected room"
		if w.Opening {
			kind = model.WorkOpening
		}
		if w.incarnation != 0 {
			which = fmt.Sprintf("#%d", w.incarnation)
		}
		got = append(got, fmt.Sprintf("%v %s (%s)", kind, which, w.Room.Name))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) {
		list := func(s []string) string { return "backend calls under way: " + cmp.Or(strings.Join(s, ", "), "none") }
		return differ(list(want), list(got))
	}
	for _, w := range g.works {
		abandoned := w.Opening && state.Incarnations[w.incarnation-1].Life == model.LifeReleasing
		ended := w.Context != nil && w.Context.Err() != nil
		if ended && !abandoned || !ended && abandoned && p.OpeningsCancelled {
			what := map[bool]string{true: "opening", false: "release"}[w.Opening]
			return differ(fmt.Sprintf("the context of the %s of #%d ended: %t", what, w.incarnation, abandoned),
				fmt.Sprintf("ended: %t", ended))
		}
	}
	return nil
}
