package ablytest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// VirtualClient is a client without a wire. What it does reaches other clients as what a client
// with a connection does, and is kept as that. Its key allows everything, it meets no fault, and it
// stays connected whatever becomes of the others. It isn't among the connections of [State], but is
// attached to a channel from [VirtualClient.Enter] to [VirtualClient.Leave]. Its methods may be
// called by any goroutine. Errors are of type [*ErrorInfo], those that Ably gives.
type VirtualClient struct {
	s      *Server
	conn   *connection // without a transport; guarded by Server.mu
	serial int64       // of its next message; guarded by Server.mu
}

// VirtualClient returns the client of a clientId without a wire: always the same one.
func (s *Server) VirtualClient(clientID string) *VirtualClient {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.virtual[clientID]; v != nil {
		return v
	}
	s.made++
	key := s.opts.keys[0]
	v := &VirtualClient{s: s, conn: &connection{
		s: s, id: randomText(10), order: s.made, clientID: clientID, attached: map[string]*attachment{},
		identity: identity{app: appOf(key.Name), key: key, implied: clientID},
	}}
	if s.virtual == nil {
		s.virtual = map[string]*VirtualClient{}
	}
	s.virtual[clientID] = v
	return v
}

// ConnectionID returns the id of the connection that the client seems to have.
func (v *VirtualClient) ConnectionID() string { return v.conn.id }

// Claim has the client's token say something of its user in a room, or in those of a prefix such as
// "vip:*": the server adds it to what the user sends there from now on (CHA-M2h). "" is nothing.
func (v *VirtualClient) Claim(room, claim string) {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	claims := userClaims{}
	if t := v.conn.identity.token; t != nil {
		claims.rooms = maps.Clone(t.claims.rooms)
	}
	claims.rooms = withClaim(claims.rooms, room, claim)
	v.conn.identity.token = &token{key: v.conn.identity.key, claims: claims}
}

// Request makes a REST request, such as POST on "/chat/v4/rooms/lobby/messages", with a body that
// JSON has a form for, or nil, and returns the JSON of the answer.
func (v *VirtualClient) Request(method, path string, body any) ([]byte, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, errBadRequest("the body has no form in JSON: %v", err)
	}
	if body == nil {
		sent = nil
	}
	r, err := http.NewRequestWithContext(v.s.ctx, method, v.s.URL()+path, bytes.NewReader(sent))
	if err != nil {
		return nil, errBadRequest("the request can't be made: %v", err)
	}
	rq := v.s.newRequest(r)
	v.s.mu.Lock()
	id := v.conn.identity
	v.s.mu.Unlock()
	rq.as = &id
	rs := rq.answer()
	if rs.status < 300 {
		return rs.body, nil
	}
	var failed struct{ Error *ErrorInfo }
	if json.Unmarshal(rs.body, &failed) != nil || failed.Error == nil {
		return nil, NewError(50000, rs.status, "the answer can't be read")
	}
	return nil, failed.Error
}

// Publish publishes messages over the connection that the client seems to have.
func (v *VirtualClient) Publish(channel string, messages ...Message) error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	pm := &ProtocolMessage{Action: ActionMessage, Channel: channel}
	for _, m := range messages {
		pm.Messages = append(pm.Messages, &m)
	}
	return v.send(pm, v.s.message)
}

// send has a message handled that is to be acknowledged. The lock is held.
func (v *VirtualClient) send(
	pm *ProtocolMessage, handle func(*connection, *ProtocolMessage) *ProtocolMessage,
) error {
	serial := v.serial
	v.serial++
	pm.MsgSerial = &serial
	if answer := handle(v.conn, pm); answer.Error != nil {
		return answer.Error
	}
	return nil
}

// Enter attaches the client to a channel and makes it present there, with data that JSON has a form
// for, or nil. A client that is present has other data then.
func (v *VirtualClient) Enter(channel string, data any) error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if v.conn.attached[channel] == nil {
		if err := checkChannelName(channel); err != nil {
			return err
		}
		v.s.attach(&transport{s: v.s, conn: v.conn},
			&ProtocolMessage{Action: ActionAttach, Channel: channel})
		if v.conn.attached[channel] == nil {
			return errBadRequest("unable to attach to the channel %q", channel)
		}
	}
	return v.presence(channel, presenceEnter, data)
}

// Leave makes the client present no more, and detaches it. A client that is not present does
// nothing.
func (v *VirtualClient) Leave(channel string) error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	if v.conn.attached[channel] == nil {
		return nil
	}
	err := v.presence(channel, presenceLeave, nil)
	v.s.detach(&transport{s: v.s, conn: v.conn},
		&ProtocolMessage{Action: ActionDetach, Channel: channel})
	return err
}

// presence changes presence. The lock is held.
func (v *VirtualClient) presence(channel string, action int, data any) error {
	w := map[string]any{"action": action}
	switch data := data.(type) {
	case nil:
	case string:
		w["data"] = data
	default:
		text, err := json.Marshal(data)
		if err != nil {
			return errBadRequest("the data has no form in JSON: %v", err)
		}
		w["data"], w["encoding"] = string(text), "json"
	}
	pm := &ProtocolMessage{Action: ActionPresence, Channel: channel, Presence: []map[string]any{w}}
	return v.send(pm, v.s.presence)
}

// wired returns a channel's attachments without those of virtual clients.
func (ch *channel) wired() []*attachment {
	virtual := func(a *attachment) bool { return ch.s.conns[a.conn.id] != a.conn }
	return slices.DeleteFunc(ch.attachments(), virtual)
}
