package chat

import "fmt"

// DecodeMessage returns the event that a realtime message of the name [NameMessage] reports. The
// event shares the message's maps. Missing or malformed fields have the defaults of CHA-M4k. It
// returns an error for an action that is no event; the caller must ignore such a message and log it
// at info (CHA-M4m5).
func DecodeMessage(w WireMessage) (MessageEvent, error) {
	var event MessageEvent
	m := &event.Message
	switch w.Action {
	case WireCreate: // CHA-M4m1
		event.Type, m.Action = MessageCreated, MessageActionCreate
	case WireUpdate: // CHA-M4m2
		event.Type, m.Action = MessageUpdated, MessageActionUpdate
	case WireDelete: // CHA-M4m3
		event.Type, m.Action = MessageDeleted, MessageActionDelete
	default:
		return event, fmt.Errorf("a message has the action %d", w.Action)
	}
	data := object(payload(w.Data, w.Encoding))
	m.Serial, m.ClientID, m.UserClaim = w.Serial, w.ClientID, userClaim(w.Extras)
	m.Text, m.Metadata, m.Headers = text(data["text"]), objectOf(data["metadata"]), objectOf(w.Extras["headers"])
	m.Timestamp = moment(w.Timestamp)
	v := w.Version
	if v.Serial == "" { // CHA-M4k6
		v.Serial = w.Serial
	}
	if v.Timestamp == 0 { // CHA-M4k7
		v.Timestamp = w.Timestamp
	}
	m.Version = MessageVersion{Serial: v.Serial, Timestamp: moment(v.Timestamp), ClientID: v.ClientID, Description: v.Description}
	if len(v.Metadata) > 0 {
		m.Version.Metadata = make(map[string]string, len(v.Metadata))
		for key, value := range v.Metadata {
			m.Version.Metadata[key] = value
		}
	}
	m.Reactions = ReactionSummary{}.Clone()
	return event, nil
}

// DecodeRESTMessage returns the message that a body of the REST API describes (section 17 of the
// Chat specification). The message shares the body's maps. Missing or malformed fields have the
// same defaults as in [DecodeMessage].
func DecodeRESTMessage(body map[string]any) Message {
	m := Message{
		Serial: text(body["serial"]), ClientID: text(body["clientId"]), UserClaim: text(body["userClaim"]), Text: text(body["text"]),
		Metadata: objectOf(body["metadata"]), Headers: objectOf(body["headers"]), Action: MessageAction(text(body["action"])),
		Timestamp: moment(millis(body["timestamp"])),
	}
	switch m.Action {
	case MessageActionCreate, MessageActionUpdate, MessageActionDelete:
	default:
		m.Action = MessageActionCreate
	}
	version := object(body["version"])
	m.Version = MessageVersion{
		Serial: text(version["serial"]), ClientID: text(version["clientId"]), Description: text(version["description"]), Timestamp: m.Timestamp,
	}
	if m.Version.Serial == "" {
		m.Version.Serial = m.Serial
	}
	if ms := millis(version["timestamp"]); ms != 0 {
		m.Version.Timestamp = moment(ms)
	}
	for key, value := range object(version["metadata"]) {
		if s, ok := value.(string); ok {
			if m.Version.Metadata == nil {
				m.Version.Metadata = map[string]string{}
			}
			m.Version.Metadata[key] = s
		}
	}
	m.Reactions, _ = DecodeReactions(object(body["reactions"]))
	return m
}
