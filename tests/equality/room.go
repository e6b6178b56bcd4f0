package equality

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/explore"
	"ablyrooms.example/tests/explore/roommachine"
	"ablyrooms.example/tests/graphs"
)

// RoomGoldenConfig is the configuration of the room whose graph is kept.
const RoomGoldenConfig = "MCRoomStatus_graph2"

// RoomSpec maps the states and steps of RoomStatus.tla to those of the room's reference model: the one written mapping.
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
type RoomSpec struct{}

// RoomNode is a state of RoomStatus.tla: a state of the room, and the outputs of the step that led to it, which the spec has in a variable.
type RoomNode struct {
	Room model.RoomState
	Outs []model.RoomOutput
}

// word tables of the spec, made from the model's own words.
var (
	roomStatuses  = wordsOf(model.StatusInitialized, model.StatusReleased)
	channelStates = wordsOf(model.ChannelInitialized, model.ChannelFailed)
	roomOps       = wordsOf(model.OpNone, model.OpRelease)
	roomPhases    = wordsOf(model.PhaseIdle, model.PhaseInGiveBack)
	roomOutcomes  = wordsOf(model.OutcomeRoomDone, model.OutcomeRoomGaveUp)
	roomOutputs   = wordsOf(model.OutputRoomSettle, model.OutputDiscontinuity)
)

func wordsOf[T interface {
	~uint8
	fmt.Stringer
}](from, to T) map[string]T {
	all := map[string]T{}
	for v := from; v <= to; v++ {
		all[v.String()] = v
	}
	return all
}

// lookup reads one of the words of a table.
func lookup[T any](errs *[]string, table map[string]T, v graphs.Value) T {
	got, ok := table[v.Text]
	if !ok {
		*errs = append(*errs, fmt.Sprintf("%q is not one of its words", v.Text))
	}
	return got
}

// State implements [graphs.Mapping].
func (RoomSpec) State(vars map[string]graphs.Value) (RoomNode, error) {
	var errs []string
	for _, name := range []string{"last", "status", "err", "channel", "chErr", "op", "caller", "phase", "queue", "attachedOnce", "explicit", "outs", "seen"} {
		if _, ok := vars[name]; !ok {
			errs = append(errs, "there is no "+name)
		}
	}
	if vars["seen"].Number != 0 || vars["fresh"].Number != 0 {
		errs = append(errs, "the port's promise is kept track of: OwnEvent must be FALSE")
	}
	n := RoomNode{Room: model.RoomState{Last: vars["last"].Number, Status: lookup(&errs, roomStatuses, vars["status"]), Err: vars["err"].Number,
		Channel: lookup(&errs, channelStates, vars["channel"]), ChErr: vars["chErr"].Number, Op: lookup(&errs, roomOps, vars["op"]),
		Caller: vars["caller"].Number, Phase: lookup(&errs, roomPhases, vars["phase"]), AttachedOnce: vars["attachedOnce"].Number == 1,
		Explicit: vars["explicit"].Number == 1}}
	for _, e := range vars["queue"].Items {
		n.Room.Queue = append(n.Room.Queue, model.RoomEntry{Op: lookup(&errs, roomOps, e.At(1)), Caller: e.At(2).Number})
	}
	for _, v := range vars["outs"].Items {
		o := model.RoomOutput{Kind: lookup(&errs, roomOutputs, v.At(1))}
		switch o.Kind {
		case model.OutputRoomSettle:
			o.Call, o.Outcome.Kind, o.Outcome.Err = v.At(2).Number, lookup(&errs, roomOutcomes, v.At(3)), v.At(4).Number
			if v.At(5).Text != "-" {
				o.Outcome.Status = lookup(&errs, roomStatuses, v.At(5))
			}
		case model.OutputRoomStatus:
			o.Previous, o.Status, o.Err = lookup(&errs, roomStatuses, v.At(2)), lookup(&errs, roomStatuses, v.At(3)), v.At(4).Number
		case model.OutputDiscontinuity:
			o.Err = v.At(2).Number
		}
		n.Outs = append(n.Outs, o)
	}
	if len(errs) > 0 {
		return n, fmt.Errorf("equality: %s", strings.Join(errs, "; "))
	}
	return n, nil
}

// Text implements [graphs.Mapping].
func (RoomSpec) Text(n RoomNode) string { return nodeText(n.Room.String(), outputTexts(n.Outs)) }

func nodeText(room string, outs []string) string { return room + " <- " + strings.Join(outs, " ") }

func stepText(in string, outs []string) string { return in + " -> " + strings.Join(outs, " ") }

func outputTexts(outs []model.RoomOutput) []string {
	texts := make([]string, len(outs))
	for i, o := range outs {
		texts[i] = o.String()
	}
	return texts
}

// Step implements [graphs.Mapping]: the input from the action's name, with its numbers from the two states.
func (RoomSpec) Step(action string, before, after RoomNode) (string, error) {
	in, err := roomInput(action, before, after)
	if err != nil {
		return "", err
	}
	return stepText(in.String(), outputTexts(after.Outs)), nil
}

