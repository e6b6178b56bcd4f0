package play

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"ablyrooms.example/fsm"
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// chat is the room of an incarnation.
type chat struct {
	roomPair
	id   int
	name string
}

// channel is the channel of a name, in all its lives.
type channel struct {
	channelPair
	owner int // the incarnation that has the channel, or had it last
}

// The numbers of the errors that a room gets from its channel.
const (
	serverError = 1 // an error of the server, or of a timer
	noChannel   = 2 // the channel refused an operation, or ended it without an error
)

// open creates the room of an incarnation, on the channel of its name.
func (w *world) open(i int) {
	c := &chat{newRoomPair(&w.recorder, "#"+strconv.Itoa(i)), i, w.nameOf(i)}
	w.chats[i-1] = c
	ch := w.channels[c.name]
	switch {
	case ch == nil || ch.core.Forgettable():
		ch = &channel{newChannelPair(&w.recorder, c.name), i}
		w.channels[c.name] = ch
		w.channel(ch, model.ChannelInput{Kind: model.KindConnection, Connection: w.connection})
		w.turns = w.turns[:len(w.turns)-1] // a new channel begins with this connection
	default:
		ch.owner = i
		w.channel(ch, model.ChannelInput{Kind: model.KindRenew})
	}
}

// nameOf returns the name of an incarnation that is not released.
func (w *world) nameOf(i int) string {
	name, _ := w.rooms().Describe(fsm.Incarnation(i))
	return name
}

// releaseRoom begins the release of a room.
func (w *world) releaseRoom(c *chat) {
	c.calls = append(c.calls, nil)
	w.room(c, model.RoomRelease(len(c.calls)))
}

// room takes a step of a room, and queues what the room requests.
func (w *world) room(c *chat, in model.RoomInput) {
	outs, _ := c.step(in)
	for _, out := range outs {
		switch out.Kind {
		case model.OutputRoomSettle:
			if c.calls[out.Call-1] == nil { // the release that the machine of names began
				end := model.Released(c.id)
				if out.Outcome.Kind != model.OutcomeRoomDone {
					end = model.ReleaseFailed(c.id)
				}
				w.later(func() { w.names(end) })
			}
		case model.OutputAttachChannel:
			w.later(func() { w.operate(c, model.KindChannelAttach) })
		case model.OutputDetachChannel:
			w.later(func() { w.operate(c, model.KindChannelDetach) })
		case model.OutputGiveBackChannel:
			w.later(
				func() { w.channel(w.channels[c.name], model.ChannelInput{Kind: model.KindGiveBack}) },
			)
		}
	}
}

// operate begins an attach or a detach of a room's channel.
func (w *world) operate(c *chat, kind model.ChannelKind) {
	ch := w.channels[c.name]
	w.channel(ch, model.ChannelInput{Kind: kind, Call: ch.run.Last + 1})
}

// channel takes a step of a channel, and queues the events for its room.
func (w *world) channel(ch *channel, in model.ChannelInput) {
	outs, _ := ch.step(in)
	owner := w.chat(ch.owner)
	tell := func(in model.RoomInput) {
		w.later(func() {
			ends := map[model.RoomKind]model.RoomPhase{model.KindAttachEnded: model.PhaseInAttach,
				model.KindDetachEnded: model.PhaseInDetach}
			if phase, is := ends[in.Kind]; is && owner.run.Phase != phase {
				return // the operation of this answer has ended
			}
			w.room(owner, in)
		})
	}
	for _, out := range outs {
		switch out.Kind {
		case model.OutputChannelState:
			tell(
				model.RoomInput{
					Kind:    model.KindChannelEvent,
					Channel: out.State,
					Resumed: out.Resumed,
					Err:     out.Err,
				},
			)
		case model.OutputUpdate:
			tell(model.ChannelUpdated(false, out.Err))
		case model.OutputChannelSettle:
			fault := 0
			switch {
			case out.Outcome == model.OutcomeChannelFailed:
				fault = max(out.Err, serverError)
			case out.Outcome != model.OutcomeChannelDone:
				fault = noChannel
			}
			if owner.run.Phase == model.PhaseInAttach {
				tell(model.AttachEnded(fault))
			} else {
				tell(model.DetachEnded(fault))
			}
		}
	}
}

// beyond takes a step of a room, of the server or of the connection.
func (w *world) beyond(step playlink.Step) (string, error) {
	said, err := w.takeBeyond(step)
	if err == nil {
		w.settleDown()
	}
	return said, err
}

