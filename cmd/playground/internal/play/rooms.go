package play

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/rooms"
)

// world is the board rooms: the shipped cores of names, rooms and channels, connected as in the
// library, and the model of each. The script plays the backend and the server. A world plays one
// script from its beginning.
type world struct {
	recorder
	core *fsm.Leases[string]
	// used instead of core for a script with ReleaseIf, an input that leases generate themselves
	bare  *fsm.Rooms[string]
	model model.Leases

	numbers    []int       // the core's number of each call of the script
	begun      map[int]int // the script's number of each call of the core
	calls      []*CallView
	chats      []*chat // the room of each incarnation; nil before it is open
	channels   map[string]*channel
	connection model.ConnectionState
	todo       []func() // what is still to be done in the present step
	callers    int
}

func newWorld(bare bool) *world {
	w := &world{
		begun:      map[int]int{},
		channels:   map[string]*channel{},
		connection: model.ToConnected,
	}
	if bare {
		w.bare = fsm.NewRooms[string]()
	} else {
		w.core = fsm.NewLeases[string]()
	}
	return w
}

// rooms returns the core of names. The caller must not change it.
func (w *world) rooms() *fsm.Rooms[string] {
	if w.bare != nil {
		return w.bare
	}
	return w.core.Rooms()
}

// takes passes an input to the core of names and to its model. did has the core's outputs in each
// of the model's turns.
func (w *world) takes(
	in model.Input,
) (did [][]model.Output, turns []model.Turn, after model.Leases, err, modelErr error) {
	outputs := func(outs []fsm.RoomsOutput) {
		var list []model.Output
		for _, out := range outs {
			list = append(list, rooms.FromCore(out))
		}
		did = append(did, list)
	}
	if w.bare != nil {
		outs, err := w.bare.Step(rooms.ToCore(in), nil)
		if err == nil {
			outputs(outs)
		}
		state, want, modelErr := w.model.State.Step(in)
		return did, []model.Turn{
				{Input: in, Outputs: want},
			}, model.Leases{
				State: state,
			}, err, modelErr
	}
	core := fsm.RoomsInput[string]{
		Kind:    fsm.CallAcquire,
		Call:    fsm.Call(in.Call),
		Name:    in.Name,
		Options: in.Options,
	}
	switch in.Kind {
	case model.KindAcquire:
	case model.KindClose:
		core.Kind = fsm.CloseLease
	default:
		core = rooms.ToCore(in)
	}
	err = w.core.Step(
		core,
		func(_ fsm.RoomsInput[string], outs []fsm.RoomsOutput) { outputs(outs) },
	)
	after, turns, modelErr = w.model.Step(in)
	return did, turns, after, err, modelErr
}

// callerNames are the names of callers, where a script names none.
var callerNames = []string{
	"Ada",
	"Ben",
	"Cleo",
	"Dan",
	"Eva",
	"Finn",
	"Gita",
	"Hugo",
	"Ines",
	"Jon",
}

// by returns who takes a step that begins a call.
func (w *world) by(step playlink.Step) string {
	w.callers++
	return caller(step, w.callers-1)
}

var roomsWords = func() map[string]model.Kind {
	words := map[string]model.Kind{}
	for k := model.KindGet; k <= model.KindClose; k++ {
		words[k.String()] = k
	}
	return words
}()

// roomsInput parses a step as an input of the machine of names. ok is false if it is none.
func roomsInput(step playlink.Step) (in model.Input, ok bool) {
	in.Kind, ok = roomsWords[step.Word]
	args := map[model.Kind]int{model.KindGet: 3, model.KindAcquire: 3, model.KindRelease: 2, model.KindReleaseIf: 2}[in.Kind]
	if !ok || len(step.Args) != max(args, 1) {
		return in, false
	}
	n, err := strconv.Atoi(step.Args[0])
	if in.Kind == model.KindReleaseIf {
		of, bad := strconv.Atoi(step.Args[1])
		in.Call, in.Incarnation = n, of
		return in, err == nil && bad == nil
	}
	if args > 1 {
		in.Name = step.Args[1]
	}
	if args > 2 {
		in.Options, _, _ = strings.Cut(
			step.Args[2],
			"+",
		) // x+defaults means x with the defaults spelled out
	}
	if in.Kind >= model.KindOpened && in.Kind <= model.KindReleaseFailed {
		in.Incarnation = n
	} else {
		in.Call = n
	}
	return in, err == nil
}

func begins(k model.Kind) bool {
	return k >= model.KindGet && k <= model.KindReleaseIf || k == model.KindAcquire
}