// roomInput reads an action's name: what happened, in which state, with which error as its last digit.
func roomInput(action string, before, after RoomNode) (model.RoomInput, error) {
	switch action {
	case "Attach":
		return model.RoomAttach(after.Room.Last), nil
	case "Detach":
		return model.RoomDetach(after.Room.Last), nil
	case "Release":
		return model.RoomRelease(after.Room.Last), nil
	case "RetryDue":
		return model.RetryDue(), nil
	case "GiveUp": // who gave up is who is settled, and was pending
		if len(after.Outs) != 1 || !slices.Contains(before.Room.Pending(), after.Outs[0].Call) {
			return model.RoomInput{}, fmt.Errorf("GiveUp settles %v", after.Outs)
		}
		return model.RoomGiveUp(after.Outs[0].Call), nil
	}
	if action == "" {
		return model.RoomInput{}, fmt.Errorf("an action has no name")
	}
	name, digit := action[:len(action)-1], action[len(action)-1:]
	err, bad := strconv.Atoi(digit)
	if bad != nil {
		return model.RoomInput{}, fmt.Errorf("the action %s names no error", action)
	}
	switch name {
	case "AttachEnded":
		return model.AttachEnded(err), nil
	case "DetachEnded":
		return model.DetachEnded(err), nil
	case "GiveBackEnded":
		return model.GiveBackEnded(err), nil
	case "Resumed":
		return model.ChannelResumed(err), nil
	case "Updated":
		return model.ChannelUpdated(false, err), nil
	case "UpdatedResumed":
		return model.ChannelUpdated(true, err), nil
	}
	state, ok := channelStates[strings.ToLower(strings.TrimPrefix(name, "Turned"))]
	if !ok || !strings.HasPrefix(name, "Turned") {
		return model.RoomInput{}, fmt.Errorf("no input is called %s", action)
	}
	return model.ChannelTurned(state, err), nil
}

// RoomGraph explores a machine of the room, the core's or the model's, at bounds that are bare, and writes its graph as that of the spec:
// a state is one of the room together with the outputs of the step that led to it. In every state every input of the alphabet is tried,
// and one that is refused must leave the state as it was. states is how many the room alone has, refused how often an input was.
func RoomGraph(ctx context.Context, name string, m roommachine.Machine) (g *graphs.Graph, states int, refused uint64, err error) {
	space, err := explore.Build(ctx, m, explore.BuildOptions{})
	if err != nil {
		return nil, 0, 0, err
	}
	built, err := space.Graph()
	if err != nil {
		return nil, 0, 0, err
	}
	first := make([]int, len(built.States)+1) // the edges from state n are Edges[first[n]:first[n+1]]
	for _, e := range built.Edges {
		first[e.From+1]++
	}
	for n := range built.States {
		first[n+1] += first[n]
	}
	type node struct {
		room int
		outs string
	}
	g = graphs.New(name)
	g.State(nodeText(built.States[0], nil))
	ids := map[node]int32{{}: 0}
	for queue := []node{{}}; len(queue) > 0; queue = queue[1:] {
		at := ids[queue[0]]
		for _, e := range built.Edges[first[queue[0].room]:first[queue[0].room+1]] {
			to := node{e.To, strings.Join(e.Outputs, " ")}
			id, known := ids[to]
			if !known {
				id = g.State(nodeText(built.States[e.To], e.Outputs))
				ids[to] = id
				queue = append(queue, to)
			}
			g.Edge(at, id, stepText(e.Label, e.Outputs))
		}
	}
	return g, len(built.States), space.Refused, nil
}

// RoomTLC has TLC dump a configuration's graph, and reads it.
func RoomTLC(ctx context.Context, tlc *tlcrun.TLC, c *tlcrun.Config) (*graphs.Graph, error) {
	dir, err := os.MkdirTemp("", "equality")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "graph.dot")
	if _, err := tlc.Dump(ctx, c, file); err != nil {
		return nil, err
	}
	dump, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer dump.Close()
	return graphs.ReadDot("the spec", dump, graphs.Mapping[RoomNode](RoomSpec{}))
}

// RoomHash hashes what a configuration's graph is made from: the three modules, and the lines of the configuration that are no comments.
func RoomHash(root, config string) (string, error) {
	h := sha256.New()
	for _, file := range []string{"RoomStatusSteps.tla", "RoomStatus.tla", "MCRoomStatus.tla", config + ".cfg"} {
		data, err := os.ReadFile(filepath.Join(root, "spec", "TLA", file))
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, file)
		for line := range bytes.Lines(data) {
			if !bytes.HasPrefix(line, []byte(`\*`)) {
				h.Write(line)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Renumber writes a dump with its states numbered in the order in which they come, instead of by TLC's fingerprints: it says the same,
// and is kept in a fraction of the space.
func Renumber(dump []byte) ([]byte, error) {
	numbers := map[string]int{}
	number := func(id string) string {
		n, ok := numbers[id]
		if !ok {
			n = len(numbers)
			numbers[id] = n
		}
		return strconv.Itoa(n)
	}
	var w bytes.Buffer
	lines := bufio.NewScanner(bytes.NewReader(dump))
	lines.Buffer(make([]byte, 0, 1<<20), 1<<24)
	for lines.Scan() {
		line := lines.Text()
		open := strings.Index(line, " [")
		if open > 0 && (line[0] == '-' || line[0] >= '0' && line[0] <= '9') {
			head := line[:open]
			if from, end, isEdge := strings.Cut(head, " -> "); isEdge {
				head = number(from) + " -> " + number(end)
				if label, ok := strings.CutSuffix(line[open:], `];`); ok { // colours are of no use
					before, _, _ := strings.Cut(label, `",`)
					line = head + before + `"];`
				}
			} else {
				line = number(head) + line[open:]
			}
		}
		w.WriteString(line + "\n")
	}
	return w.Bytes(), lines.Err()
}
