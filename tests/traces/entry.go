package main

import (
	"fmt"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// none stands for a name or options that are not there, as in Rooms.tla.
const none = "-"

// entry is a line of a trace in the shape of TraceRooms.tla: words and numbers alone, nothing left out.
type entry struct {
	Seq       int
	Kind      string
	Call, Inc int
	Name, Opt string
	Err       bool
	Outs      []output
	State     view
}

type output struct {
	Kind      string
	Call, Inc int
	Outcome   string
	Failed    []int
}

// view is the core's state.
type view struct {
	Next      int
	Incs      []incarnation
	Disposal  string
	Disposers []int
	Failed    []int
	Last      int
}

type incarnation struct {
	ID                    int
	Name, Opt, Life, Work string
	Waiters               []int
}

// naming gives names and options the words that they have in the spec. The zero naming is ready for use.
type naming struct {
	names   map[string]string
	options map[lifecycle.RoomOptions]string

	// In the order in which they came; for the module.
	Names   []string
	Options []lifecycle.RoomOptions
}

// newNaming returns a naming that has words for the options x and y of the small configuration.
func newNaming() *naming {
	n := &naming{names: map[string]string{}, options: map[lifecycle.RoomOptions]string{}}
	for _, token := range []string{"x", "y"} {
		n.options[tokens[token]] = token
		n.Options = append(n.Options, tokens[token])
	}
	return n
}

// name returns the word of a name: itself where it is short and plain, else one with a number.
func (n *naming) name(name string) string {
	if name == "" {
		return none
	}
	word, ok := n.names[name]
	if !ok {
		n.Names = append(n.Names, name)
		word = name
		if !plain(name) {
			word = fmt.Sprintf("n%d", len(n.Names))
			for _, taken := n.names[word]; taken; _, taken = n.names[word] {
				word += "_"
			}
		}
		n.names[name] = word
	}
	return word
}

// plain tells whether a name can stand in a TLA+ string and be nothing but itself there.
func plain(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return len(name) <= 20
}

// option returns the word of options: x for the defaults, y for those without presence events, o3, o4, … for others.
func (n *naming) option(o *lifecycle.RoomOptions) string {
	if o == nil {
		return none
	}
	word, ok := n.options[*o]
	if !ok {
		n.Options = append(n.Options, *o)
		word = fmt.Sprintf("o%d", len(n.Options))
		n.options[*o] = word
	}
	return word
}

// entries puts a trace in the shape of the spec.
func (n *naming) entries(t trace.Trace) []entry {
	list := make([]entry, 0, len(t.Lines))
	for i := range t.Lines {
		l := &t.Lines[i]
		e := entry{
			Seq: int(l.Seq), Kind: l.Input.Kind, Call: int(l.Input.Call), Inc: int(l.Input.Incarnation), Name: n.name(l.Input.Name),
			Opt: n.option(l.Input.Options), Err: l.Error != "",
			State: view{Next: int(l.State.NextCall), Disposal: l.State.Disposal, Disposers: ints(l.State.Disposers),
				Failed: ints(l.State.Failed), Last: int(l.State.LastCreated)},
		}
		for _, o := range l.Outputs {
			e.Outs = append(e.Outs, output{Kind: o.Kind, Call: int(o.Call), Inc: int(o.Incarnation), Outcome: word(o.Outcome), Failed: ints(o.Failed)})
		}
		for _, inc := range l.State.Incarnations {
			e.State.Incs = append(e.State.Incs, incarnation{ID: int(inc.Incarnation), Name: n.name(inc.Name), Opt: n.option(&inc.Options),
				Life: inc.Life, Work: inc.Work, Waiters: ints(inc.Waiters)})
		}
		list = append(list, e)
	}
	return list
}

func word(s string) string {
	if s == "" {
		return none
	}
	return s
}

// ints returns nil for an empty list.
func ints[N ~uint64](list []N) []int {
	var all []int
	for _, n := range list {
		all = append(all, int(n))
	}
	return all
}
