package ablytest

import (
	"encoding/json"
	"maps"
)

// metrics counts who is in a channel (CHO2).
func (ch *channel) metrics() map[string]any {
	var connections, publishers, subscribers, presence, presenceSubscribers int
	for _, a := range ch.attachments() {
		connections++
		publishers += one(a.modes.Has(ModePublish))
		subscribers += one(a.modes.Has(ModeSubscribe))
		presence += one(a.modes.Has(ModePresence))
		presenceSubscribers += one(a.modes.Has(ModePresenceSubscribe))
	}
	return map[string]any{
		"connections": connections, "publishers": publishers, "subscribers": subscribers, "presenceConnections": presence,
		"presenceSubscribers": presenceSubscribers, "presenceMembers": len(ch.members),
	}
}

// tellOccupancy tells those who attached with the param occupancy=metrics how many there are, if
// that has changed for them.
func (ch *channel) tellOccupancy() {
	var now map[string]any
	for _, a := range ch.attachments() {
		if !a.live || a.params["occupancy"] == "" || !a.modes.Has(ModeSubscribe) {
			continue
		}
		if now == nil {
			now = ch.metrics()
		}
		if maps.Equal(now, a.occupancy) {
			continue
		}
		a.occupancy = now
		data, _ := json.Marshal(map[string]any{"metrics": now}) // whole numbers
		a.conn.send(&ProtocolMessage{Action: ActionMessage, Channel: ch.name, Timestamp: ch.s.nowMillis(), Messages: []*Message{{
			Name: "[meta]occupancy", Data: string(data), Encoding: "json", ID: randomText(12) + ":0",
		}}})
	}
}
