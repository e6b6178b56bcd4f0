package main

import (
	"fmt"
	"strconv"
	"strings"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// name tells a frame from all others of a scenario: the nth of its action and channel in its direction on a WebSocket. Unlike its index there it
// doesn't change when rooms that are busy at once have their turns in another order.
type name struct {
	connection int
	direction  ablytest.Direction
	action     ablytest.Action
	channel    string
	nth        int
}

// names returns the names of the frames that a fault can be for, in the order in which they crossed.
func names(frames []frame) (all []name) {
	seen := map[name]int{}
	for _, f := range frames {
		if f.Index > 0 && !f.Injected {
			n := name{connection: f.Connection, direction: f.Direction, action: f.Action, channel: f.Channel}
			seen[n]++
			n.nth = seen[n]
			all = append(all, n)
		}
	}
	return all
}

// match is for the frame of the name.
func (n name) match() ablytest.Match {
	m := ablytest.ToServer(n.action)
	if n.direction == ablytest.ServerToClient {
		m = ablytest.ToClient(n.action)
	}
	return m.OnConnection(n.connection).OnChannel(n.channel).If(func(f ablytest.Frame) bool { return f.Index > 0 }).Nth(n.nth)
}

// String is "1/out/ATTACH.lobby.2": out is what a client sends, in what it gets.
func (n name) String() string {
	direction := "out"
	if n.direction == ablytest.ServerToClient {
		direction = "in"
	}
	room := ""
	if n.channel != "" {
		room = "." + strings.TrimSuffix(n.channel, ablychat.ChannelName(""))
	}
	return fmt.Sprintf("%d/%s/%v%s.%d", n.connection, direction, n.action, room, n.nth)
}

// parsePlan reads a run's name.
func parsePlan(text string) (p plan, err error) {
	bad := func() (plan, error) { return plan{}, fmt.Errorf("%q is not the name of a run", text) }
	head, rest, _ := strings.Cut(text, "/")
	for _, s := range scenarios() {
		if s.name == head {
			p.scenario = s
		}
	}
	if p.scenario.name == "" {
		return bad()
	}
	if rest == "" {
		return p, nil
	}
	for part := range strings.SplitSeq(rest, "+") {
		words := strings.Split(part, "/")
		if len(words) != 4 {
			return bad()
		}
		s := strike{}
		for _, f := range faults() {
			if f.name == words[3] {
				s.fault = f
			}
		}
		if s.frame, err = parseName(words[0], words[1], words[2]); err != nil || s.fault.name == "" {
			return bad()
		}
		p.strikes = append(p.strikes, s)
	}
	return p, nil
}

func parseName(connection, direction, frame string) (n name, err error) {
	words := strings.Split(frame, ".")
	if n.connection, err = strconv.Atoi(connection); err != nil {
		return n, err
	}
	if n.nth, err = strconv.Atoi(words[len(words)-1]); err != nil {
		return n, err
	}
	n.direction = ablytest.ClientToServer
	if direction == "in" {
		n.direction = ablytest.ServerToClient
	}
	if len(words) == 3 {
		n.channel = ablychat.ChannelName(words[1])
	}
	n.action = -1
	for a := ablytest.ActionHeartbeat; a <= ablytest.ActionAnnotation; a++ {
		if a.String() == words[0] {
			n.action = a
		}
	}
	if n.String() != strings.Join([]string{connection, direction, frame}, "/") {
		return n, fmt.Errorf("%q is not the name of a frame", frame)
	}
	return n, nil
}
