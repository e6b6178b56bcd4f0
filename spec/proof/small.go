package proof

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"ablyrooms.example/spec/proof/term"
)

// Bounds make the number of states finite. The proof has no bounds; within bounds, tests compute
// the terms of the proof and compare them with other sources.
type Bounds struct {
	MaxCalls       int
	Names, Options []string
	Conditional    bool
	// For specs with other constants: the constants' values. Most is the longest length of a
	// sequence and the largest number.
	Constants map[string]int
	Most      int
}

// most returns the largest number that a place, a call or another number can be.
func (b *Bounds) most() int { return max(b.MaxCalls, b.Most) }

// Small evaluates a system's terms on the states within bounds. It must not be used concurrently.
type Small struct {
	System *System
	Bounds Bounds

	// Is reports whether a step is a step of the named input with these arguments.
	Is func(now, next State, input string, args []int) bool

	layout map[string]place
	size   int
	now    State // the state that terms are evaluated on
	next   State
	// For a spec with a recursive operator: recursion computes the operator, and results has its
	// results in the present state, by the ids of the calls.
	recursion *smallRecursion
	results   map[string]State
	lets      *lets // the named numbers of an induction; nil outside of one
}

// State is a state as a list of values, in the order of the system's symbols.
type State []int

type place struct {
	at     int
	sizes  [2]int
	symbol Symbol
}

// NewSmall returns an evaluator of the system's terms on the states within bounds.
func NewSmall(s *System, b Bounds) *Small {
	w := &Small{System: s, Bounds: b, layout: map[string]place{}}
	for _, symbol := range s.Symbols {
		p := place{at: w.size, sizes: [2]int{1, 1}, symbol: symbol}
		for i, sort := range symbol.Args {
			_, p.sizes[i] = w.Range(sort)
		}
		w.layout[symbol.Name] = p
		w.size += p.sizes[0] * p.sizes[1]
	}
	return w
}

// Relation implements [term.Relations].
func (w *Small) Relation(name string) func(args []int) bool {
	input, ok := strings.CutPrefix(name, "is")
	if !ok || w.Is == nil || w.System.t.inputs[input] == nil {
		return nil
	}
	return func(args []int) bool { return w.Is(w.now, w.next, input, args) }
}

// Range implements [term.World]. The range of numbers has one number more than there are calls;
// this number is in no set of the spec.
func (w *Small) Range(s term.Sort) (first, end int) {
	switch s {
	case term.Bool:
		return 0, 2
	case term.Int:
		return 0, w.Bounds.most() + 2
	case term.Name:
		return 0, 1 + len(w.Bounds.Names) + len(w.Bounds.Options)
	}
	vocabulary.Lock()
	defer vocabulary.Unlock()
	return 1, len(vocabulary.texts)
}

// Literal implements [term.World].
func (w *Small) Literal(s term.Sort, text string) (int, error) {
	if s == term.Name {
		return w.Name(text)
	}
	return w.word(text), nil
}

// vocabulary numbers words in the order in which they are first used. All systems share it.
var vocabulary struct {
	sync.Mutex
	numbers map[string]int
	texts   []string
}

func (w *Small) word(text string) int {
	v := &vocabulary
	v.Lock()
	defer v.Unlock()
	n, ok := v.numbers[text]
	if !ok {
		if v.numbers == nil {
			v.numbers, v.texts = map[string]int{}, []string{""}
		}
		n = len(v.texts)
		v.numbers[text], v.texts = n, append(v.texts, text)
	}
	return n
}

// Word returns the text of the word with this number.
func (w *Small) Word(n int) string {
	vocabulary.Lock()
	defer vocabulary.Unlock()
	return vocabulary.texts[n]
}

// Name returns the number of a name or of an options value.
func (w *Small) Name(text string) (int, error) {
	if text == noName {
		return 0, nil
	}
	i := slices.Index(slices.Concat(w.Bounds.Names, w.Bounds.Options), text)
	if i < 0 {
		return 0, fmt.Errorf("%q is not a name within the bounds", text)
	}
	return i + 1, nil
}

