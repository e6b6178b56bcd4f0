package world

import "fmt"

// stale returns the channels of ably-go's that the client has: rooms have none of them.
func (c *client) stale(holds map[string]bool) (found []string) {
	for _, ch := range c.realtime.Channels.Iterate() {
		if !holds[ch.Name] && c.connected() {
			found = append(found, fmt.Sprintf("%s's client still has the channel %s, which is %v", c.id, ch.Name, ch.State()))
		}
	}
	return found
}
