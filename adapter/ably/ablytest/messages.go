package ablytest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// message handles a MESSAGE of a client. It publishes the messages, and returns an ACK or a NACK.
func (s *Server) message(c *connection, pm *ProtocolMessage) *ProtocolMessage {
	if a := c.attached[pm.Channel]; a != nil && !a.modes.Has(ModePublish) {
		return nack(errNotPermitted("unable to publish: the channel is attached without the PUBLISH mode"))
	}
	if len(pm.Messages) == 1 && pm.Messages[0].amends() {
		serial, err := s.amend(pm.Channel, c.identity, c.clientID, pm.Messages[0])
		if err != nil {
			return nack(err)
		}
		return &ProtocolMessage{Action: ActionAck, Count: 1, Res: []*PublishResult{{Serials: []string{serial}}}}
	}
	serials, err := s.publish(pm.Channel, c.identity, c.clientID, c, pm)
	if err != nil {
		return nack(err)
	}
	return &ProtocolMessage{Action: ActionAck, Count: 1, Res: []*PublishResult{{Serials: serials}}}
}

func nack(err *ErrorInfo) *ProtocolMessage {
	return &ProtocolMessage{Action: ActionNack, Count: 1, Error: err}
}

// publish checks the messages of pm, publishes them and returns their serials. c is the connection
// that sent them, nil for REST.
func (s *Server) publish(channel string, id identity, implied string, c *connection, pm *ProtocolMessage) ([]string, *ErrorInfo) {
	if err := checkChannelName(channel); err != nil {
		return nil, err
	}
	if !id.capability.allows(channel, "publish") {
		return nil, errNotPermitted("unable to publish: operation not permitted with the provided capability")
	}
	if err := s.checkMessages(pm.Messages, id, implied); err != nil {
		return nil, err
	}
	p := &publish{timestamp: s.nowMillis(), ephemeral: true}
	var serialPart string
	if c != nil {
		p.connectionID = c.id
	}
	if pm.MsgSerial != nil {
		p.id = fmt.Sprintf("%s:%d", c.id, *pm.MsgSerial)
		serialPart = p.id
	} else {
		serialPart = randomText(12) + ":0"
	}
	for i, m := range pm.Messages {
		m := *m
		if m.ID == "" {
			m.ID = fmt.Sprintf("%s:%d", serialPart, i)
		}
		if m.ClientID == "" {
			m.ClientID = implied
		}
		m.ConnectionID, m.ConnectionKey = p.connectionID, ""
		m.Timestamp = p.timestamp
		m.Extras = id.claimed(channel, m.Extras)
		p.ephemeral = p.ephemeral && m.ephemeral()
		p.messages = append(p.messages, &m)
	}
	return s.channelOf(id.app, channel).publish(p, c), nil
}

// publish adds p to the channel and delivers it to all subscribers, unless its messages are there
// already: a publisher may give an id and publish again, as idempotent REST does.
func (ch *channel) publish(p *publish, from *connection) (serials []string) {
	for _, m := range p.messages {
		if serial := ch.log.byID[m.ID]; serial != "" {
			serials = append(serials, serial)
		}
	}
	if len(serials) == len(p.messages) {
		return serials
	}
	ch.log.add(p)
	ch.used = p.timestamp
	ch.note(p)
	for _, a := range ch.attachments() {
		if a.live && (a.conn != from || from.echo) {
			a.deliver(p)
		}
	}
	ch.s.notifyLocked()
	serials = serials[:0]
	for _, m := range p.messages {
		serials = append(serials, m.Serial)
	}
	return serials
}

// deliver sends a publish to an attached client that subscribes. Fields that all messages have in
// common are sent once, in the protocol message, as Ably does (TM2a, c, f).
func (a *attachment) deliver(p *publish) {
	if p.annotations != nil {
		if a.modes.Has(ModeAnnotationSubscribe) {
			a.conn.send(&ProtocolMessage{Action: ActionAnnotation, Channel: a.ch.name, ChannelSerial: p.serial, ConnectionID: p.connectionID,
				Timestamp: p.timestamp, Annotations: p.annotations})
		}
		return
	}
	if !a.modes.Has(ModeSubscribe) {
		return
	}
	pm := &ProtocolMessage{
		Action: ActionMessage, Channel: a.ch.name, ChannelSerial: p.serial,
		ID: p.id, ConnectionID: p.connectionID, Timestamp: p.timestamp,
	}
	for i, m := range p.messages {
		c := *m
		if p.id != "" && c.ID == fmt.Sprintf("%s:%d", p.id, i) {
			c.ID = ""
		}
		c.ConnectionID = ""
		if c.Timestamp == p.timestamp { // a later version has the time of the first
			c.Timestamp = 0
		}
		pm.Messages = append(pm.Messages, &c)
	}
	a.conn.send(pm)
}

// checkMessages returns an error for messages that Ably refuses. It converts the data to the form
// in which it is kept.
func (s *Server) checkMessages(ms []*Message, id identity, implied string) *ErrorInfo {
	if len(ms) == 0 {
		return errBadRequest("a publish without messages")
	}
	size := int64(0)
	for _, m := range ms {
		if m.Action != 0 {
			return errBadRequest("a message with the action %d can't be published", m.Action)
		}
		if err := id.mayUse(m.ClientID, implied); err != nil {
			return err
		}
		if err := m.canonical(); err != nil {
			return errBadRequest("invalid message: %v", err)
		}
		size += m.size()
	}
	if err := checkIDs(ms); err != nil {
		return err
	}
	if size > s.opts.maxMessageSize {
		return errTooLarge(size, s.opts.maxMessageSize)
	}
	return nil
}

// checkIDs returns an error for ids that can't identify a repeated publish. Several messages must
// have one id, each with its index in the publish (RSL1k3).
func checkIDs(ms []*Message) *ErrorInfo {
	if len(ms) < 2 {
		return nil
	}
	base, given := "", false
	for i, m := range ms {
		given = given || m.ID != ""
		id, ok := strings.CutSuffix(m.ID, fmt.Sprintf(":%d", i))
		if i == 0 {
			base = id
		}
		if given && (!ok || id != base) {
			return NewError(40031, http.StatusBadRequest,
				"invalid publish request: the ids of several messages must be one id, a colon and 0, 1, 2, ...")
		}
	}
	return nil
}

func errTooLarge(size, limit int64) *ErrorInfo {
	return NewError(40009, http.StatusBadRequest,
		"maximum message length exceeded: %d bytes, the limit is %d", size, limit)
}

// size returns the size that the limit applies to (TM6): that of name, clientId, extras and data.
func (m *Message) size() int64 {
	n := len(m.Name) + len(m.ClientID)
	if len(m.Annotations) > 0 {
		b, _ := json.Marshal(m.Annotations)
		n += len(b)
	}
	if len(m.Extras) > 0 {
		b, _ := json.Marshal(m.Extras)
		n += len(b)
	}
	switch d := m.Data.(type) {
	case nil:
	case string:
		n += len(d)
	case []byte:
		n += len(d)
	default:
		b, _ := json.Marshal(d)
		n += len(b)
	}
	return int64(n)
}
