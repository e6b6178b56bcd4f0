package graphs

import "slices"

// Node is a state of a spec, with the outputs of the step that led to it. The spec keeps these in
// its variable outs.
type Node[S, O any] struct {
	State S
	Outs  []O
}

// StepSpec is a [Mapping] for specs whose states contain outputs. Its functions are the parts in
// which such specs differ.
type StepSpec[S, I, O any] struct {
	// returns the state, without its outputs
	Read   func(vars *Record) S
	Output func(u *Unknown, v Value) O // reads an output from a tuple
	// returns the input of an action
	Input func(action string, before, after Node[S, O]) (I, error)
}

// State implements [Mapping].
func (s StepSpec[S, I, O]) State(vars Value) (n Node[S, O], err error) {
	var u Unknown
	r := &Record{vars, &u}
	n.State = s.Read(r)
	for _, v := range r.Field("outs").Items {
		n.Outs = append(n.Outs, s.Output(&u, v))
	}
	return n, u.Err()
}

// Text implements [Mapping].
func (s StepSpec[S, I, O]) Text(n Node[S, O]) string { return NodeText(n.State, n.Outs) }

// Step implements [Mapping]. The input's numbers come from the action's name and the states.
func (s StepSpec[S, I, O]) Step(action string, before, after Node[S, O]) (string, error) {
	in, err := s.Input(action, before, after)
	return StepText(in, after.Outs), err
}

// Record reads the fields of a TLA+ record. Unknown collects what can't be read.
type Record struct {
	Value
	*Unknown
}

// Field returns a field. If there is no such field, Unknown gets an entry.
func (r *Record) Field(name string) Value {
	if !slices.Contains(r.Names, name) {
		*r.Unknown = append(*r.Unknown, "there is no "+name)
	}
	return r.Value.Field(name)
}

// Record returns a field that is a record.
func (r *Record) Record(name string) *Record { return &Record{r.Field(name), r.Unknown} }

// Number returns a field that is a number.
func (r *Record) Number(name string) int { return r.Field(name).Number }

// Is returns a field that is a boolean.
func (r *Record) Is(name string) bool { return r.Field(name).Number == 1 }

// Numbers returns a field that is a list of numbers.
func (r *Record) Numbers(name string) (all []int) {
	for _, v := range r.Field(name).Items {
		all = append(all, v.Number)
	}
	return all
}

// Word returns the value of a field whose text must be one of words.
func Word[T any](r *Record, words map[string]T, name string) T {
	return Lookup(r.Unknown, words, r.Field(name))
}
