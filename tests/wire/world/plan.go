package world

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// Plan is one run: a scenario, and the faults that frames meet in it. Without faults it is the scenario's
// plain run.
type Plan struct {
	Scenario Scenario
	Strikes  []Strike
}

// Strike is a fault at a frame.
type Strike struct {
	Frame FrameName
	Fault Fault
}

// Fits reports whether the fault is one for the frame.
func (s Strike) Fits() bool { return !s.Fault.channel || s.Frame.channel != "" }

// loses reports whether the client never receives what the frame carries, and receives what comes after
// it: no transport does that.
func (s Strike) loses() bool {
	carries := s.Frame.direction == ablytest.ServerToClient &&
		(s.Frame.action == ablytest.ActionAttached || s.Frame.action == ablytest.ActionMessage)
	return carries && slices.Contains([]string{"drop", "refuse", "disconnect", "fail-connection", "fail-channel", "detach-channel"}, s.Fault.Name)
}

// String is the plan's name, which [ParsePlan] reads: "get-attach-release/1/out/ATTACH.lobby.1/cut-before".
func (p Plan) String() string {
	name := p.Scenario.Name
	for i, s := range p.Strikes {
		name += fmt.Sprintf("%s%v/%s", []string{"/", "+"}[min(i, 1)], s.Frame, s.Fault.Name)
	}
	return name
}

// FrameName tells a frame from all others of a scenario: the nth of its action and channel in its direction
// on a WebSocket. Unlike its index there it stays the same when rooms that are busy at once have their turns
// in another order.
type FrameName struct {
	connection int
	direction  ablytest.Direction
	action     ablytest.Action
	channel    string
	nth        int
}

// names returns the names of the frames that a fault can be for, in the order in which they crossed.
func names(frames []frame) (all []FrameName) {
	seen := map[FrameName]int{}
	for _, f := range frames {
		if f.Index > 0 && !f.Injected {
			n := FrameName{connection: f.Connection, direction: f.Direction, action: f.Action, channel: f.Channel}
			seen[n]++
			n.nth = seen[n]
			all = append(all, n)
		}
	}
	return all
}

// match is for the frame of the name.
func (n FrameName) match() ablytest.Match {
	m := ablytest.ToServer(n.action)
	if n.direction == ablytest.ServerToClient {
		m = ablytest.ToClient(n.action)
	}
	return m.OnConnection(n.connection).OnChannel(n.channel).If(func(f ablytest.Frame) bool { return f.Index > 0 }).Nth(n.nth)
}

// String is "1/out/ATTACH.lobby.2": out is what a client sends, in what it gets.
func (n FrameName) String() string {
	direction, room := "out", ""
	if n.direction == ablytest.ServerToClient {
		direction = "in"
	}
	if n.channel != "" {
		room = "." + strings.TrimSuffix(n.channel, ablychat.ChannelName(""))
	}
	return fmt.Sprintf("%d/%s/%v%s.%d", n.connection, direction, n.action, room, n.nth)
}

// ParsePlan reads the name of a run.
func ParsePlan(text string) (p Plan, err error) {
	head, rest, _ := strings.Cut(text, "/")
	for _, s := range Scenarios() {
		if s.Name == head {
			p.Scenario = s
		}
	}
	if rest != "" {
		for part := range strings.SplitSeq(rest, "+") {
			words := append(strings.Split(part, "/"), "", "", "")
			s := Strike{Frame: parseFrame(words[0], words[1], words[2])}
			for _, f := range Faults() {
				if f.Name == words[3] {
					s.Fault = f
				}
			}
			p.Strikes = append(p.Strikes, s)
		}
	}
	if p.Scenario.Name == "" || p.String() != text {
		return Plan{}, fmt.Errorf("%q is not the name of a run", text)
	}
	return p, nil
}

// parseFrame reads a frame's name; from what is none it makes another.
func parseFrame(connection, direction, frame string) (n FrameName) {
	words := strings.Split(frame, ".")
	n.connection, _ = strconv.Atoi(connection)
	n.nth, _ = strconv.Atoi(words[len(words)-1])
	n.direction, n.action = ablytest.ClientToServer, -1
	if direction == "in" {
		n.direction = ablytest.ServerToClient
	}
	if len(words) == 3 {
		n.channel = ablychat.ChannelName(words[1])
	}
	for a := ablytest.ActionHeartbeat; a <= ablytest.ActionAnnotation; a++ {
		if a.String() == words[0] {
			n.action = a
		}
	}
	return n
}
