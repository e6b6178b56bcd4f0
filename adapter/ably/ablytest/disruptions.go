package ablytest

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Disruption is a failure of the service as users notice it. It lasts from the call that returns it
// until End. It affects clients on the wire, not a [VirtualClient]. Several disruptions may last at
// the same time.
type Disruption struct {
	once sync.Once
	end  func()
}

// End ends the disruption. Further calls do nothing.
func (d *Disruption) End() { d.once.Do(d.end) }

// disruptions has the disruptions that are not made of faults. It is guarded by Server.mu.
type disruptions struct {
	outages   int
	rejecters []*rejecter
}

type rejecter struct {
	reject func(room, text string) *ErrorInfo
}

// Outage cuts all connections and refuses every connection and request, as if the client's network,
// or Ably, was down. The server keeps the state of a connection for the usual time, two minutes
// by default: see [WithConnectionStateTTL].
func (s *Server) Outage() *Disruption {
	answers := s.Fault(HTTPResponse("", ""), CutBefore())
	s.mu.Lock()
	s.disruptions.outages++
	s.notifyLocked()
	s.mu.Unlock()
	_ = s.Cut("") // with "", Cut never fails
	return &Disruption{end: func() {
		answers.Remove()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.disruptions.outages--
		s.notifyLocked()
	}}
}

func (s *Server) out() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.disruptions.outages > 0
}

// Slow delays everything that clients send and receive by latency.
func (s *Server) Slow(latency time.Duration) *Disruption {
	late := Latency(latency)
	return lasting(s.Fault(AnyFrame(), late),
		s.Fault(HTTPRequest("", ""), late), s.Fault(HTTPResponse("", ""), late))
}

// lasting returns the disruption that consists of the given faults.
func lasting(faults ...*Fault) *Disruption {
	return &Disruption{end: func() {
		for _, f := range faults {
			f.Remove()
		}
	}}
}

// LoseState cuts all connections, forgets their state, and makes all channels lose continuity, as
// if each client had been away for more than two minutes. Clients connect again. Their channels
// miss what is sent before they attach again (a discontinuity).
func (s *Server) LoseState() {
	s.mu.Lock()
	var lost []*transport
	for _, c := range s.sortedConnections() {
		if c.t != nil {
			lost = append(lost, c.t)
		}
		s.forget(c)
	}
	for _, name := range slices.Sorted(maps.Keys(s.channels)) {
		s.channels[name].log.newSeries()
	}
	s.notifyLocked()
	s.mu.Unlock()
	for _, t := range lost {
		t.cut()
	}
}

// LoseHistory makes the server forget the history of a room, as Ably does when messages are too old
// to be kept. Connections go on, but no channel can be continued from before this moment.
func (s *Server) LoseHistory(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[room+chatSuffix]; ch != nil {
		ch.log.drop(len(ch.log.log))
		s.notifyLocked()
	}
}

// roomOperation is an operation that a capability may allow in a room, and the frames by which
// clients carry it out.
type roomOperation struct {
	name   string
	action Action // the frame's action, on the room's channel; 0 for none
	// method and path select the requests, with "*" for a message's serial. If method is "", there
	// are no such requests.
	method, path string
}

var roomOperations = []roomOperation{
	{"subscribe", ActionAttach, "", ""},
	{"publish", ActionMessage, http.MethodPost, "messages"},
	{"presence", ActionPresence, "", ""},
	{"history", 0, http.MethodGet, "messages"},
	{"history", 0, http.MethodGet, "messages/*"},
	{"history", 0, http.MethodGet, "messages/*/versions"},
	{"history", 0, http.MethodGet, "messages/*/client-reactions"},
	{"message-update", 0, http.MethodPut, "messages/*"},
	{"message-delete", 0, http.MethodPost, "messages/*/delete"},
	{"annotation-publish", ActionAnnotation, http.MethodPost, "messages/*/reactions"},
	{"annotation-publish", 0, http.MethodDelete, "messages/*/reactions"},
}