// Symbol implements [term.World].
func (w *Small) Symbol(name string) (func(a, b int) int, error) {
	n := len(w.Bounds.Names)
	switch name {
	case "MaxCalls":
		return func(int, int) int { return w.Bounds.MaxCalls }, nil
	case "Conditional":
		return func(int, int) int { return truth(w.Bounds.Conditional) }, nil
	case "Names":
		return func(a, _ int) int { return truth(a > 0 && a <= n) }, nil
	case "Options":
		return func(a, _ int) int { return truth(a > n) }, nil
	}
	if id, symbol, ok := strings.Cut(name, "."); ok && w.System.Recursion != nil && w.System.t.byID[id] != nil {
		return w.ofCall(w.System.t.byID[id], "r."+symbol)
	}
	if w.lets != nil && strings.HasPrefix(name, "let.") {
		i := slices.IndexFunc(w.lets.symbols, func(s Symbol) bool { return s.Name == name })
		is, err := term.Compile(w.lets.are[i], w)
		return func(int, int) int { return is() }, err
	}
	if is, ok := w.Bounds.Constants[name]; ok {
		return func(int, int) int { return is }, nil
	}
	from := &w.now
	if name[len(name)-1] == '\'' {
		from, name = &w.next, name[:len(name)-1]
	}
	for _, counted := range w.System.Counts {
		if counted == name {
			return w.counter(name, from)
		}
	}
	p, ok := w.layout[name]
	if !ok {
		return nil, fmt.Errorf("there is no symbol %s", name)
	}
	return func(a, b int) int {
		if a < 0 || a >= p.sizes[0] || b < 0 || b >= p.sizes[1] {
			return 0
		}
		return (*from)[p.at+a*p.sizes[1]+b]
	}, nil
}

// counter returns a function that computes Cardinality(Begun) or Cardinality(Created), by counting.
func (w *Small) counter(name string, from *State) (func(a, b int) int, error) {
	p, ok := w.layout[map[string]string{"Last": "calls.op", "Newest": "incs.life"}[name]]
	if !ok {
		return nil, fmt.Errorf("nothing is counted as %s", name)
	}
	none := w.word("none")
	return func(int, int) (n int) {
		for i := 1; i <= w.Bounds.MaxCalls; i++ {
			n += truth((*from)[p.at+i] != none)
		}
		return n
	}, nil
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Blank returns a state in which all words are "none" and all other values are 0.
func (w *Small) Blank() State {
	s := make(State, w.size)
	for _, symbol := range w.System.Symbols {
		if symbol.Sort == term.Word {
			p := w.layout[symbol.Name]
			for i := range p.sizes[0] {
				s[p.at+i] = w.word("none")
			}
		}
	}
	return s
}

// Set sets a symbol's value for its arguments.
func (w *Small) Set(s State, symbol string, value, a, b int) {
	p := w.layout[symbol]
	s[p.at+a*p.sizes[1]+b] = value
}

// Get returns a symbol's value for its arguments.
func (w *Small) Get(s State, symbol string, a, b int) int {
	p := w.layout[symbol]
	return s[p.at+a*p.sizes[1]+b]
}

// SetWord sets a symbol of the sort Word to the word with this text.
func (w *Small) SetWord(s State, symbol, text string, a int) { w.Set(s, symbol, w.word(text), a, 0) }

// SetName sets a symbol of the sort Name to the name with this text, which must be within the
// bounds.
func (w *Small) SetName(s State, symbol, text string, a int) {
	n, err := w.Name(text)
	if err != nil {
		panic("proof: " + err.Error())
	}
	w.Set(s, symbol, n, a, 0)
}

// Predicate compiles a formula about one state or about a step.
func (w *Small) Predicate(formula *term.Term) (func(now, next State) bool, error) {
	run, err := term.Compile(formula, w)
	if err != nil {
		return nil, err
	}
	return func(now, next State) bool {
		w.now, w.next = now, next
		return run() != 0
	}, nil
}

// Steps computes the steps of an action.
type Steps struct {
	Action *Action
	w      *Small
	guards []term.Compiled // for each guard, how many of the first parameters it needs
	needs  []int
	next   []update
	inside term.Compiled
}

type update struct {
	place
	value term.Compiled
}

// Steps compiles actions of the system.
func (w *Small) Steps(actions []Action) (all []*Steps, err error) {
	for i := range actions {
		a := &actions[i]
		s := &Steps{Action: a, w: w}
		var params []string
		for _, p := range a.Params {
			params = append(params, p.Name)
		}
		for _, g := range term.Conj(a.Guards...).Conjuncts() {
			need := 0
			free := g.Free()
			for i, p := range params {
				if free[p] != nil {
					need = i + 1
				}
			}
			run, err := term.Compile(g, w, params...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.Name, err)
			}
			s.guards, s.needs = append(s.guards, run), append(s.needs, need)
		}
		if s.inside, err = term.Compile(term.Conj(a.InDomain...), w, params...); err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		for _, d := range a.Next {
			names := slices.Clone(params)
			for _, p := range d.Params {
				names = append(names, p.Name)
			}
			run, err := term.Compile(d.Body, w, names...)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", a.Name, err)
			}
			s.next = append(s.next, update{w.layout[d.Symbol.Name], run})
		}
		all = append(all, s)
	}
	return all, nil
}

