package roomstatus

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Spec maps the states and steps of RoomStatus.tla to those of the reference model:
//
//	RoomStatus.tla              model.RoomState
//	last                        Last
//	status, err                 Status, Err
//	channel, chErr              Channel, ChErr
//	op, caller, phase           Op, Caller, Phase
//	queue[i]                    Queue[i-1]: <<Op, Caller>>
//	attachedOnce, explicit      AttachedOnce, Explicit
//	outs                        the outputs of the step that led here
//	seen, fresh                 nothing: with OwnEvent = FALSE they are constant
var Spec = graphs.StepSpec[model.RoomState, model.RoomInput, model.RoomOutput]{
	Read: readState, Output: readOutput, Input: inputOf}

// Node is a state of RoomStatus.tla: a state of the room, and the outputs of the step that led to
// it.
type Node = graphs.Node[model.RoomState, model.RoomOutput]

// The words of the spec, which are those of the model.
var (
	specStatuses = graphs.Words(model.StatusInitialized, model.StatusReleased)
	specChannels = graphs.Words(model.ChannelInitialized, model.ChannelFailed)
	specOps      = graphs.Words(model.OpNone, model.OpRelease)
	specPhases   = graphs.Words(model.PhaseIdle, model.PhaseInGiveBack)
	specOutcomes = graphs.Words(model.OutcomeRoomDone, model.OutcomeRoomGaveUp)
	specOutputs  = graphs.Words(model.OutputRoomSettle, model.OutputDiscontinuity)
)

// Comparisons returns the configurations of RoomStatus.tla whose graphs are compared, each with the
// machine at the same bounds.
func Comparisons() []graphs.Comparison {
	return []graphs.Comparison{
		graphs.NewComparison("spec/TLA", "MCRoomStatus_graph2", "tests/graphs/roomstatus/testdata",
			New(Bounds{Calls: 2, Errors: 1, Bare: true}), Spec),
		graphs.NewComparison("spec/TLA", "MCRoomStatus_graph4", "", New(Bounds{Calls: 4, Errors: 1, Bare: true}), Spec),
	}
}

func readState(r *graphs.Record) model.RoomState {
	if r.Is("seen") || r.Is("fresh") {
		*r.Unknown = append(*r.Unknown, "the states have the variable of the port's promise: set OwnEvent to FALSE")
	}
	m := model.RoomState{Last: r.Number("last"),
		Status: graphs.Word(r, specStatuses, "status"), Err: r.Number("err"),
		Channel: graphs.Word(r, specChannels, "channel"), ChErr: r.Number("chErr"),
		Op: graphs.Word(r, specOps, "op"), Caller: r.Number("caller"),
		Phase: graphs.Word(r, specPhases, "phase"), AttachedOnce: r.Is("attachedOnce"), Explicit: r.Is("explicit")}
	for _, e := range r.Field("queue").Items {
		m.Queue = append(m.Queue,
			model.RoomEntry{Op: graphs.Lookup(r.Unknown, specOps, e.At(1)), Caller: e.At(2).Number})
	}
	return m
}

func readOutput(u *graphs.Unknown, v graphs.Value) model.RoomOutput {
	o := model.RoomOutput{Kind: graphs.Lookup(u, specOutputs, v.At(1))}
	switch o.Kind {
	case model.OutputRoomSettle:
		o.Call, o.Outcome.Err = v.At(2).Number, v.At(4).Number
		o.Outcome.Kind = graphs.Lookup(u, specOutcomes, v.At(3))
		if v.At(5).Text != "-" {
			o.Outcome.Status = graphs.Lookup(u, specStatuses, v.At(5))
		}
	case model.OutputRoomStatus:
		o.Previous = graphs.Lookup(u, specStatuses, v.At(2))
		o.Status, o.Err = graphs.Lookup(u, specStatuses, v.At(3)), v.At(4).Number
	case model.OutputDiscontinuity:
		o.Err = v.At(2).Number
	}
	return o
}

// inputOf returns the input of an action. The action's name and the two states determine the input.
// If the name ends in a digit, this is the number of the error.
func inputOf(action string, before, after Node) (in model.RoomInput, err error) {
	switch action {
	case "Attach":
		return model.RoomAttach(after.State.Last), nil
	case "Detach":
		return model.RoomDetach(after.State.Last), nil
	case "Release":
		return model.RoomRelease(after.State.Last), nil
	case "RetryDue":
		return model.RetryDue(), nil
	// the call that gave up is the one that was pending before, and is settled by the step
	case "GiveUp":
		if len(after.Outs) != 1 || !slices.Contains(before.State.Pending(), after.Outs[0].Call) {
			return in, fmt.Errorf("the step of GiveUp has the outputs %v, want one settled call", after.Outs)
		}
		return model.RoomGiveUp(after.Outs[0].Call), nil
	case "":
		return in, fmt.Errorf("an action has no name")
	}
	name, digit := action[:len(action)-1], action[len(action)-1:]
	n, bad := strconv.Atoi(digit)
	if bad != nil {
		return in, fmt.Errorf("the name of the action %s does not end in the number of an error", action)
	}
	switch name {
	case "AttachEnded":
		return model.AttachEnded(n), nil
	case "DetachEnded":
		return model.DetachEnded(n), nil
	case "GiveBackEnded":
		return model.GiveBackEnded(n), nil
	case "Resumed":
		return model.ChannelResumed(n), nil
	case "Updated":
		return model.ChannelUpdated(false, n), nil
	case "UpdatedResumed":
		return model.ChannelUpdated(true, n), nil
	}
	state, ok := specChannels[strings.ToLower(strings.TrimPrefix(name, "Turned"))]
	if !ok || !strings.HasPrefix(name, "Turned") {
		return in, fmt.Errorf("no input has the name %s", action)
	}
	return model.ChannelTurned(state, n), nil
}
