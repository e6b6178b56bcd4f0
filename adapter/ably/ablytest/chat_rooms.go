package ablytest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// ChatRoom is a copy of the state of a room of Ably Chat at one moment.
type ChatRoom struct {
	// Messages has the last version of each message in the history, in the form of the Chat REST
	// API, oldest first.
	Messages []map[string]any `json:"messages"`
	// Reactions has the room reactions that were sent, oldest first. Their fields are name,
	// clientId, metadata, headers, createdAt and, if there is one, userClaim.
	Reactions []map[string]any `json:"reactions"`
	// Typing has the ids of the clients that are typing, sorted, as a client with default options
	// sees them.
	Typing []string `json:"typing"`
	// Members has the members of the presence set, sorted by clientId. Their fields are clientId,
	// connectionId, data, extras and updatedAt.
	Members []map[string]any `json:"members"`
	// Connections is the number of connections that are attached to the room.
	Connections int `json:"connections"`
}

// ChatRoom returns the state of a room, read without the wire. A room that was never used is empty.
func (s *Server) ChatRoom(name string) ChatRoom {
	s.mu.Lock()
	defer s.mu.Unlock()
	none := []map[string]any{}
	r := ChatRoom{Messages: none, Reactions: none, Typing: []string{}, Members: none}
	ch := s.channels[name+chatSuffix]
	if ch == nil {
		return r
	}
	for _, m := range ch.log.kept() {
		if m.Name == chatMessage {
			r.Messages = append(r.Messages, ch.chatBody(m))
		}
	}
	r.Reactions = append(r.Reactions, ch.unkept.reactions...)
	r.Typing = append(r.Typing, slices.Sorted(maps.Keys(ch.unkept.typing))...)
	byClient := func(a, b *member) int {
		return cmp.Or(cmp.Compare(a.clientID, b.clientID), cmp.Compare(a.connectionID, b.connectionID))
	}
	for _, m := range slices.SortedFunc(maps.Values(ch.members), byClient) {
		r.Members = append(r.Members, map[string]any{"clientId": m.clientID, "connectionId": m.connectionID,
			"data": decoded(m.data, m.encoding), "extras": m.extras, "updatedAt": m.timestamp})
	}
	r.Connections = len(ch.attached)
	return r
}

// decoded returns the value of data if its encoding is JSON, and data otherwise.
func decoded(data any, encoding string) any {
	text, ok := data.(string)
	if encoding != "json" || !ok {
		return data
	}
	var v any
	if unmarshalJSON([]byte(text), &v) != nil {
		return data
	}
	return v
}

// unkept has a room's events that no history keeps. It is guarded by Server.mu.
type unkept struct {
	reactions []map[string]any
	typing    map[string]*timer // by clientId; removed when the client stops typing
}

// typingLasts is how long after a heartbeat a client counts as typing: the default throttle of the
// client that types, and the default grace period of those that listen (CHA-T10).
const typingLasts = 10*time.Second + 2*time.Second

// note records the room reactions and typing events of a publish. Callers hold the lock.
func (ch *channel) note(p *publish) {
	if !strings.HasSuffix(ch.name, chatSuffix) {
		return
	}
	for _, m := range p.messages {
		switch m.Name {
		case "roomReaction":
			data, _ := decoded(m.Data, m.Encoding).(map[string]any)
			headers, _ := m.Extras["headers"].(map[string]any)
			metadata, _ := data["metadata"].(map[string]any)
			one := map[string]any{"name": data["name"], "clientId": m.ClientID,
				"metadata": orEmpty(metadata), "headers": orEmpty(headers), "createdAt": p.timestamp}
			if claim, ok := m.Extras["userClaim"]; ok {
				one["userClaim"] = claim
			}
			r := append(ch.unkept.reactions, one)
			ch.unkept.reactions = slices.Delete(r, 0, max(0, len(r)-ch.s.opts.messageLimit))
		case "typing.started":
			ch.stopsTyping(m.ClientID)
			if ch.unkept.typing == nil {
				ch.unkept.typing = map[string]*timer{}
			}
			var t *timer
			t = ch.s.afterLocked(typingLasts, func() {
				ch.s.mu.Lock()
				defer ch.s.mu.Unlock()
				if ch.unkept.typing[m.ClientID] == t {
					ch.stopsTyping(m.ClientID)
					ch.s.notifyLocked()
				}
			})
			ch.unkept.typing[m.ClientID] = t
		case "typing.stopped":
			ch.stopsTyping(m.ClientID)
		}
	}
}

func (ch *channel) stopsTyping(clientID string) {
	if t := ch.unkept.typing[clientID]; t != nil {
		ch.s.stopLocked(t)
		delete(ch.unkept.typing, clientID)
	}
}