// Each calls visit with every step of the action from a state: the parameters and the next state.
// visit may keep both.
func (s *Steps) Each(now State, visit func(params []int, next State)) {
	s.choose(now, make([]int, 0, len(s.Action.Params)), visit)
}

// Take returns the state after the step with these parameters. It reports whether the step can be
// taken.
func (s *Steps) Take(now State, params ...int) (next State, taken bool) {
	s.w.now = now
	for _, g := range s.guards {
		if g(params...) == 0 {
			return nil, false
		}
	}
	// A guard about the next state, such as a bound, was translated to one about this state.
	return s.apply(now, params), true
}

func (s *Steps) choose(now State, params []int, visit func([]int, State)) {
	s.w.now = now
	for i, g := range s.guards {
		if s.needs[i] == len(params) && g(params...) == 0 {
			return
		}
	}
	if len(params) == len(s.Action.Params) {
		visit(slices.Clone(params), s.apply(now, params))
		return
	}
	first, end := s.w.Range(s.Action.Params[len(params)].Sort)
	for v := first; v < end; v++ {
		s.choose(now, append(params, v), visit)
	}
}

// apply returns the next state. Values at arguments outside of a function's domain stay the same.
func (s *Steps) apply(now State, params []int) State {
	w := s.w
	w.now = now
	next := slices.Clone(now)
	w.next = next
	env := make([]int, len(params)+2)
	copy(env, params)
	for _, u := range s.next {
		first, last := w.domain(u.symbol, 0)
		if u.symbol.Len != "" && len(u.symbol.Args) == 1 {
			last = min(last, w.Get(next, u.symbol.Len, 0, 0)) // the length is set first
		}
		from, to := w.domain(u.symbol, 1)
		for a := first; a <= last; a++ {
			for b := from; b <= to; b++ {
				env[len(params)], env[len(params)+1] = a, b
				next[u.at+a*u.sizes[1]+b] = u.value(env...)
			}
		}
	}
	w.trim(next)
	return next
}

// trim blanks the values after the ends of sequences.
func (w *Small) trim(s State) {
	for _, symbol := range w.System.Symbols {
		if symbol.Len == "" || len(symbol.Args) != 1 {
			continue
		}
		p, nothing := w.layout[symbol.Name], 0
		if symbol.Sort == term.Word {
			nothing = w.word("none")
		}
		s[p.at] = nothing
		for i := 1 + w.Get(s, symbol.Len, 0, 0); i < p.sizes[0]; i++ {
			s[p.at+i] = nothing
		}
	}
}

// domain returns the first and the last argument of a symbol that the spec's sets contain.
func (w *Small) domain(s Symbol, arg int) (first, last int) {
	switch {
	case arg >= len(s.Args):
		return 0, 0
	case s.Args[arg] == term.Name:
		return 1, len(w.Bounds.Names)
	}
	return 1, w.Bounds.most()
}
