package ablychat

import (
	"net/url"

	"github.com/ably/ably-go/ably"
)

// Own makes a chat client that owns a realtime client, as [Connect] does.
func Own(client *ably.Realtime) (*Client, error) { return newClient(client, config{}, true) }

// StayClosed closes a realtime client as a chat client closes its own.
var StayClosed = stayClosed

// Bound sets how many events may wait for each listener of a client that begins from now on.
func (c *Client) Bound(pending int) { c.pending = pending }

// PageBefore returns a page of the history that has a further one, without a request.
func PageBefore(m *Messages) *Page {
	return &Page{messages: m, list: list{"get history", m.path()},
		next: url.Values{"direction": {"backwards"}, "limit": {"1"}}}
}

// Place has the subscriptions that a room gets from now on begin at a serial, as if it were
// attached.
func Place(m *Messages, serial string) { m.subscriptions.attached(serial, true) }

// Log logs a line as ably-go does for the realtime client that a chat client is on.
func Log(c *Client, line string) { c.below.log.Printf(ably.LogError, "%s", line) }
