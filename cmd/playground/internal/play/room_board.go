package play

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// roomBoard is the board room: one room, with a channel that the script plays. The words of its
// steps are those of [model.RoomInput].
type roomBoard struct{ roomPair }

func newRoomBoard() *roomBoard { return &roomBoard{newRoomPair(&recorder{}, "room")} }

// step implements board.
func (b *roomBoard) step(step playlink.Step) (string, error) {
	alphabet := model.RoomAlphabet(
		model.RoomBounds{Calls: max(b.run.Last+1, callOf(step)), Errors: 3},
	)
	in, ok := inputOf(alphabet, step)
	if !ok {
		return step.String(), errors.New("the board has no such step")
	}
	if _, _, err := b.run.RoomState.Step(in); err != nil {
		return step.String(), reason(err)
	}
	switch in.Kind {
	case model.KindRoomAttach, model.KindRoomDetach, model.KindRoomRelease:
		b.who = caller(step, len(b.calls))
		b.calls = append(
			b.calls,
			&CallView{N: in.Call, Who: b.who, What: in.Kind.String(), State: "waits"},
		)
		b.line(0, 1, "call", nil, "%s: %v", b.who, in.Kind)
	case model.KindRoomGiveUp:
		c := b.calls[in.Call-1]
		b.who = c.Who
		b.line(0, 1, "call", nil, "%s stops waiting: %s", c.Who, c.What)
	default:
		b.line(2, 1, "end", nil, "%v", in)
	}
	for _, out := range must(b.roomPair.step(in)) {
		switch out.Kind {
		case model.OutputAttachChannel, model.OutputDetachChannel, model.OutputGiveBackChannel:
			b.line(1, 2, "ask", nil, "%v", out)
		}
	}
	return in.String(), nil
}

// must returns the outputs without the rules.
func must[T any](outs []T, _ []string) []T { return outs }

// inputOf returns the input of an alphabet whose text is the step.
func inputOf[I fmt.Stringer](alphabet []I, step playlink.Step) (in I, ok bool) {
	for _, in := range alphabet {
		s, err := playlink.Parse(playlink.Room + "/" + in.String())
		if err == nil && len(s.Steps) == 1 && s.Steps[0].Word == step.Word &&
			slices.Equal(s.Steps[0].Args, step.Args) {
			return in, true
		}
	}
	return in, false
}

// linkOf returns the text of an input in a link.
func linkOf(in fmt.Stringer) string {
	s, _ := playlink.Parse(playlink.Room + "/" + in.String())
	return s.Fragment()[len(playlink.Room)+1:]
}

// callOf returns the first argument of a step as the number of a call, or 0 if it is not a number.
func callOf(step playlink.Step) int {
	if len(step.Args) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(step.Args[0])
	return min(n, MaxSteps)
}

// caller returns who takes a step that begins call n, counted from 0.
func caller(step playlink.Step, n int) string {
	if step.Caller != "" {
		return step.Caller
	}
	return callerNames[n%len(callerNames)]
}

// reason returns why an input is refused, without the input itself.
func reason(err error) error {
	var names *model.RefusedError
	var room *model.RoomRefusedError
	var channel *model.ChannelRefusedError
	switch {
	case errors.As(err, &names):
		return errors.New(names.Reason)
	case errors.As(err, &room):
		return errors.New(room.Reason)
	case errors.As(err, &channel):
		return errors.New(channel.Reason)
	}
	return err
}

// frame implements board.
func (b *roomBoard) frame() Frame {
	f := b.take()
	f.Calls = b.views(func(n int) string { return fmt.Sprintf("giveUp(%d)", n) })
	f.Lives = []LifeView{{N: 1, Room: roomView(b.core)}}
	f.Channels = []ChannelView{{State: b.run.RoomState.Channel.String(), Reason: b.run.ChErr}}
	return f
}

// choices implements board.
func (b *roomBoard) choices() (all []Choice) {
	s := b.run.RoomState
	for _, in := range s.Enabled(model.RoomBounds{Calls: s.Last + 1, Errors: 1}) {
		group := "event"
		switch {
		case in.Kind <= model.KindRoomRelease:
			group = "call"
		case in.Kind == model.KindRoomGiveUp:
			group = "wait"
		case in.Kind > model.KindChannelEvent:
			group = "end"
		}
		all = append(
			all,
			Choice{Step: linkOf(in), Label: in.String(), Group: group, Calls: group == "call"},
		)
	}
	return all
}
