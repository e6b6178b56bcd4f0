package roomsmachine

import (
	"context"
	"maps"
	"sync"

	"ablyrooms.example/fsm"
	"ablyrooms.example/tests/explore"
)

// Local is what can be seen of a state by one who looks at one name only, and counts "none, one, several".
type Local struct {
	Use       Seen  // the incarnation in use
	Releasing Seen  // the one being released
	Gets      uint8 // that wait for the one in use: 0, 1, 2 for several
	Releases  uint8 // that wait for the one being released: 0, 1, 2 for several
	Disposal  bool  // began
}

// Seen is an incarnation as Local has it; the zero Seen is none.
type Seen struct {
	There bool
	Life  fsm.Life
	Work  fsm.Work
}

// LocalStep is a step as Local has it: what happened, and what was put out.
type LocalStep struct {
	Before, After Local
	What          fsm.RoomsInputKind
	How           How
	Settled       uint16 // the outcomes that calls of the name were settled with, by kind
	Told          uint8  // what the backend was told of the name's incarnations, by kind
}

// How says what an input has to do with the name.
type How uint8

// The ways. Options are compared with those of the incarnation in use.
const (
	Elsewhere How = iota // nothing; only steps that change the name's state are looked at
	Its                  // it is of the name, or of all
	SameOptions
	OtherOptions
	ItsGet     // gives up a get of the name
	ItsRelease // gives up a release of it
)

// Projection is what one name shows of a graph: its states and steps, by codes that tell them apart.
type Projection struct {
	States map[uint16]Local
	Steps  map[uint64]LocalStep
}

func newProjection() Projection { return Projection{map[uint16]Local{}, map[uint64]LocalStep{}} }

// add adds another's, and returns how many states and steps were not there.
func (p Projection) add(q Projection) (states, steps int) {
	states, steps = len(p.States), len(p.Steps)
	maps.Copy(p.States, q.States)
	maps.Copy(p.Steps, q.Steps)
	return len(p.States) - states, len(p.Steps) - steps
}

func (s Seen) code() uint16 {
	if !s.There {
		return 0
	}
	return 1 | uint16(s.Life)<<1 | uint16(s.Work)<<3 // 5 bits
}

func (l Local) code() uint16 {
	code := l.Use.code() | l.Releasing.code()<<5 | uint16(l.Gets)<<10 | uint16(l.Releases)<<12
	if l.Disposal {
		code |= 1 << 14
	}
	return code
}

// 15 bits for each state, 4 for the kind of input, 3 for how, 16 and 5 for the outputs: 58.
func (l *LocalStep) code() uint64 {
	return uint64(l.Before.code()) | uint64(l.After.code())<<15 | uint64(l.What)<<30 | uint64(l.How)<<34 | uint64(l.Settled)<<37 | uint64(l.Told)<<53
}

func several(s Set) uint8 {
	switch {
	case s == 0:
		return 0
	case s&(s-1) == 0:
		return 1
	}
	return 2
}

func (s *State) local(name uint8) (l Local) {
	l.Disposal = s.Disposal != fsm.NotDisposed
	for i := range s.NumIncs {
		inc := &s.Incs[i]
		if inc.Name != name {
			continue
		}
		switch {
		case inc.inUse():
			l.Use, l.Gets = Seen{true, inc.Life, inc.Work}, several(inc.Waiters)
		case inc.releasing():
			l.Releasing, l.Releases = Seen{true, inc.Life, inc.Work}, several(inc.Waiters)
		}
	}
	return l
}

// how tells what an input has to do with a name.
func (s *State) how(name uint8, in *fsm.RoomsInput[string]) How {
	its := func(n uint8) How {
		if n == name {
			return Its
		}
		return Elsewhere
	}
	switch in.Kind {
	case fsm.CallDispose:
		return Its
	case fsm.CallRelease:
		return its(nameOf(in.Name))
	case fsm.CallGet:
		if nameOf(in.Name) != name {
			return Elsewhere
		}
		for i := range s.NumIncs {
			if inc := &s.Incs[i]; inc.Name == name && inc.inUse() {
				if inc.Options == optionsOf(in.Options) {
					return SameOptions
				}
				return OtherOptions
			}
		}
		return Its
	case fsm.GiveUp:
		switch c := &s.Calls[in.Call-1]; {
		case c.Kind == fsm.CallDispose || c.Name != name:
			return Elsewhere
		case c.Kind == fsm.CallGet:
			return ItsGet
		}
		return ItsRelease
	}
	return its(s.Incs[in.Incarnation-1].Name)
}

// step adds what the names of a step show of it.
func (p Projection) step(names int, before *State, in *fsm.RoomsInput[string], outs []fsm.RoomsOutput, after *State) {
	for name := range uint8(names) {
		l := LocalStep{Before: before.local(name), After: after.local(name), What: in.Kind, How: before.how(name, in)}
		if l.How == Elsewhere {
			l.What = 0
			if l.Before == l.After {
				continue
			}
		}
		for i := range outs {
			o := &outs[i]
			if o.Kind != fsm.Settle {
				if after.Incs[o.Incarnation-1].Name == name {
					l.Told |= 1 << o.Kind
				}
			} else if c := &after.Calls[o.Call-1]; c.Kind != fsm.CallDispose && c.Name == name {
				l.Settled |= 1 << o.Outcome.Kind
			}
		}
		code := l.code()
		if _, known := p.Steps[code]; !known {
			p.Steps[code] = l
			p.States[l.Before.code()], p.States[l.After.code()] = l.Before, l.After
		}
	}
}

// Project explores the core and returns what one name shows of it, taken over all names; and the exploration's result, which tells
// whether it is complete.
func Project(ctx context.Context, m Core, o CoreOptions) (Projection, *explore.Result[*Input]) {
	var mu sync.Mutex
	var parts []Projection
	o.Watch = func() func(*State, *Input, []fsm.RoomsOutput, *State) {
		p := newProjection()
		mu.Lock()
		parts = append(parts, p)
		mu.Unlock()
		return func(before *State, in *Input, outs []fsm.RoomsOutput, after *State) {
			p.step(m.bounds.Names, before, &in.Core, outs, after)
		}
	}
	o.SkipUnlikely = true
	r := explore.Run(ctx, m, o)
	all := newProjection()
	for _, p := range parts {
		all.add(p)
	}
	return all, r
}
