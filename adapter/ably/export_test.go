package ablychat

import "github.com/ably/ably-go/ably"

// Own makes a chat client that owns a realtime client, as [Connect] does.
func Own(client *ably.Realtime) (*Client, error) { return newClient(client, config{}, true) }

// StayClosed closes a realtime client as a chat client closes its own.
var StayClosed = stayClosed

// Bound sets how many events may wait for each listener of a client that begins from now on.
func (c *Client) Bound(pending int) { c.pending = pending }