// step takes a step of the script. It returns a title of the step, and an error if the step can't
// happen.
func (w *world) step(step playlink.Step) (string, error) {
	in, ok := roomsInput(step)
	if !ok {
		return w.beyond(step)
	}
	said := title(in)
	switch {
	case begins(in.Kind):
		if in.Call != len(w.numbers)+1 {
			return said, fmt.Errorf("the next call must have the number %d", len(w.numbers)+1)
		}
		script := in.Call
		in.Call = len(w.model.Calls) + 1
		if err := w.refuses(in); err != nil {
			return said, err
		}
		w.who = w.by(step)
		w.numbers, w.begun[in.Call] = append(w.numbers, in.Call), script
		w.calls = append(w.calls, &CallView{N: script, Who: w.who, What: said, State: "waits"})
		w.line(0, 1, "call", nil, "%s: %s", w.who, said)
		w.names(in)
	case in.Call != 0:
		if in.Call < 1 || in.Call > len(w.numbers) {
			return said, errors.New("there is no such call")
		}
		c := w.calls[in.Call-1]
		in.Call = w.numbers[in.Call-1]
		if err := w.refuses(in); err != nil {
			return said, err
		}
		w.who = c.Who
		what := map[model.Kind]string{model.KindGiveUp: "stops waiting: ", model.KindClose: "closes the lease: "}[in.Kind]
		w.line(0, 1, "call", nil, "%s %s%s", c.Who, what, c.What)
		w.names(in)
	default:
		if err := w.refuses(in); err != nil {
			return said, err
		}
		c := w.chat(in.Incarnation)
		if in.Kind == model.KindReleased || in.Kind == model.KindReleaseFailed {
			if c == nil || c.run.Phase != model.PhaseInGiveBack {
				return said, errors.New(
					"its channel is not given back yet: first the server must answer",
				)
			}
			w.line(2, 1, "end", nil, "%s", said)
			w.room(c, model.GiveBackEnded(bit(in.Kind == model.KindReleaseFailed)))
			break
		}
		w.line(2, 1, "end", nil, "%s", said)
		w.names(in)
	}
	w.settleDown()
	return said, nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// refuses returns why the machine of names refuses an input, or nil.
func (w *world) refuses(in model.Input) error {
	var err error
	if w.bare != nil {
		_, _, err = w.model.State.Step(in)
	} else {
		_, _, err = w.model.Step(in)
	}
	if err != nil {
		return reason(err)
	}
	return nil
}

// settleDown does everything that the step causes, in order.
func (w *world) settleDown() {
	for len(w.todo) > 0 {
		next := w.todo[0]
		w.todo = w.todo[1:]
		next()
	}
}

func (w *world) later(act func()) { w.todo = append(w.todo, act) }

func (w *world) chat(i int) *chat {
	if i < 1 || i > len(w.chats) {
		return nil
	}
	return w.chats[i-1]
}

// names passes an input to the core of names. The model must accept the input.
func (w *world) names(in model.Input) {
	before := w.model
	did, turns, after, err, modelErr := w.takes(in)
	if (err == nil) != (modelErr == nil) || len(did) != len(turns) {
		w.differ("%v: the core returns %v, %v; the model returns %v, %v", in, did, err, turns, modelErr)
		return
	}
	state := before.State
	for i, turn := range turns {
		if !slices.EqualFunc(did[i], turn.Outputs, model.Output.Equal) {
			w.differ("%v: the core outputs %v, the model %v", turn.Input, did[i], turn.Outputs)
		}
		next, _, _ := state.Step(turn.Input)
		rules := w.turn(
			"Rooms",
			"",
			turn.Input.String(),
			words(did[i]),
			words(state.Explain(turn.Input)),
		)
		for _, p := range model.Properties() {
			if p.Check != nil {
				w.fails("Rooms", p.Name, p.Check(next))
			}
			if p.CheckStep != nil {
				w.fails("Rooms", p.Name, p.CheckStep(state, next))
			}
		}
		state = next
		w.chats = append(w.chats, make([]*chat, len(next.Incarnations)-len(w.chats))...)
		if i == 0 && begins(in.Kind) {
			w.calls[w.begun[in.Call]-1].Rules = rules
		}
		w.told(turn.Input, did[i], state, rules)
	}
	w.model = after
	w.leases(before, after)
	w.sameNames()
}

// leases checks the properties of leases in a step.
func (w *world) leases(before, after model.Leases) {
	if w.bare != nil {
		return
	}
	for _, p := range model.LeasesProperties() {
		if p.Check != nil {
			w.fails("Leases", p.Name, p.Check(after))
		}
		if p.CheckStep != nil {
			w.fails("Leases", p.Name, p.CheckStep(before, after))
		}
	}
}

// told carries out the outputs of the core of names.
func (w *world) told(in model.Input, outs []model.Output, s model.State, rules []string) {
	if in.Kind == model.KindOpened && s.Incarnations[in.Incarnation-1].Life == model.LifeReady {
		w.open(in.Incarnation)
	}
	for _, out := range outs {
		i := out.Incarnation
		switch out.Kind {
		case model.OutputSettle:
			n, ok := w.begun[out.Call]
			if !ok { // a ReleaseIf that a lease generated
				continue
			}
			c := w.calls[n-1]
			c.State, c.Text, c.Rules, c.Cancel = outcomeState(
				out.Outcome.Kind,
			), outcomeText(
				out.Outcome,
			), rules, ""
			w.line(1, 0, "answer", rules, "%s: %s %s", c.Who, c.What, c.Text)
		case model.OutputOpen:
			w.line(1, 2, "ask", rules, "open #%d (%s)", i, s.Incarnations[i-1].Name)
		case model.OutputAbandon:
			w.line(1, 2, "ask", rules, "#%d is no longer wanted", i)
		case model.OutputRelease:
			w.line(1, 2, "ask", rules, "release #%d (%s)", i, s.Incarnations[i-1].Name)
			w.later(func() {
				if w.chat(i) == nil {
					w.open(i)
				}
				w.releaseRoom(w.chat(i))
			})
		}
	}
}

// sameNames compares the core's state with the model's.
func (w *world) sameNames() {
	state := w.rooms().State()
	next := 0
	for i, inc := range w.model.Incarnations {
		if inc.Life == model.LifeReleased {
			continue
		}
		if next == len(state.Incarnations) {
			w.differ("the core does not store #%d", i+1)
			return
		}
		got := state.Incarnations[next]
		next++
		if int(got.Incarnation) != i+1 || got.Life != inc.Life.String() ||
			got.Work != inc.Work.String() ||
			got.Name != inc.Name {
			w.differ("the core has %v where the model has #%d %v", got, i+1, inc)
		}
	}
	if next != len(state.Incarnations) {
		w.differ("the core also has %v", state.Incarnations[next:])
	}
}
