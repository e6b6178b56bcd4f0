package judge

import (
	"fmt"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// None stands for a name or options that are not there, as in Rooms.tla.
const None = "-"

// Line is a line of a trace in the shape of TraceRooms.tla: words and numbers alone, nothing left
// out. The fields are those of the spec, but for the first letter's case.
type Line struct {
	Seq       int
	Kind      string
	Call, Inc int
	Name, Opt string
	Err       bool
	Outs      []Output
	State     State
}

// Output is an output of a line.
type Output struct {
	Kind      string
	Call, Inc int
	Out       string
	Bad       []int
}

// State is the core's state after a line.
type State struct {
	Next      int
	Incs      []Incarnation
	Disposal  string
	Disposers []int
	Failed    []int
	Last      int
}

// Incarnation is an incarnation that is not released.
type Incarnation struct {
	ID                    int
	Name, Opt, Life, Work string
	Waiters               []int
}

// Tokens are the options of the small configuration as the library knows them.
var Tokens = map[string]lifecycle.RoomOptions{"x": lifecycle.DefaultRoomOptions(), "y": withoutPresence()}

func withoutPresence() lifecycle.RoomOptions {
	o := lifecycle.DefaultRoomOptions()
	o.Presence.EnableEvents = false
	return o
}

// Naming gives names and options the words that they have in the spec.
type Naming struct {
	names   map[string]string
	options map[lifecycle.RoomOptions]string

	// The names and options, in the order in which they came.
	Names   []string
	Options []lifecycle.RoomOptions
}

// NewNaming returns a naming that has words for [Tokens] alone.
func NewNaming() *Naming {
	n := &Naming{names: map[string]string{}, options: map[lifecycle.RoomOptions]string{}}
	for _, token := range []string{"x", "y"} {
		n.options[Tokens[token]] = token
		n.Options = append(n.Options, Tokens[token])
	}
	return n
}

// Name returns the word of a name: itself where it is short and plain, else one with a number.
func (n *Naming) Name(name string) string {
	if name == "" {
		return None
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

// plain reports whether a name can stand in a TLA+ string as it is.
func plain(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return len(name) <= 20
}

// Option returns the word of options: x for the defaults, y for those without presence events, o3,
// o4, … for others.
func (n *Naming) Option(o *lifecycle.RoomOptions) string {
	if o == nil {
		return None
	}
	word, ok := n.options[*o]
	if !ok {
		n.Options = append(n.Options, *o)
		word = fmt.Sprintf("o%d", len(n.Options))
		n.options[*o] = word
	}
	return word
}

// Lines puts a trace in the shape of the spec.
func (n *Naming) Lines(t trace.Trace) []Line {
	list := make([]Line, 0, len(t.Lines))
	for _, l := range t.Lines {
		e := Line{Seq: int(l.Seq), Kind: l.Input.Kind, Call: int(l.Input.Call), Inc: int(l.Input.Incarnation),
			Name: n.Name(l.Input.Name), Opt: n.Option(l.Input.Options), Err: l.Error != "",
			State: State{Next: int(l.State.NextCall), Disposal: l.State.Disposal, Disposers: ints(l.State.Disposers),
				Failed: ints(l.State.Failed), Last: int(l.State.LastCreated)}}
		for _, o := range l.Outputs {
			e.Outs = append(e.Outs, Output{o.Kind, int(o.Call), int(o.Incarnation), word(o.Outcome), ints(o.Failed)})
		}
		for _, inc := range l.State.Incarnations {
			e.State.Incs = append(e.State.Incs, Incarnation{int(inc.Incarnation), n.Name(inc.Name), n.Option(&inc.Options),
				inc.Life, inc.Work, ints(inc.Waiters)})
		}
		list = append(list, e)
	}
	return list
}

func word(s string) string {
	if s == "" {
		return None
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
