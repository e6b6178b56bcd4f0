package ablytest

import (
	"net/http"
	"slices"
)

// Updates, deletions and appends of messages that were published (RSL15, RTL32). Ably needs a rule
// of the channel's namespace for some of them; here every channel has this rule.

// amends reports whether m is a change of an earlier message.
func (m *Message) amends() bool {
	return m.Action == actionUpdate || m.Action == actionDelete || m.Action == actionAppend
}

// amend publishes a new version of the message that has m's serial. The fields of m replace those
// of the message. It returns the version's serial. Callers hold the lock.
func (s *Server) amend(channel string, id identity, implied string, m *Message) (string, *ErrorInfo) {
	if m.Serial == "" {
		return "", errInvalidParam("a change of a message needs the message's serial")
	}
	ch := s.findChannel(id.app, channel)
	var was *Message
	if ch != nil {
		was = ch.log.find(m.Serial)
	}
	if was == nil {
		return "", NewError(40400, http.StatusNotFound, "there is no message %q in the channel", m.Serial)
	}
	op := "message-update"
	if m.Action == actionDelete {
		op = "message-delete"
	}
	own := implied != "" && was.ClientID == implied && id.capability.allows(channel, op+"-own")
	if !own && !id.capability.allows(channel, op+"-any") {
		return "", errNotPermitted("operation %s not permitted with the provided capability", op)
	}
	version := &MessageVersion{ClientID: implied}
	if v := m.Version; v != nil {
		if err := id.mayUse(v.ClientID, implied); err != nil {
			return "", err
		}
		version.Description, version.Metadata = v.Description, v.Metadata
		if v.ClientID != "" {
			version.ClientID = v.ClientID
		}
	}
	if m.ID != "" {
		for _, old := range ch.log.versions(m.Serial) {
			if old.ID == m.ID { // a repeated change has no second effect
				return old.Version.Serial, nil
			}
		}
	}
	if err := m.canonical(); err != nil {
		return "", errBadRequest("invalid message: %v", err)
	}
	delivered := *was
	delivered.ID, delivered.Action, delivered.Version = m.ID, m.Action, version
	if m.Name != "" {
		delivered.Name = m.Name
	}
	if m.Data != nil {
		delivered.Data, delivered.Encoding = m.Data, m.Encoding
	}
	if m.Extras != nil {
		delivered.Extras = m.Extras
	}
	delivered.Extras = id.claimed(channel, delivered.Extras)
	kept := delivered
	if m.Action == actionAppend {
		var err *ErrorInfo
		if kept.Data, err = was.appended(m); err != nil {
			return "", err
		}
		// A client that receives the append adds it to the message itself; the history has an
		// update.
		kept.Action = actionUpdate
	}
	kept.Version = &MessageVersion{}
	if size := kept.size(); size > s.opts.maxMessageSize {
		return "", errTooLarge(size, s.opts.maxMessageSize)
	}
	return ch.changeTo(&kept, &delivered), nil
}

// appended returns the message's data with the data of more after it: text after text, or bytes
// after bytes.
func (m *Message) appended(more *Message) (any, *ErrorInfo) {
	if m.Encoding == more.Encoding {
		switch was := m.Data.(type) {
		case string:
			if text, ok := more.Data.(string); ok {
				return was + text, nil
			}
		case []byte:
			if b, ok := more.Data.([]byte); ok {
				return slices.Concat(was, b), nil
			}
		case nil:
			return more.Data, nil
		}
	}
	return nil, errInvalidParam("only text can be appended to text, and bytes to bytes")
}

// serveAmend serves PATCH /channels/{name}/messages/{serial}.
func (s *Server) serveAmend(rq *request) *response {
	id, err := rq.identify()
	if err != nil {
		return rq.fail(err)
	}
	m := &Message{}
	if err := rq.decode(m); err != nil {
		return rq.fail(err)
	}
	if !m.amends() {
		return rq.fail(errInvalidParam("the action %d is no update, deletion or append", m.Action))
	}
	m.Serial = rq.segments[3]
	s.mu.Lock()
	defer s.mu.Unlock()
	serial, err := s.amend(rq.segments[1], id, id.implied, m)
	if err != nil {
		return rq.fail(err)
	}
	return rq.ok(http.StatusOK, map[string]any{"versionSerial": serial})
}

// serveVersions serves GET /channels/{name}/messages/{serial}/versions, oldest first (RSL14).
func (s *Server) serveVersions(rq *request) *response {
	b, err := rq.pageOf("history")
	if err != nil {
		return rq.fail(err)
	}
	b.forwards = rq.query.Get("direction") != "backwards"
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*Message
	if ch := s.findChannel(rq.app, rq.segments[1]); ch != nil {
		all = ch.log.versions(rq.segments[3])
	}
	if len(all) == 0 {
		return rq.fail(NewError(40400, http.StatusNotFound, "no message with that serial"))
	}
	page, next := pageOf(b, all, func(m *Message) (int64, string) { return m.Version.Timestamp, m.Version.Serial })
	rs := rq.ok(http.StatusOK, page)
	rs.links("versions", rq.query, next)
	return rs
}
