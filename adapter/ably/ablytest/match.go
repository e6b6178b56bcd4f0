package ablytest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Match selects the frames that a fault applies to. It is a value: its methods return a narrower
// copy. Start with [ToServer], [ToClient], [AnyFrame], [HTTPRequest] or [HTTPResponse].
type Match struct {
	direction  Direction
	http       bool
	actions    []Action
	connection int
	index      int
	channel    *string
	method     string
	path       string
	nth        int
	first      int
	test       func(Frame) bool
}

// ToServer matches protocol messages from clients: those with one of the given actions, or all if
// none is given. CONNECT matches the opening of a WebSocket.
func ToServer(actions ...Action) Match {
	return Match{direction: ClientToServer, actions: actions}
}

// ToClient matches protocol messages to clients: those with one of the given actions, or all if
// none is given.
func ToClient(actions ...Action) Match {
	return Match{direction: ServerToClient, actions: actions}
}

// AnyFrame matches every protocol message in both directions.
func AnyFrame() Match { return Match{} }

// HTTPRequest matches requests by method and path; "" matches any. The path is compared in its
// escaped form; a "*" at the end of path matches the rest.
func HTTPRequest(method, path string) Match {
	return Match{direction: ClientToServer, http: true, method: method, path: path}
}

// HTTPResponse matches the responses to the requests that HTTPRequest matches, before they are
// sent.
func HTTPResponse(method, path string) Match {
	return Match{direction: ServerToClient, http: true, method: method, path: path}
}

// Match returns a match for the frame with the same connection (or HTTP), direction and index. So a
// test can run a scenario once, and run it again with a fault at any of its frames.
func (f Frame) Match() Match {
	return Match{direction: f.Direction, http: f.Action == ActionHTTP, connection: f.Connection, index: f.Index}
}

// OnChannel narrows the match to frames of a channel; "" means frames without one.
func (m Match) OnChannel(name string) Match { m.channel = &name; return m }

// OnConnection narrows the match to the nth WebSocket of the server, from 1.
func (m Match) OnConnection(n int) Match { m.connection = n; return m }

// AtIndex narrows the match to the frames with that [Frame.Index].
func (m Match) AtIndex(i int) Match { m.index = i; return m }

// If narrows the match to frames for which f returns true. Several goroutines may call f at once.
// It is also called for frames that the fault doesn't apply to in the end.
func (m Match) If(f func(Frame) bool) Match {
	if old := m.test; old != nil {
		m.test = func(fr Frame) bool { return old(fr) && f(fr) }
	} else {
		m.test = f
	}
	return m
}

// Nth narrows the match to the nth of the frames that it matched without Nth. The count begins with
// 1, when the fault is added.
func (m Match) Nth(n int) Match { m.nth = n; return m }

// First narrows the match to the first n of the frames that it matched without First.
func (m Match) First(n int) Match { m.first = n; return m }

// Once is First(1).
func (m Match) Once() Match { return m.First(1) }

// String describes the match for logs and the names of tests, such as "ATTACH to server".
func (m Match) String() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case m.http:
		add("HTTP %s %s", cmp.Or(m.method, "*"), cmp.Or(m.path, "*"))
	case len(m.actions) == 0:
		add("any frame")
	default:
		for _, a := range m.actions {
			add("%v", a)
		}
	}
	if m.direction != BothWays {
		add("%v", m.direction)
	}
	if m.channel != nil {
		add("on channel %q", *m.channel)
	}
	if m.connection != 0 {
		add("on connection %d", m.connection)
	}
	if m.index != 0 {
		add("at index %d", m.index)
	}
	if m.test != nil {
		add("if a function says so")
	}
	if m.nth != 0 {
		add("number %d", m.nth)
	}
	if m.first != 0 {
		add("first %d", m.first)
	}
	return strings.Join(parts, " ")
}

// of reports whether the frame matches; it ignores Nth and First.
func (m Match) of(f Frame) bool {
	if f.Injected || m.http != (f.Action == ActionHTTP) {
		return false
	}
	if m.direction != BothWays && m.direction != f.Direction {
		return false
	}
	if len(m.actions) > 0 && !slices.Contains(m.actions, f.Action) {
		return false
	}
	if m.connection != 0 && m.connection != f.Connection || m.index != 0 && m.index != f.Index {
		return false
	}
	if m.channel != nil && *m.channel != f.Channel {
		return false
	}
	if m.method != "" && m.method != f.Method || m.path != "" && !pathMatches(m.path, f.Path) {
		return false
	}
	return m.test == nil || m.test(f)
}

// counts reports whether Nth and First select a frame; seen is its number among those that match.
func (m Match) counts(seen int) bool {
	return (m.nth == 0 || seen == m.nth) && (m.first == 0 || seen <= m.first)
}

func pathMatches(pattern, path string) bool {
	if head, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(path, head)
	}
	return pattern == path
}
