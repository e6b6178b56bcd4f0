package toy

import (
	"errors"
	"fmt"
	"slices"

	"ablyrooms.example/tests/graphs"
)

// State is the core's state, and the history of the clients, which the core doesn't store.
type State struct {
	Holder  int
	Waiting [MaxClients]int // the clients that wait, in order; the rest is 0
	History
}

// Machine is the description of the lock.
type Machine = graphs.Machine[State, Model, Input, Granted]

// New returns the machine with this number of clients, 1 to MaxClients.
func New(clients int) Machine {
	var inputs []Input
	for client := 1; client <= clients; client++ {
		inputs = append(inputs, Input{Ask, client}, Input{Leave, client}, Input{Give, client})
	}
	return Machine{
		Name: fmt.Sprintf("a lock (%d clients)", clients), Golden: fmt.Sprintf("graph/toy/%d", clients), Inputs: inputs,
		Action: func(in Input) string { return in.Kind.String() },
		New:    func() graphs.Core[State, Input, Granted] { return &core{} },
		Key:    func(dst []byte, s *State) []byte { return fmt.Append(dst, *s) },
		View:   view,
		Record: func(before *State, in Input, outs []Granted, after *State) error {
			after.History = before.History.Record(in, outs)
			return nil
		},

		Model:      Model.Step,
		ModelKey:   func(dst []byte, m *Model) []byte { return fmt.Append(dst, *m) },
		SameOutput: func(a, b Granted) bool { return a == b },
		Refused:    func(err error) bool { return errors.Is(err, ErrRefused) },
		Canonical:  canonical,
		Orbit: func(s *State) uint64 { // the number of ways to choose the clients that have a place
			n := uint64(1)
			for i := range s.asking() {
				n *= uint64(clients - i)
			}
			return n
		},
		Agrees: func(s *State) error {
			if h := (History{}); s.Holder > 0 {
				if h.Has[s.Holder-1] = true; h != s.History {
					return fmt.Errorf("client %d has the lock in the core, but the history is %v", s.Holder, s.Has)
				}
			}
			return nil
		},
		Properties: properties(), Liveness: liveness(clients), Fairness: fairness(clients), Faults: faults(),
	}
}

// Sizes returns the machines whose sizes golden.json has.
func Sizes() []Machine { return []Machine{New(2), New(3), New(4)} }

// asking returns how many clients have the lock or wait for it.
func (s *State) asking() (n int) {
	for n < MaxClients && s.Waiting[n] != 0 {
		n++
	}
	if s.Holder != 0 {
		n++
	}
	return n
}

// view maps a state to the model's state.
func view(s *State, m *Model) {
	*m = Model{History: s.History}
	place := 1
	if s.Holder != 0 {
		m.Place[s.Holder-1] = 1
		place++
	}
	for _, client := range s.Waiting {
		if client != 0 {
			m.Place[client-1] = place
			place++
		}
	}
}

// canonical renumbers the clients in the order of their places.
func canonical(s *State) {
	to, old := map[int]int{0: 0}, *s
	rename := func(client int) int {
		if _, known := to[client]; !known {
			to[client] = len(to)
		}
		return to[client]
	}
	s.Holder = rename(s.Holder)
	for i, client := range s.Waiting {
		s.Waiting[i] = rename(client)
	}
	s.History = History{}
	for i, has := range old.Has {
		if has {
			s.Has[rename(i+1)-1] = true
		}
	}
}

// core is a Lock whose state can be set.
type core struct{ lock Lock }

func (c *core) Restore(s *State) error {
	c.lock = Lock{holder: s.Holder, waiting: slices.DeleteFunc(slices.Clone(s.Waiting[:]),
		func(client int) bool { return client == 0 })}
	return nil
}

func (c *core) Read(s *State) error {
	s.Holder, s.Waiting = c.lock.holder, [MaxClients]int{}
	copy(s.Waiting[:], c.lock.waiting)
	return nil
}

func (c *core) Step(in Input) ([]Granted, error) { return c.lock.Step(in) }

func properties() []graphs.Property[Model, Input, Granted] {
	return []graphs.Property[Model, Input, Granted]{
		{Name: "OneHolder", State: func(m *Model) error { // at most one client has the lock
			n := 0
			for _, has := range m.Has {
				if has {
					n++
				}
			}
			if n > 1 {
				return fmt.Errorf("%d clients have the lock", n)
			}
			return nil
		}},
		{Name: "FirstAskedFirstServed", Step: func(before *Model, in Input, outs []Granted, _ *Model) error {
			for _, g := range outs {
				for i, place := range before.Place {
					mine := before.Place[g-1]
					if place > 1 && (mine == 0 || place < mine) && (in != Input{Leave, i + 1}) {
						return fmt.Errorf("%v, but client %d asked for the lock earlier", g, i+1)
					}
				}
			}
			return nil
		}},
	}
}

// liveness returns one property for each client: a client that waits gets the lock, or stops
// waiting.
func liveness(clients int) (list []graphs.LeadsTo[Model]) {
	for i := range clients {
		list = append(list, graphs.LeadsTo[Model]{Name: fmt.Sprintf("Served(%d)", i+1),
			P: func(m *Model) bool { return m.Place[i] > 1 }, Q: func(m *Model) bool { return m.Place[i] <= 1 }})
	}
	return list
}

// fairness returns one conjunct for each client: if it has the lock, it gives it back.
func fairness(clients int) (list []graphs.Fairness[Model, Input]) {
	for client := 1; client <= clients; client++ {
		list = append(list, graphs.Fairness[Model, Input]{Name: fmt.Sprintf("Gives(%d)", client),
			Of: func(in Input) bool { return in == Input{Give, client} }})
	}
	return list
}

func faults() []graphs.Fault[State, Input, Granted] {
	type list = []Granted
	return []graphs.Fault[State, Input, Granted]{
		{Name: "two-holders", Says: "a client that asks gets the lock at once", Breaks: []string{"OneHolder", "Bookkeeping"},
			Tamper: func(_ *State, in Input, s *State, outs list) list {
				if in.Kind == Ask && len(outs) == 0 {
					s.Waiting[s.asking()-2] = 0
					outs = list{Granted(in.Client)}
				}
				return outs
			}},
		{Name: "last-first", Says: "the client that asked last is served first", Breaks: []string{"FirstAskedFirstServed", "Served"},
			Tamper: func(_ *State, in Input, s *State, outs list) list {
				if n := s.asking() - 1; in.Kind == Give && n > 0 {
					last := &s.Waiting[n-1]
					s.Holder, *last = *last, s.Holder
					outs = list{Granted(s.Holder)}
				}
				return outs
			}},
		{Name: "asleep", Says: "a lock that is given back goes to no other client", Breaks: []string{"Served"},
			Tamper: func(before *State, in Input, s *State, outs list) list {
				if in.Kind == Give && len(outs) > 0 {
					s.Holder, s.Waiting = 0, before.Waiting
					outs = nil
				}
				return outs
			}},
		{Name: "leak", Says: "a refused leave empties the queue", Breaks: []string{graphs.Unchanged},
			Leak: func(s *State, in Input) {
				if in.Kind == Leave {
					s.Waiting = [MaxClients]int{}
				}
			}},
	}
}
