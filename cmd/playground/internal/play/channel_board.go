package play

import (
	"errors"
	"fmt"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// channelBoard is the board channel: one channel, with a server and a connection that the script
// plays. The words of its steps are those of [model.ChannelInput].
type channelBoard struct {
	channelPair
	calls []*CallView
}

func newChannelBoard() *channelBoard {
	return &channelBoard{channelPair: newChannelPair(&recorder{}, "")}
}

func (b *channelBoard) alphabet(calls, errs int) []model.ChannelInput {
	return model.ChannelAlphabet(
		model.ChannelBounds{Calls: calls, Errors: errs, Serials: errs, Wire: MaxSteps},
	)
}

// step implements board.
func (b *channelBoard) step(step playlink.Step) (string, error) {
	calls := max(b.run.Last+1, callOf(step))
	in, ok := inputOf(b.alphabet(calls, 1), step)
	if !ok {
		in, ok = inputOf(b.alphabet(calls, 2), step)
	}
	if !ok || in.Kind == 0 {
		return step.String(), errors.New("the board has no such step")
	}
	if _, _, err := b.run.Channel.Step(in); err != nil {
		return step.String(), reason(err)
	}
	switch in.Kind {
	case model.KindChannelAttach, model.KindChannelDetach, model.KindSetOptions:
		b.who = caller(step, len(b.calls))
		b.calls = append(
			b.calls,
			&CallView{N: in.Call, Who: b.who, What: in.Kind.String(), State: "waits"},
		)
		b.line(0, 1, "call", nil, "%s: %v", b.who, in.Kind)
	case model.KindGiveBack, model.KindRenew:
		b.line(0, 1, "call", nil, "%v", in)
	default:
		b.line(2, 1, "end", nil, "%v", in)
	}
	outs, rules := b.channelPair.step(in)
	if n := b.run.Last; n > 0 && n == in.Call {
		b.calls[n-1].Rules = rules
	}
	for _, out := range outs {
		switch out.Kind {
		case model.OutputChannelState:
			b.line(1, 1, "note", rules, "%v → %v%s", out.Previous, out.State, withError(out.Err))
		case model.OutputUpdate:
			b.line(1, 0, "answer", rules, "update%s", withError(out.Err))
		case model.OutputChannelSettle:
			c := b.calls[out.Call-1]
			c.State, c.Rules = "failed", rules
			c.Text = fmt.Sprintf("fails: %v%s", out.Outcome, withError(out.Err))
			if out.Outcome == model.OutcomeChannelDone {
				c.State, c.Text = "done", "returns, done"
			}
			b.line(1, 0, "answer", rules, "%s: %s %s", c.Who, c.What, c.Text)
		}
	}
	return in.String(), nil
}

// frame implements board.
func (b *channelBoard) frame() Frame {
	f := b.take()
	for _, c := range b.calls {
		view := *c
		if view.State == "waits" {
			view.Text = "waits for an answer"
		}
		f.Calls = append(f.Calls, view)
	}
	f.Connection = b.run.Connection.String()
	f.Channels = []ChannelView{channelView(b.core)}
	return f
}

// choices implements board.
func (b *channelBoard) choices() (all []Choice) {
	for _, in := range b.alphabet(b.run.Last+1, 1) {
		if _, _, err := b.run.Channel.Step(in); err != nil {
			continue
		}
		group := "server"
		switch {
		case in.Kind <= model.KindRenew:
			group = "call"
		case in.Kind == model.KindConnection:
			group = "connection"
		case in.Kind == model.KindRequestTimeout, in.Kind == model.KindRetryTimeout:
			group = "end"
		}
		all = append(
			all,
			Choice{
				Step:  linkOf(in),
				Label: in.String(),
				Group: group,
				Calls: in.Kind <= model.KindSetOptions,
			},
		)
	}
	return all
}
