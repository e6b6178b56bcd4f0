package channel

import (
	"slices"

	"fmt"
	"strconv"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Spec maps the states and steps of Channel.tla to those of the reference model: the one written
// mapping. The fields of ch are those of model.Channel, name for name; outs are the outputs of the
// step that led here; net, holds, gaveUp, spoke and by are nothing: with Promise = FALSE they are
// constant.
type Spec struct {
	// Errors is NErrs: the error that timers, an ERROR and the end of a connection come with.
	Errors int
}

// Node is a state of Channel.tla: a state of the channel, and the outputs of the step that led to it.
type Node struct {
	Channel model.Channel
	Outs    []model.ChannelOutput
}

// Words of the spec, which are the model's own.
var (
	specStates      = graphs.Words(model.ChannelInitialized, model.ChannelFailed)
	specConnections = graphs.Words(model.ConnectionWaiting, model.ConnectionEnded)
	specRequests    = graphs.Words(model.RequestAttach, model.RequestDetach)
	specOutcomes    = graphs.Words(model.OutcomeChannelDone, model.OutcomeChannelGivenBack)
	specOutputs     = graphs.Words(model.OutputChannelSettle, model.OutputDeliver)
	specChanges     = graphs.Words(model.ToInitialized, model.ToFailed)
)

// Comparisons are the configurations of Channel.tla whose graphs are compared, with the bounds that
// say the same.
func Comparisons() []graphs.Comparison {
	const golden = "tests/graphs/channel/testdata"
	return []graphs.Comparison{
		graphs.NewComparison("spec/TLA", "MCChannel_graph1", golden,
			New(Bounds{model.ChannelBounds{Calls: 1, Serials: 2, Wire: 2}, true}), Spec{}),
		graphs.NewComparison("spec/TLA", "MCChannel_graph3", golden,
			New(Bounds{model.ChannelBounds{Calls: 3, Errors: 1, Wire: 2}, true}), Spec{1}),
	}
}

// State implements [graphs.Mapping].
func (Spec) State(vars graphs.Value) (n Node, err error) {
	var errs graphs.Unknown
	ch := vars.Field("ch")
	field := func(name string) graphs.Value {
		if !slices.Contains(ch.Names, name) {
			errs = append(errs, "there is no "+name)
		}
		return ch.Field(name)
	}
	number := func(name string) int { return field(name).Number }
	if vars.Field("net").Len() != 0 || vars.Field("holds").Text != "none" {
		errs = append(errs, "the server's promise is kept track of: Promise must be FALSE")
	}
	n.Channel = model.Channel{Last: number("last"), State: graphs.Lookup(&errs, specStates, field("state")), Reason: number("reason"),
		Connection: graphs.Lookup(&errs, specConnections, field("connection")), Awaited: number("awaited") == 1, Held: number("held") == 1,
		Doubt: number("doubt") == 1, Leftover: number("leftover") == 1, Back: graphs.Lookup(&errs, specStates, field("back")),
		Retries: number("retries"), ChannelSerial: number("channelSerial"), AttachSerial: number("attachSerial"),
		Resume: number("resume") == 1, GivenBack: number("givenBack") == 1}
	for _, r := range field("wire").Items {
		n.Channel.Wire = append(n.Channel.Wire, graphs.Lookup(&errs, specRequests, r))
	}
	for _, c := range field("attachers").Items {
		n.Channel.Attachers = append(n.Channel.Attachers, c.Number)
	}
	for _, c := range field("detachers").Items {
		n.Channel.Detachers = append(n.Channel.Detachers, c.Number)
	}
	for _, v := range vars.Field("outs").Items {
		o := model.ChannelOutput{Kind: graphs.Lookup(&errs, specOutputs, v.At(1))}
		switch o.Kind {
		case model.OutputChannelSettle:
			o.Call, o.Outcome, o.Err = v.At(2).Number, graphs.Lookup(&errs, specOutcomes, v.At(3)), v.At(4).Number
		case model.OutputSendAttach:
			o.Serial, o.Resumed = v.At(2).Number, v.At(3).Number == 1
		case model.OutputStartRetryTimer:
			o.Retry = v.At(2).Number
		case model.OutputChannelState:
			o.Previous, o.State = graphs.Lookup(&errs, specStates, v.At(2)), graphs.Lookup(&errs, specStates, v.At(3))
			o.Resumed, o.Err = v.At(4).Number == 1, v.At(5).Number
		case model.OutputUpdate:
			o.Err = v.At(2).Number
		case model.OutputApply:
			o.Resumed = v.At(2).Number == 1
		}
		n.Outs = append(n.Outs, o)
	}
	return n, errs.Err()
}

// Text implements [graphs.Mapping].
func (Spec) Text(n Node) string { return graphs.NodeText(n.Channel, n.Outs) }

// Step implements [graphs.Mapping]: the input from the action's name.
func (s Spec) Step(action string, before, after Node) (string, error) {
	in, err := s.inputOf(action, after)
	return graphs.StepText(in, after.Outs), err
}

// inputOf reads an action's name: what happened, and R, S and E with what came with it.
func (s Spec) inputOf(action string, after Node) (in model.ChannelInput, err error) {
	calls := map[string]model.ChannelKind{"Attach": model.KindChannelAttach, "Detach": model.KindChannelDetach, "SetOptions": model.KindSetOptions}
	if kind, ok := calls[action]; ok {
		return model.ChannelInput{Kind: kind, Call: after.Channel.Last}, nil
	}
	plain := map[string]model.ChannelInput{"GiveBack": {Kind: model.KindGiveBack}, "Renew": {Kind: model.KindRenew},
		"Overtaken": {Kind: model.KindOvertaken}, "RetryTimeout": {Kind: model.KindRetryTimeout},
		"RequestTimeout": {Kind: model.KindRequestTimeout, Err: s.Errors}, "ErrorE": {Kind: model.KindError, Err: s.Errors}}
	if in, ok := plain[action]; ok {
		return in, nil
	}
	if to, ok := strings.CutPrefix(action, "To"); ok {
		in := model.ChannelInput{Kind: model.KindConnection}
		in.Connection, in.Resumed = model.ToConnected, to == "ConnectedResumed"
		if to == "ConnectedNew" || in.Resumed {
			return in, nil
		}
		if in.Connection, ok = specChanges[strings.ToLower(to)]; !ok {
			return in, fmt.Errorf("no connection is %s", to)
		}
		switch in.Connection {
		case model.ToDisconnected, model.ToSuspended, model.ToClosed, model.ToFailed:
			in.Err = s.Errors
		}
		return in, nil
	}
	for name, kind := range map[string]model.ChannelKind{"Attached": model.KindAttached, "Detached": model.KindDetached, "Message": model.KindMessage} {
		rest, ok := strings.CutPrefix(action, name)
		if !ok {
			continue
		}
		in.Kind = kind
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
	return in, fmt.Errorf("no input is called %s", action)
}
