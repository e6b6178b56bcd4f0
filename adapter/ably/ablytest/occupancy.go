package ablytest

import (
	"encoding/json"
	"maps"
)

// metrics returns the occupancy of the channel (CHO2).
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

// sendOccupancy sends the occupancy to the connections that attached with the param
// occupancy=metrics, if it has changed since they last received it.
func (ch *channel) sendOccupancy() {
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
		data, _ := json.Marshal(map[string]any{"metrics": now}) // whole numbers: never fails
		a.conn.send(&ProtocolMessage{Action: ActionMessage, Channel: ch.name, Timestamp: ch.s.nowMillis(), Messages: []*Message{{
			Name: "[meta]occupancy", Data: string(data), Encoding: "json", ID: randomText(12) + ":0",
		}}})
	}
}
