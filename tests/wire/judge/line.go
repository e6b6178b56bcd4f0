package judge

import (
	"fmt"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// None is the value for a missing name or missing options, as in Rooms.tla.
const None = "-"

// Line is a line of a trace in the form of TraceRooms.tla. It has only words and numbers, and no
// field is left out. The fields have the names of the spec, except for the case of the first
// letter.
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

// Tokens has the options of the small configuration, by their word in the spec.
var Tokens = map[string]lifecycle.RoomOptions{"x": lifecycle.DefaultRoomOptions(), "y": withoutPresence()}

func withoutPresence() lifecycle.RoomOptions {
	o := lifecycle.DefaultRoomOptions()
	o.Presence.EnableEvents = false
	return o
}

// Naming maps names and options to their words in the spec.
type Naming struct {
	names   map[string]string
	options map[lifecycle.RoomOptions]string

	// Names and Options have the names and options, in the order in which they came.
	Names   []string
	Options []lifecycle.RoomOptions
}

// NewNaming returns a naming that has only the words of [Tokens].
func NewNaming() *Naming {
	n := &Naming{names: map[string]string{}, options: map[lifecycle.RoomOptions]string{}}
	for _, token := range []string{"x", "y"} {
		n.options[Tokens[token]] = token
		n.Options = append(n.Options, Tokens[token])
	}
	return n
}

// Name returns the word for a name: the name itself if it is short and plain, and otherwise a word
// with a number.
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

// plain reports whether a name needs no escape in a TLA+ string.
func plain(name string) bool {
	for _, r := range name {
		if (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') {
			return false
		}
	}
	return len(name) <= 20
}

// Option returns the word for options: x for the defaults, y for the defaults without presence
// events, and o3, o4, … for others.
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

// Lines returns the lines of a trace in the form of the spec.
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

// ints converts a list to ints. It returns nil for an empty list.
func ints[N ~uint64](list []N) []int {
	var all []int
	for _, n := range list {
		all = append(all, int(n))
	}
	return all
}