// Deny takes away permissions in a room: "publish", "subscribe", "presence", "history",
// "message-update", "message-delete", "annotation-publish", or all of them if none is named. The
// server refuses operations without their permission, with the code 40160. Without "subscribe", the
// room also fails for the connections that are attached. Deny panics if a name is none of these.
func (s *Server) Deny(room string, names ...string) *Disruption {
	for _, name := range names {
		if !slices.ContainsFunc(roomOperations, func(o roomOperation) bool { return o.name == name }) {
			panic(fmt.Sprintf("ablytest: Deny: no operation has the name %q", name))
		}
	}
	var faults []*Fault
	channel := room + chatSuffix
	refused := errNotPermitted("operation not permitted with the provided capability")
	for _, o := range roomOperations {
		if len(names) > 0 && !slices.Contains(names, o.name) {
			continue
		}
		switch o.action {
		case 0:
		case ActionAttach: // the channel fails (RTL4e)
			faults = append(faults, s.Fault(ToServer(o.action).OnChannel(channel), FailChannel(refused)))
		default:
			faults = append(faults, s.Fault(ToServer(o.action).OnChannel(channel), Refuse(refused)))
		}
		if o.method != "" {
			asks := HTTPRequest(o.method, "").If(inRoom(room, o.path))
			faults = append(faults, s.Fault(asks, Refuse(refused)))
		}
	}
	if len(names) == 0 || slices.Contains(names, "subscribe") {
		s.mu.Lock()
		defer s.mu.Unlock()
		if ch := s.channels[channel]; ch != nil {
			for _, a := range ch.wired() {
				a.end(ActionError, refused)
			}
		}
	}
	return lasting(faults...)
}

// inRoom returns a function that reports whether a request is for this path of the room.
func inRoom(room, path string) func(Frame) bool {
	want := strings.Split(path, "/")
	return func(f Frame) bool {
		got := strings.Split(strings.Trim(f.Path, "/"), "/") // chat/v4/rooms/{room}/...
		if len(got) != 4+len(want) || got[0] != "chat" || got[2] != "rooms" {
			return false
		}
		if name, err := url.PathUnescape(got[3]); err != nil || name != room {
			return false
		}
		for i, part := range want {
			if part != "*" && part != got[4+i] {
				return false
			}
		}
		return true
	}
}

// RateLimit allows at most n publishes of all clients together in each window: messages, reactions,
// typing and presence. The server refuses further ones with the code 42910 and the status 429. With
// n = 0 it refuses all.
func (s *Server) RateLimit(n int, window time.Duration) *Disruption {
	var mu sync.Mutex
	var taken []time.Time
	over := func(Frame) bool {
		mu.Lock()
		defer mu.Unlock()
		now := s.now()
		taken = slices.DeleteFunc(taken, func(at time.Time) bool { return now.Sub(at) >= window })
		if len(taken) >= n {
			return true
		}
		taken = append(taken, now)
		return false
	}
	publishes := func(f Frame) bool {
		return f.Method != http.MethodGet && strings.HasPrefix(f.Path, "/chat/")
	}
	refused := Refuse(NewError(42910, http.StatusTooManyRequests,
		"rate limit exceeded; request rejected (nonfatal); permitted: %d in %v", n, window))
	return lasting(s.Fault(ToServer(ActionMessage, ActionPresence, ActionAnnotation).If(over), refused),
		s.Fault(HTTPRequest("", "").If(publishes).If(over), refused))
}

// Reject makes the Chat API reject a message that any client sends or updates, if rule returns an
// error for its text. For such an error, see [RejectedByModeration]. Several goroutines may call
// rule at once; no lock is held.
func (s *Server) Reject(rule func(room, text string) *ErrorInfo) *Disruption {
	r := &rejecter{rule}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.disruptions.rejecters = append(slices.Clip(s.disruptions.rejecters), r)
	return &Disruption{end: func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.disruptions.rejecters = slices.DeleteFunc(slices.Clone(s.disruptions.rejecters),
			func(x *rejecter) bool { return x == r })
	}}
}

// rejected returns the error that a message is rejected with, or nil if it isn't rejected.
func (s *Server) rejected(room, text string) *ErrorInfo {
	s.mu.Lock()
	all := s.disruptions.rejecters
	s.mu.Unlock()
	for _, r := range all {
		if err := r.reject(room, text); err != nil {
			return err
		}
	}
	return nil
}

// RejectedByModeration returns the error for a message that moderation rejects (42213). detail
// describes why; it may be nil.
func RejectedByModeration(detail map[string]string) *ErrorInfo {
	return rejection(42213, "the message was rejected by moderation", detail)
}

// RejectedByBeforePublishRule returns the error for a message that a rule rejects before it is
// published (42211). detail describes why; it may be nil.
func RejectedByBeforePublishRule(detail map[string]string) *ErrorInfo {
	return rejection(42211, "the message was rejected by a before-publish rule", detail)
}

func rejection(code int, message string, detail map[string]string) *ErrorInfo {
	err := NewError(code, http.StatusUnprocessableEntity, "%s", message)
	err.Detail = detail
	return err
}
