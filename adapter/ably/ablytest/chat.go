package ablytest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// The Chat REST API, as the official SDKs use it. A message of a room is a message of the room's
// channel, with the name chatMessage.

const (
	chatSuffix  = "::$chat"
	chatMessage = "chat.message"
)

// chatEndpoints returns the endpoints of Chat that the server serves, for each version of the API
// that current SDKs use.
func chatEndpoints() (all []endpoint) {
	for _, version := range []string{"v3", "v4"} {
		base := "chat/" + version + "/rooms/*/"
		all = append(all,
			endpoint{base + "messages", []endpointMethod{{http.MethodPost, (*Server).serveChatSend}, {http.MethodGet, (*Server).serveChatHistory}}},
			endpoint{base + "messages/*", []endpointMethod{{http.MethodGet, (*Server).serveChatMessage}, {http.MethodPut, (*Server).serveChatUpdate}}},
			endpoint{base + "messages/*/delete", []endpointMethod{{http.MethodPost, (*Server).serveChatDelete}}},
			endpoint{base + "messages/*/versions", []endpointMethod{{http.MethodGet, (*Server).serveChatVersions}}},
			endpoint{base + "messages/*/reactions", []endpointMethod{{http.MethodPost, (*Server).serveChatReact}, {http.MethodDelete, (*Server).serveChatUnreact}}},
			endpoint{base + "messages/*/client-reactions", []endpointMethod{{http.MethodGet, (*Server).serveChatClientReactions}}},
			endpoint{base + "occupancy", []endpointMethod{{http.MethodGet, (*Server).serveChatOccupancy}}},
		)
	}
	return all
}

// The parts of a Chat path.
func (rq *request) chatChannel() string { return rq.segments[3] + chatSuffix }
func (rq *request) chatSerial() string  { return rq.segments[5] }

// chatContent is the content of a message, in a REST body.
type chatContent struct {
	Text     *string        `json:"text"`
	Metadata map[string]any `json:"metadata,omitempty"`
	Headers  map[string]any `json:"headers,omitempty"`
}

