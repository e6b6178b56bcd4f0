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

// Disruption is something that is wrong with the service, as users notice it, from the call that
// returns it until End. It holds for clients on the wire, not for a [VirtualClient]. Several may
// hold at once.
type Disruption struct {
	once sync.Once
	end  func()
}

// End ends the disruption. Further calls do nothing.
func (d *Disruption) End() { d.once.Do(d.end) }

// disruptions are those that the server itself looks at; guarded by Server.mu.
type disruptions struct {
	outages   int
	rejecters []*rejecter
}

type rejecter struct {
	reject func(room, text string) *ErrorInfo
}

// Outage cuts all connections off and refuses every connection and request, as when the client's
// network, or Ably, is gone. The server keeps the state of connections for as long as it does
// without an outage: two minutes, see [WithConnectionStateTTL].
func (s *Server) Outage() *Disruption {
	answers := s.Fault(HTTPResponse("", ""), CutBefore())
	s.mu.Lock()
	s.disruptions.outages++
	s.notifyLocked()
	s.mu.Unlock()
	_ = s.Cut("") // of all, which never fails
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

// Slow has everything that clients send and receive come late by latency.
func (s *Server) Slow(latency time.Duration) *Disruption {
	late := Latency(latency)
	return lasting(s.Fault(AnyFrame(), late),
		s.Fault(HTTPRequest("", ""), late), s.Fault(HTTPResponse("", ""), late))
}

// lasting is the disruption that faults make.
func lasting(faults ...*Fault) *Disruption {
	return &Disruption{end: func() {
		for _, f := range faults {
			f.Remove()
		}
	}}
}

// LoseState cuts all connections and forgets their state and where their channels stood, as when a
// client was away for more than two minutes: they connect again, and their channels miss what is
// sent until they attach again (a discontinuity).
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

// LoseHistory makes the server forget what a room's history holds, as Ably does when it is older
// than what is kept. Connections go on, and can't go back to before this.
func (s *Server) LoseHistory(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ch := s.channels[room+chatSuffix]; ch != nil {
		ch.log.drop(len(ch.log.log))
		s.notifyLocked()
	}
}

// roomOperation is what a capability may allow in a room, and the frames by which clients do it.
type roomOperation struct {
	name   string
	action Action // of a frame of the room's channel; 0 for none
	// method and path of requests, with "*" for a message's serial; none if the method is "".
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

// Deny takes permissions in a room away: "publish", "subscribe", "presence", "history",
// "message-update", "message-delete", "annotation-publish", or all of them if none is named. What
// clients do without a permission is refused with the code 40160, and when it is "subscribe" the
// room fails for those who are attached. Deny panics at a name that is none of these.
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

// inRoom reports whether a request is for a path of the room's.
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

// RateLimit has clients publish at most n times in each window, all together: messages, reactions,
// typing and presence. What is more is refused with the code 42910 and the status 429. With n = 0
// everything is refused.
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

// Reject has the Chat API reject each message that is sent or updated, by anybody, for whose text
// rule returns an error: [RejectedByModeration], say. rule is called without a lock, by several
// goroutines.
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

// rejected returns why a message is rejected; nil if it isn't.
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

// RejectedByModeration returns the error for a message that moderation rejects (42213), with what
// it says of the message, or nil.
func RejectedByModeration(detail map[string]string) *ErrorInfo {
	return rejection(42213, "the message was rejected by moderation", detail)
}

// RejectedByBeforePublishRule returns the error for a message that a rule rejects before it is
// published (42211), with what it says of the message, or nil.
func RejectedByBeforePublishRule(detail map[string]string) *ErrorInfo {
	return rejection(42211, "the message was rejected by a before-publish rule", detail)
}

func rejection(code int, message string, detail map[string]string) *ErrorInfo {
	err := NewError(code, http.StatusUnprocessableEntity, "%s", message)
	err.Detail = detail
	return err
}
