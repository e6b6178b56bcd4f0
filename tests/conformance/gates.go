package conformance

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"ablyrooms.example/model"
)

// gates hold the works of a backend until the script ends them.
type gates struct {
	mu       sync.Mutex
	works    []*gated      // not ended yet, in the order of their begin
	rooms    map[*Room]int // the incarnations of the rooms whose opening ended well
	draining bool
}

// gated is a work that waits.
type gated struct {
	Work
	end         chan error
	incarnation int // 0 until it is known
}

// Failure is the error of a work that a harness has end badly.
type Failure struct {
	Opening bool
	Number  int // of the incarnation, or of the room as the harness counts
}

// Error says what failed.
func (f *Failure) Error() string {
	if f.Opening {
		return fmt.Sprintf("the backend could not open #%d", f.Number)
	}
	return fmt.Sprintf("the backend could not release #%d", f.Number)
}

// wait is the work of the backend.
func (g *gates) wait(w Work) error {
	g.mu.Lock()
	if g.draining {
		g.mu.Unlock()
		return nil
	}
	held := &gated{Work: w, end: make(chan error, 1), incarnation: g.rooms[w.Room]}
	g.works = append(g.works, held)
	g.mu.Unlock()
	return <-held.end
}

// end lets a work of an incarnation end.
func (g *gates) end(incarnation int, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.works, func(w *gated) bool { return w.incarnation == incarnation })
	if i < 0 {
		return
	}
	w := g.works[i]
	g.works = slices.Delete(g.works, i, i+1)
	if w.Opening && err == nil {
		g.rooms[w.Room] = incarnation
	}
	w.end <- err
}

// drain lets everything end well, now and later.
func (g *gates) drain() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.draining = true
	for _, w := range g.works {
		w.end <- nil
	}
	g.works = nil
}

// incarnation returns the one whose room this is, or 0.
func (g *gates) incarnation(room *Room) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.rooms[room]
}

// compare finds the incarnations of works that began, and holds what is under way against the model.
func (g *gates) compare(t turn, state model.State, p Promises) *difference {
	g.mu.Lock()
	defer g.mu.Unlock()
	differ := func(want, got string) *difference { return &difference{kind: Differs, want: want, got: got} }
	for _, out := range slices.Concat(t.outputs...) {
		if out.Kind != model.OutputOpen {
			continue
		}
		inc := state.Incarnations[out.Incarnation-1]
		i := slices.IndexFunc(g.works, func(w *gated) bool { return w.Opening && w.incarnation == 0 && w.Room.Name == inc.Name })
		if i < 0 {
			continue // which is found below
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
		kind, which := model.WorkClosing, "one that nobody asked for"
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
		list := func(s []string) string {
			if len(s) == 0 {
				return "nothing"
			}
			return strings.Join(s, ", ")
		}
		return differ("the backend at work on "+list(want), "the backend at work on "+list(got))
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
