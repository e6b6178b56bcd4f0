package ablytest

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
)

// VirtualClient is a client without a wire. Other clients receive its messages and presence events
// as if it had a connection. The channels' message and presence histories contain them. Its key
// allows everything. No fault applies to it, and no disruption disconnects it. [State] doesn't list
// it among the connections, but lists its attachment to a channel from [VirtualClient.Enter] to
// [VirtualClient.Leave]. Its methods may be called by any goroutine. They return Ably's errors, of
// type [*ErrorInfo].
type VirtualClient struct {
	s      *Server
	conn   *connection // never has a transport; guarded by Server.mu
	serial int64       // the serial of its next message; guarded by Server.mu
}

// VirtualClient returns the virtual client with this clientId. Later calls return the same client.
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

// ConnectionID returns the id of the connection that other clients see as the client's.
func (v *VirtualClient) ConnectionID() string { return v.conn.id }

// Claim gives the client's token a user claim for a room, or for the rooms with a prefix such as
// "vip:*". The server adds the claim to everything that the user sends there from now on (CHA-M2h).
// "" means no claim.
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

// Request makes a REST request, such as POST on "/chat/v4/rooms/lobby/messages", and returns the
// JSON of the answer. The body is encoded as JSON; nil means none.
func (v *VirtualClient) Request(method, path string, body any) ([]byte, error) {
	sent, err := json.Marshal(body)
	if err != nil {
		return nil, errBadRequest("the body can't be encoded as JSON: %v", err)
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

// Publish publishes messages on a channel, as if over a connection of the client.
func (v *VirtualClient) Publish(channel string, messages ...Message) error {
	v.s.mu.Lock()
	defer v.s.mu.Unlock()
	pm := &ProtocolMessage{Action: ActionMessage, Channel: channel}
	for _, m := range messages {
		pm.Messages = append(pm.Messages, &m)
	}
	return v.send(pm, v.s.message)
}

// send calls handle with a message that needs an ACK or a NACK. It returns the error of a NACK.
// Callers hold the lock.
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

// Enter attaches the client to a channel and makes it present there. The data is encoded as JSON
// unless it is a string; nil means none. If the client is already present, Enter changes its data.
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

// Leave ends the client's presence in a channel and detaches the client. If the client is not
// present, Leave does nothing.
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

// presence sends a presence message. Callers hold the lock.
func (v *VirtualClient) presence(channel string, action int, data any) error {
	w := map[string]any{"action": action}
	switch data := data.(type) {
	case nil:
	case string:
		w["data"] = data
	default:
		text, err := json.Marshal(data)
		if err != nil {
			return errBadRequest("the data can't be encoded as JSON: %v", err)
		}
		w["data"], w["encoding"] = string(text), "json"
	}
	pm := &ProtocolMessage{Action: ActionPresence, Channel: channel, Presence: []map[string]any{w}}
	return v.send(pm, v.s.presence)
}

// wired returns the channel's attachments except those of virtual clients.
func (ch *channel) wired() []*attachment {
	virtual := func(a *attachment) bool { return ch.s.conns[a.conn.id] != a.conn }
	return slices.DeleteFunc(ch.attachments(), virtual)
}