// message returns the channel's message that has this content.
func (c chatContent) message() (*Message, *ErrorInfo) {
	if c.Text == nil {
		return nil, errInvalidParam("the message has no text")
	}
	data := map[string]any{"text": *c.Text, "metadata": orEmpty(c.Metadata)}
	for name, v := range c.Headers {
		switch v.(type) {
		case nil, string, bool, float64, float32, int64, uint64:
		default:
			return nil, errInvalidParam("the header %q is not a string, number, bool or null", name)
		}
	}
	plainData, err := plain(data)
	if err != nil {
		return nil, errInvalidParam("the metadata can't be encoded as JSON")
	}
	text, err := json.Marshal(plainData)
	if err != nil {
		return nil, errInvalidParam("the metadata can't be encoded as JSON")
	}
	return &Message{Name: chatMessage, Data: string(text), Encoding: "json", Extras: map[string]any{"headers": orEmpty(c.Headers)}}, nil
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

// chatClient authenticates a request that needs a clientId, and checks that the capability allows
// the operation.
func (rq *request) chatClient(op string) (identity, *ErrorInfo) {
	id, err := rq.identify()
	if err != nil {
		return id, err
	}
	if id.implied == "" {
		return id, NewError(40012, http.StatusBadRequest, "invalid clientId: Chat needs a client with a clientId")
	}
	if !id.capability.allows(rq.chatChannel(), op) {
		return id, errNotPermitted("operation %s not permitted with the provided capability", op)
	}
	return id, nil
}

// serveChatSend serves POST .../messages.
func (s *Server) serveChatSend(rq *request) *response {
	id, err := rq.chatClient("publish")
	if err != nil {
		return rq.fail(err)
	}
	var content chatContent
	if err := rq.decode(&content); err != nil {
		return rq.fail(err)
	}
	m, err := content.message()
	if err != nil {
		return rq.fail(err)
	}
	if err := s.moderate(rq.chatChannel(), *content.Text); err != nil {
		return rq.fail(err)
	}
	if key := rq.query.Get("idempotencyKey"); key != "" {
		m.ID = key
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	serials, err := s.publish(rq.chatChannel(), id, id.implied, nil, &ProtocolMessage{Messages: []*Message{m}})
	if err != nil {
		return rq.fail(err)
	}
	ch := s.channelOf(id.app, rq.chatChannel())
	return rq.ok(http.StatusCreated, ch.chatBody(ch.log.find(serials[0])))
}

// moderate refuses texts with a word that [WithModeration] forbids.
func (s *Server) moderate(channel, text string) *ErrorInfo {
	for _, word := range s.opts.forbidden {
		if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
			err := NewError(42213, http.StatusUnprocessableEntity, "the message was rejected by moderation")
			err.Detail = map[string]string{"word": word, "channel": channel}
			return err
		}
	}
	return s.rejected(strings.TrimSuffix(channel, chatSuffix), text)
}

// chatFind returns the message that a path names, and its channel. Callers hold the lock.
func (s *Server) chatFind(rq *request) (*channel, *Message, *ErrorInfo) {
	ch := s.findChannel(rq.app, rq.chatChannel())
	if ch != nil {
		if m := ch.log.find(rq.chatSerial()); m != nil && m.Name == chatMessage {
			return ch, m, nil
		}
	}
	return nil, nil, NewError(40400, http.StatusNotFound, "there is no message %q in the room", rq.chatSerial())
}

// serveChatMessage serves GET .../messages/{serial}.
func (s *Server) serveChatMessage(rq *request) *response {
	if err := rq.permit(rq.chatChannel(), "history"); err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, m, err := s.chatFind(rq)
	if err != nil {
		return rq.fail(err)
	}
	return rq.ok(http.StatusOK, ch.chatBody(m))
}

// serveChatHistory serves GET .../messages. It returns each message in its last version, at the
// place of its first.
func (s *Server) serveChatHistory(rq *request) *response {
	if err := rq.permit(rq.chatChannel(), "history"); err != nil {
		return rq.fail(err)
	}
	b, err := parseBounds(rq.query)
	if err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	bodies := []any{}
	next := ""
	if ch := s.findChannel(rq.app, rq.chatChannel()); ch != nil {
		var all, page []*Message
		for _, m := range ch.log.kept() {
			if m.Name == chatMessage {
				all = append(all, m)
			}
		}
		page, next = b.page(all)
		for _, m := range page {
			bodies = append(bodies, ch.chatBody(m))
		}
	}
	rs := rq.ok(http.StatusOK, bodies)
	rs.links("messages", rq.query, next)
	return rs
}

// serveChatVersions serves GET .../messages/{serial}/versions, oldest first.
func (s *Server) serveChatVersions(rq *request) *response {
	if err := rq.permit(rq.chatChannel(), "history"); err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, _, err := s.chatFind(rq)
	if err != nil {
		return rq.fail(err)
	}
	bodies := []any{}
	for _, m := range ch.log.versions(rq.chatSerial()) {
		bodies = append(bodies, ch.chatBody(m))
	}
	rs := rq.ok(http.StatusOK, bodies)
	rs.links("versions", rq.query, "")
	return rs
}

// serveChatUpdate serves PUT .../messages/{serial}.
func (s *Server) serveChatUpdate(rq *request) *response {
	var body struct {
		Message     chatContent       `json:"message"`
		Description string            `json:"description,omitempty"`
		Metadata    map[string]string `json:"metadata,omitempty"`
	}
	if err := rq.decode(&body); err != nil {
		return rq.fail(err)
	}
	m, err := body.Message.message()
	if err == nil {
		err = s.moderate(rq.chatChannel(), *body.Message.Text)
	}
	if err != nil {
		return rq.fail(err)
	}
	return s.chatChange(rq, actionUpdate, "message-update", m, body.Description, body.Metadata)
}

// serveChatDelete serves POST .../messages/{serial}/delete. It empties the message, and keeps it in
// the history.
func (s *Server) serveChatDelete(rq *request) *response {
	var body struct {
		Description string            `json:"description,omitempty"`
		Metadata    map[string]string `json:"metadata,omitempty"`
	}
	if len(rq.body) > 0 {
		if err := rq.decode(&body); err != nil {
			return rq.fail(err)
		}
	}
	nothing := ""
	m, err := chatContent{Text: &nothing}.message()
	if err != nil {
		return rq.fail(err)
	}
	return s.chatChange(rq, actionDelete, "message-delete", m, body.Description, body.Metadata)
}

// chatChange publishes a further version of a message.
func (s *Server) chatChange(rq *request, action int, op string, m *Message, description string, metadata map[string]string) *response {
	id, err := rq.identify()
	if err == nil && id.implied == "" {
		err = NewError(40012, http.StatusBadRequest, "invalid clientId: Chat needs a client with a clientId")
	}
	if err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, was, err := s.chatFind(rq)
	if err != nil {
		return rq.fail(err)
	}
	own := was.ClientID == id.implied && id.capability.allows(ch.name, op+"-own")
	if !own && !id.capability.allows(ch.name, op+"-any") {
		return rq.fail(errNotPermitted("operation %s not permitted with the provided capability", op))
	}
	if m.ID = rq.query.Get("idempotencyKey"); m.ID != "" {
		for _, version := range ch.log.versions(was.Serial) {
			if version.ID == m.ID { // a repeated call has no second effect
				return rq.ok(http.StatusOK, ch.chatBody(version))
			}
		}
	}
	m.Action, m.Serial, m.ClientID, m.Timestamp = action, was.Serial, was.ClientID, was.Timestamp
	m.Extras = id.claimed(ch.name, m.Extras)
	m.Version = &MessageVersion{ClientID: id.implied, Description: description, Metadata: metadata}
	ch.change(m)
	return rq.ok(http.StatusOK, ch.chatBody(m))
}

// chatBody returns a message in the form of the Chat REST API.
func (ch *channel) chatBody(m *Message) map[string]any {
	data, _ := m.Data.(map[string]any)
	if text, ok := m.Data.(string); ok && m.Encoding == "json" {
		_ = unmarshalJSON([]byte(text), &data) // the server made this JSON
	}
	headers, _ := m.Extras["headers"].(map[string]any)
	actions := map[int]string{actionUpdate: "message.update", actionDelete: "message.delete"}
	action := actions[m.Action]
	if action == "" {
		action = "message.create"
	}
	version := map[string]any{"serial": m.Version.Serial, "timestamp": m.Version.Timestamp, "clientId": m.Version.ClientID}
	if m.Version.Description != "" {
		version["description"] = m.Version.Description
	}
	if len(m.Version.Metadata) > 0 {
		meta := map[string]any{}
		for k, v := range m.Version.Metadata {
			meta[k] = v
		}
		version["metadata"] = meta
	}
	metadata, _ := data["metadata"].(map[string]any)
	body := map[string]any{
		"serial": m.Serial, "clientId": m.ClientID, "text": data["text"],
		"metadata": orEmpty(metadata), "headers": orEmpty(headers),
		"action": action, "timestamp": m.Timestamp, "version": version,
		"reactions": ch.tallies[m.Serial].byShortType("", ch.s.opts.summaryLimit),
	}
	if claim, ok := m.Extras[userClaimExtra]; ok {
		body[userClaimExtra] = claim
	}
	return body
}

// serveChatOccupancy serves GET .../occupancy.
func (s *Server) serveChatOccupancy(rq *request) *response {
	if err := rq.permit(rq.chatChannel(), "subscribe"); err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var m map[string]any
	if ch := s.findChannel(rq.app, rq.chatChannel()); ch != nil {
		m = ch.metrics()
	} else {
		m = map[string]any{"connections": 0, "presenceMembers": 0}
	}
	return rq.ok(http.StatusOK, map[string]any{"connections": m["connections"], "presenceMembers": m["presenceMembers"]})
}
