package ablytest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
)

// The actions of a presence message (TP2).
const (
	presencePresent = 1
	presenceEnter   = 2
	presenceLeave   = 3
	presenceUpdate  = 4
)

// member is a member of a channel's presence set: a clientId on one connection.
type member struct {
	clientID, connectionID string
	id                     string // the id of the member's last presence message
	data                   any
	encoding               string
	extras                 map[string]any
	timestamp              int64
}

func (m *member) key() string { return m.connectionID + ":" + m.clientID }

// wire returns the presence message for the member with the given action.
func (m *member) wire(action int) map[string]any {
	w := map[string]any{"action": action, "clientId": m.clientID, "connectionId": m.connectionID, "id": m.id, "timestamp": m.timestamp}
	if m.data != nil {
		w["data"] = m.data
	}
	if m.encoding != "" {
		w["encoding"] = m.encoding
	}
	if len(m.extras) > 0 {
		w["extras"] = m.extras
	}
	return w
}

// presence handles a PRESENCE of a client (RTP8, RTP9, RTP10), and returns an ACK or a NACK.
func (s *Server) presence(c *connection, pm *ProtocolMessage) *ProtocolMessage {
	if !c.identity.capability.allows(pm.Channel, "presence") {
		return nack(errNotPermitted("unable to change presence: operation not permitted with the provided capability"))
	}
	a := c.attached[pm.Channel]
	if a == nil {
		return nack(NewError(91001, http.StatusBadRequest, "unable to change presence: the channel is not attached"))
	}
	if !a.modes.Has(ModePresence) {
		return nack(errNotPermitted("unable to change presence: the channel is attached without the PRESENCE mode"))
	}
	var changes []map[string]any
	for i, w := range pm.Presence {
		clientID, _ := w["clientId"].(string)
		if clientID == "" {
			clientID = c.clientID
		}
		if clientID == "" || clientID == "*" {
			return nack(NewError(40012, http.StatusBadRequest, "invalid clientId: presence needs a client with a clientId"))
		}
		if err := c.identity.mayUse(clientID, c.clientID); err != nil {
			return nack(err)
		}
		m := &member{clientID: clientID, connectionID: c.id, id: fmt.Sprintf("%s:%d:%d", c.id, *pm.MsgSerial, i), timestamp: s.nowMillis()}
		var err error
		if m.data, m.encoding, err = canonicalMap(w); err != nil {
			return nack(errBadRequest("invalid presence: %v", err))
		}
		m.extras, _ = w["extras"].(map[string]any)
		m.extras = c.identity.claimed(pm.Channel, m.extras)
		action := wholeNumber(w["action"])
		stored := a.ch.members[m.key()]
		switch action {
		case presenceEnter, presenceUpdate:
			if id, _ := w["id"].(string); stored != nil && id == stored.id {
				continue // a re-entry (RTP17g) of a member that never left
			}
			action = presenceUpdate
			if stored == nil {
				action = presenceEnter
			}
			a.ch.enter(m)
		case presenceLeave:
			if stored == nil {
				continue // RTP10d
			}
			if _, given := w["data"]; !given { // RTP10a
				m.data, m.encoding = stored.data, stored.encoding
			}
			if _, given := w["extras"]; !given {
				m.extras = c.identity.claimed(pm.Channel, stored.extras)
			}
			delete(a.ch.members, m.key())
		default:
			return nack(errBadRequest("unknown presence action %d", action))
		}
		changes = append(changes, m.wire(action))
	}
	a.ch.sendPresence(c.id, changes)
	return &ProtocolMessage{Action: ActionAck, Count: 1}
}

func (ch *channel) enter(m *member) {
	if ch.members == nil {
		ch.members = map[string]*member{}
	}
	ch.members[m.key()] = m
}

// sendPresence sends changes of presence to the subscribers of presence, and the new occupancy to
// those of occupancy.
func (ch *channel) sendPresence(connectionID string, changes []map[string]any) {
	if len(changes) == 0 {
		return
	}
	ch.remember(changes)
	for _, a := range ch.attachments() {
		if a.live && a.modes.Has(ModePresenceSubscribe) {
			a.conn.send(&ProtocolMessage{Action: ActionPresence, Channel: ch.name, ConnectionID: connectionID, Timestamp: ch.s.nowMillis(), Presence: changes})
		}
	}
	ch.sendOccupancy()
	ch.s.notifyLocked()
}

// presenceFlag returns HAS_PRESENCE if the channel has members, and 0 otherwise.
func (ch *channel) presenceFlag() Flags {
	if len(ch.members) > 0 {
		return FlagHasPresence
	}
	return 0
}

// sync sends an attached client all members, after the ATTACHED that announces them (RTP1, RTP18).
func (a *attachment) sync() {
	if len(a.ch.members) > 0 && a.modes.Has(ModePresenceSubscribe) {
		a.sendMembers()
	}
}

// sendMembers sends all members in one SYNC.
func (a *attachment) sendMembers() {
	all := []map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(a.ch.members)) {
		all = append(all, a.ch.members[key].wire(presencePresent))
	}
	a.conn.send(&ProtocolMessage{Action: ActionSync, Channel: a.ch.name, ChannelSerial: randomText(8) + ":", Timestamp: a.ch.s.nowMillis(), Presence: all})
}

// leaveAll removes the members of an attachment that ends.
func (a *attachment) leaveAll() {
	var gone []map[string]any
	for _, key := range slices.Sorted(maps.Keys(a.ch.members)) {
		if m := a.ch.members[key]; m.connectionID == a.conn.id {
			delete(a.ch.members, key)
			// The id doesn't begin with the connection's id, so clients compare by time (RTP2b1).
			m.timestamp, m.id = max(a.ch.s.nowMillis(), m.timestamp+1), randomText(12)+":0"
			gone = append(gone, m.wire(presenceLeave))
		}
	}
	a.ch.sendPresence(a.conn.id, gone)
}
