package ablytest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
)

// pastEvent is a past change of presence, or an annotation, kept for later requests.
type pastEvent struct {
	serial    string
	timestamp int64
	wire      map[string]any
	size      int64
	order     int // its number among all entries ever made, as in Server.kept
}

// remember adds changes to the history of presence.
func (ch *channel) remember(changes []map[string]any) {
	now := ch.s.nowMillis()
	for _, w := range changes {
		ch.s.kept++
		p := &pastEvent{serial: ch.log.next(), timestamp: now, wire: w, order: ch.s.kept,
			size: publishOverhead + (&Message{Data: w["data"]}).size()}
		ch.presenceLog = append(ch.presenceLog, p)
		ch.s.held += p.size
	}
	if over := len(ch.presenceLog) - ch.s.opts.messageLimit; over > 0 {
		ch.dropPresence(over)
	}
	ch.log.expire()
	ch.s.makeRoom()
}

// dropPresence drops the n oldest entries of the history of presence.
func (ch *channel) dropPresence(n int) {
	for _, p := range ch.presenceLog[:n] {
		ch.s.held -= p.size
	}
	ch.presenceLog = slices.Delete(ch.presenceLog, 0, n)
}

// servePresence serves GET /channels/{name}/presence: the members (RSP3).
func (s *Server) servePresence(rq *request) *response {
	b, err := rq.pageOf("subscribe")
	if err != nil {
		return rq.fail(err)
	}
	b.forwards = true // the members have no order in time
	s.mu.Lock()
	defer s.mu.Unlock()
	var members []*pastEvent
	if ch := s.findChannel(rq.app, rq.segments[1]); ch != nil {
		for _, key := range slices.Sorted(maps.Keys(ch.members)) {
			m := ch.members[key]
			if wanted(rq.query, "clientId", m.clientID) && wanted(rq.query, "connectionId", m.connectionID) {
				members = append(members, &pastEvent{serial: key, wire: m.wire(presencePresent)})
			}
		}
	}
	return rq.eventPage(b, members, "presence")
}

func wanted(q url.Values, name, value string) bool { return !q.Has(name) || q.Get(name) == value }

// servePresenceHistory serves GET /channels/{name}/presence/history (RSP4).
func (s *Server) servePresenceHistory(rq *request) *response {
	b, err := rq.pageOf("history")
	if err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var past []*pastEvent
	if ch := s.findChannel(rq.app, rq.segments[1]); ch != nil {
		ch.log.expire()
		past = ch.presenceLog
	}
	return rq.eventPage(b, past, "history")
}

// pageOf checks that the client may read, and returns the bounds of the requested page.
func (rq *request) pageOf(op string) (bounds, *ErrorInfo) {
	if err := rq.permit(rq.segments[1], op); err != nil {
		return bounds{}, err
	}
	return parseBounds(rq.query)
}

func (rq *request) eventPage(b bounds, all []*pastEvent, base string) *response {
	page, next := pageOf(b, all, func(p *pastEvent) (int64, string) { return p.timestamp, p.serial })
	wires := []map[string]any{}
	for _, p := range page {
		wires = append(wires, p.wire)
	}
	rs := rq.ok(http.StatusOK, wires)
	rs.links(base, rq.query, next)
	return rs
}

// publisherByKey returns the connection whose key a REST publish names, or nil if it names none.
// The messages count as published by that connection (TM2h).
func (s *Server) publisherByKey(ms []*Message, id identity) (*connection, *ErrorInfo) {
	key := ""
	for _, m := range ms {
		if m.ConnectionKey != "" {
			key = m.ConnectionKey
		}
	}
	if key == "" {
		return nil, nil
	}
	for _, c := range s.conns {
		if c.key == key && c.identity.app == id.app {
			if c.clientID != "" && id.implied != "" && c.clientID != id.implied {
				return nil, errIncompatibleClient(c.clientID)
			}
			return c, nil
		}
	}
	return nil, NewError(40006, http.StatusBadRequest, "invalid connection id: no connection has the key of the message")
}