func (w *world) takeBeyond(step playlink.Step) (said string, err error) {
	if change, ok := connectionWords[step.Word]; ok && len(step.Args) == 0 {
		return change.says, w.connect(change)
	}
	said = step.String()
	none := errors.New("the board has no such step")
	if len(step.Args) == 0 {
		return said, none
	}
	i, err := strconv.Atoi(step.Args[0])
	c := w.chat(i)
	if err != nil {
		return said, none
	}
	if c == nil {
		return said, fmt.Errorf("room #%d is not open", i)
	}
	switch step.Word {
	case "attaching", "detaching", "attach", "detach":
		word := map[string]string{"attaching": "attach", "detaching": "detach"}[step.Word]
		if word == "" {
			word = step.Word
		}
		return fmt.Sprintf("%s #%d", word, i), w.operation(step, c, word)
	case "leave":
		if len(step.Args) != 2 {
			return said, none
		}
		n, err := strconv.Atoi(step.Args[1])
		if err != nil || n < 1 || n > len(c.calls) || c.calls[n-1] == nil ||
			c.calls[n-1].State != "waits" {
			return said, errors.New("the call is not pending")
		}
		call := c.calls[n-1]
		w.who = call.Who
		w.line(0, 1, "call", nil, "%s stops waiting: %s", call.Who, call.What)
		w.room(c, model.RoomGiveUp(n))
		return fmt.Sprintf("stop waiting: %s", call.What), nil
	case "pause":
		if c.run.Phase != model.PhaseInRetryPause {
			return said, errors.New("the room is not waiting to detach again")
		}
		w.line(1, 1, "note", nil, "the pause of #%d is over", i)
		w.room(c, model.RetryDue())
		return fmt.Sprintf("the pause of #%d is over", i), nil
	}
	ch := w.channels[c.name]
	if ch.owner != i {
		return said, fmt.Errorf("the channel %s now belongs to #%d", c.name, ch.owner)
	}
	in, says, ok := serverStep(step)
	if !ok {
		return said, none
	}
	said = says + " " + c.name
	if _, _, err := ch.run.Step(in); err != nil {
		return said, reason(err)
	}
	w.line(2, 1, "end", nil, "%s", said)
	w.channel(ch, in)
	return said, nil
}

// serverStep parses a step of the server, or of a timer of the channel.
func serverStep(step playlink.Step) (in model.ChannelInput, says string, ok bool) {
	kept := len(step.Args) == 2 && step.Args[1] == "resumed"
	failed := len(step.Args) == 2 && step.Args[1] == "error"
	switch {
	case step.Word == "attached" && kept:
		return model.ChannelInput{
			Kind:    model.KindAttached,
			Resumed: true,
		}, "ATTACHED, continuity kept,", true
	case step.Word == "detached" && failed:
		return model.ChannelInput{
			Kind: model.KindDetached,
			Err:  serverError,
		}, "DETACHED with an error", true
	case len(step.Args) != 1:
		return in, "", false
	}
	switch step.Word {
	case "attached", "resisted":
		return model.ChannelInput{Kind: model.KindAttached}, "ATTACHED", true
	case "detached":
		return model.ChannelInput{Kind: model.KindDetached}, "DETACHED", true
	case "failed", "attachRefused":
		return model.ChannelInput{Kind: model.KindError, Err: serverError}, "ERROR", true
	case "message":
		return model.ChannelInput{Kind: model.KindMessage}, "MESSAGE", true
	case "timeout":
		return model.ChannelInput{
			Kind: model.KindRequestTimeout,
			Err:  serverError,
		}, "no answer in time for", true
	case "retry":
		return model.ChannelInput{Kind: model.KindRetryTimeout}, "time to try again for", true
	}
	return in, "", false
}

// operation begins an attach or a detach of a room. For the words attach and detach, which come
// from scripts of frames, the server also answers.
func (w *world) operation(step playlink.Step, c *chat, word string) error {
	in := model.RoomAttach(len(c.calls) + 1)
	if word == "detach" {
		in = model.RoomDetach(len(c.calls) + 1)
	}
	w.who = w.by(step)
	what := fmt.Sprintf("%s #%d", word, c.id)
	c.calls = append(
		c.calls,
		&CallView{N: in.Call, Of: "#" + strconv.Itoa(c.id), Who: w.who, What: what, State: "waits"},
	)
	w.line(0, 1, "call", nil, "%s: %s", w.who, what)
	w.room(c, in)
	w.settleDown()
	if step.Word != word {
		return nil
	}
	ch := w.channels[c.name]
	answer := model.ChannelInput{Kind: model.KindAttached}
	says := "ATTACHED"
	if word == "detach" {
		answer.Kind, says = model.KindDetached, "DETACHED"
	}
	if ch.owner == c.id && ch.run.Awaited && len(ch.run.Events([]model.ChannelInput{answer})) > 0 {
		w.line(2, 1, "end", nil, "%s %s", says, c.name)
		w.channel(ch, answer)
	}
	return nil
}

// change is a step of the connection.
type change struct {
	to      model.ConnectionState
	resumed bool
	from    []model.ConnectionState
	says    string
}

var connectionWords = map[string]change{
	"cut": {
		model.ToDisconnected,
		false,
		[]model.ConnectionState{model.ToConnected},
		"the connection is cut",
	},
	"resume": {
		model.ToConnected,
		true,
		[]model.ConnectionState{model.ToDisconnected},
		"the connection resumes",
	},
	"reconnect": {
		model.ToConnected,
		false,
		[]model.ConnectionState{model.ToDisconnected, model.ToSuspended},
		"a new connection",
	},
	"suspend": {
		model.ToSuspended,
		false,
		[]model.ConnectionState{model.ToDisconnected},
		"the connection is suspended",
	},
}

// connect changes the state of the connection, for all channels.
func (w *world) connect(to change) error {
	if !slices.Contains(to.from, w.connection) {
		return fmt.Errorf("the connection is %v", w.connection)
	}
	w.connection = to.to
	w.line(2, 1, "end", nil, "%s", to.says)
	in := model.ChannelInput{Kind: model.KindConnection, Connection: to.to, Resumed: to.resumed}
	if to.to == model.ToSuspended {
		in.Err = serverError
	}
	for _, name := range sortedKeys(w.channels) {
		w.channel(w.channels[name], in)
	}
	return nil
}
