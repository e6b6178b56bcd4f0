package ablychat

import (
	"fmt"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/chat"
)

// wireActions are ably-go's names of actions in the numbers of the wire (TM5).
var wireActions = map[ably.MessageAction]chat.WireAction{
	"":                               chat.WireCreate,
	ably.MessageActionCreate:         chat.WireCreate,
	ably.MessageActionUpdate:         chat.WireUpdate,
	ably.MessageActionDelete:         chat.WireDelete,
	ably.MessageActionMeta:           chat.WireMeta,
	ably.MessageActionMessageSummary: chat.WireSummary,
	ably.MessageActionAppend:         chat.WireAppend,
}

// wireMessage takes a realtime message from ably-go, which leaves payloads as they came.
func wireMessage(m *ably.Message) chat.WireMessage {
	action, known := wireActions[m.Action]
	if !known {
		action = -1
	}
	w := chat.WireMessage{
		Name: m.Name, ClientID: m.ClientID, Data: plain(m.Data), Encoding: m.Encoding, Extras: plainObject(m.Extras), Serial: m.Serial,
		Timestamp: m.Timestamp, Action: action, ConnectionID: m.ConnectionID,
	}
	if v := m.Version; v != nil {
		w.Version = chat.WireVersion{Serial: v.Serial, Timestamp: v.Timestamp, ClientID: v.ClientID, Description: v.Description, Metadata: v.Metadata}
	}
	return w
}

func wirePresence(m *ably.PresenceMessage) chat.WirePresence {
	return chat.WirePresence{
		Action: int(m.Action), ClientID: m.ClientID, ConnectionID: m.ConnectionID, Data: plain(m.Data), Encoding: m.Encoding,
		Extras: plainObject(m.Extras), Timestamp: m.Timestamp,
	}
}

// plain makes of a value that came in MessagePack what the same value is in JSON: maps by strings, and numbers as float64.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return plainObject(v)
	case map[any]any:
		o := make(map[string]any, len(v))
		for key, value := range v {
			o[fmt.Sprint(key)] = plain(value)
		}
		return o
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float32:
		return float64(v)
	}
	return v
}

func plainObject(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	o := make(map[string]any, len(m))
	for key, value := range m {
		o[key] = plain(value)
	}
	return o
}
