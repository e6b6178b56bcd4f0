package channel

import (
	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Spec maps the states and steps of Channel.tla to those of the reference model. The fields of ch
// are those of model.Channel, with the same names. outs are the outputs of the step that led to the
// state. The variables net, holds, gaveUp, spoke and by are ignored: with Promise = FALSE they are
// constant. errors is the constant NErrs: the error that comes with a timer, with an ERROR, and
// with the end of a connection.
func Spec(errors int) graphs.StepSpec[model.Channel, model.ChannelInput, model.ChannelOutput] {
	return graphs.StepSpec[model.Channel, model.ChannelInput, model.ChannelOutput]{
		Read: readState, Output: readOutput,
		Input: func(action string, _, after Node) (model.ChannelInput, error) {
			return inputOf(action, errors, after)
		}}
}

// Node is a state of Channel.tla: a state of the channel, and the outputs of the step that led to
// it.
type Node = graphs.Node[model.Channel, model.ChannelOutput]

// The words of the spec, which are those of the model.
var (
	specStates      = graphs.Words(model.ChannelInitialized, model.ChannelFailed)
	specConnections = graphs.Words(model.ConnectionWaiting, model.ConnectionEnded)
	specRequests    = graphs.Words(model.RequestAttach, model.RequestDetach)
	specOutcomes    = graphs.Words(model.OutcomeChannelDone, model.OutcomeChannelGivenBack)
	specOutputs     = graphs.Words(model.OutputChannelSettle, model.OutputDeliver)
	specInputs      = graphs.Words(model.KindChannelAttach, model.KindConnection)
	specChanges     = graphs.Words(model.ToInitialized, model.ToFailed)
)

// Comparisons returns the configurations of Channel.tla whose graphs are compared, each with the
// machine at the same bounds.
func Comparisons() []graphs.Comparison {
	const golden = "tests/graphs/channel/testdata"
	return []graphs.Comparison{
		graphs.NewComparison("spec/TLA", "MCChannel_graph1", golden,
			New(Bounds{ChannelBounds: model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, Bare: true}), Spec(0)),
		graphs.NewComparison("spec/TLA", "MCChannel_graph3", golden,
			New(Bounds{ChannelBounds: model.ChannelBounds{Calls: 3, Errors: 1, Wire: 2}, Bare: true}), Spec(1)),
	}
}

func readState(vars *graphs.Record) model.Channel {
	if vars.Field("net").Len() != 0 || vars.Field("holds").Text != "none" {
		*vars.Unknown = append(*vars.Unknown, "the states have the variables of the server's promise: set Promise to FALSE")
	}
	r := vars.Record("ch")
	c := model.Channel{Last: r.Number("last"), State: graphs.Word(r, specStates, "state"),
		Reason: r.Number("reason"), Connection: graphs.Word(r, specConnections, "connection"),
		Awaited: r.Is("awaited"), Held: r.Is("held"), Doubt: r.Is("doubt"), Leftover: r.Is("leftover"),
		Attachers: r.Numbers("attachers"), Detachers: r.Numbers("detachers"),
		Back: graphs.Word(r, specStates, "back"), Retries: r.Number("retries"),
		ChannelSerial: r.Number("channelSerial"), AttachSerial: r.Number("attachSerial"),
		Resume: r.Is("resume"), GivenBack: r.Is("givenBack")}
	for _, v := range r.Field("wire").Items {
		c.Wire = append(c.Wire, graphs.Lookup(r.Unknown, specRequests, v))
	}
	return c
}

func readOutput(u *graphs.Unknown, v graphs.Value) model.ChannelOutput {
	o := model.ChannelOutput{Kind: graphs.Lookup(u, specOutputs, v.At(1))}
	switch o.Kind {
	case model.OutputChannelSettle:
		o.Call, o.Outcome, o.Err = v.At(2).Number, graphs.Lookup(u, specOutcomes, v.At(3)), v.At(4).Number
	case model.OutputSendAttach:
		o.Serial, o.Resumed = v.At(2).Number, v.At(3).Number == 1
	case model.OutputStartRetryTimer:
		o.Retry = v.At(2).Number
	case model.OutputChannelState:
		o.Previous, o.State = graphs.Lookup(u, specStates, v.At(2)), graphs.Lookup(u, specStates, v.At(3))
		o.Resumed, o.Err = v.At(4).Number == 1, v.At(5).Number
	case model.OutputUpdate:
		o.Err = v.At(2).Number
	case model.OutputApply:
		o.Resumed = v.At(2).Number == 1
	}
	return o
}

// inputOf returns the input of an action. The action's name says what happened. Digits after the
// letters R, S and E in it are resumed, the serial and the error.
func inputOf(action string, errors int, after Node) (in model.ChannelInput, err error) {
	if kind, ok := specInputs[action]; ok && kind <= model.KindSetOptions {
		return model.ChannelInput{Kind: kind, Call: after.State.Last}, nil
	}
	switch action {
	case "GiveBack", "Renew", "Overtaken", "RetryTimeout":
		return model.ChannelInput{Kind: specInputs[action]}, nil
	case "RequestTimeout", "ErrorE":
		return model.ChannelInput{Kind: specInputs[strings.TrimSuffix(action, "E")], Err: errors}, nil
	}
	if to, ok := strings.CutPrefix(action, "To"); ok {
		in := model.ChannelInput{Kind: model.KindConnection}
		in.Connection, in.Resumed = model.ToConnected, to == "ConnectedResumed"
		if to == "ConnectedNew" || in.Resumed {
			return in, nil
		}
		if in.Connection, ok = specChanges[strings.ToLower(to)]; !ok {
			return in, fmt.Errorf("no state of the connection has the name %s", to)
		}
		switch in.Connection {
		case model.ToDisconnected, model.ToSuspended, model.ToClosed, model.ToFailed:
			in.Err = errors
		}
		return in, nil
	}
	for _, name := range []string{"Attached", "Detached", "Message"} {
		rest, ok := strings.CutPrefix(action, name)
		if !ok {
			continue
		}
		in.Kind = specInputs[name]
		for ; len(rest) > 1; rest = rest[2:] {
			n, bad := strconv.Atoi(rest[1:2])
			switch {
			case bad != nil:
				return in, fmt.Errorf("the action %s has no number", action)
			case rest[0] == 'R':
				in.Resumed = n == 1
			case rest[0] == 'S':
				in.Serial = n
			case rest[0] == 'E':
				in.Err = n
			}
		}
		return in, nil
	}
	return in, fmt.Errorf("no input has the name %s", action)
}
