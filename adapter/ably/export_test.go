package ablychat

import (
	"net/url"

	"github.com/ably/ably-go/ably"
)

// Own makes a chat client that owns the given realtime client, as [Connect] does.
func Own(client *ably.Realtime) (*Client, error) { return newClient(client, config{}, true) }

// StayClosed closes a realtime client in the same way as a chat client closes its own.
var StayClosed = stayClosed

// Bound sets how many events may wait for a listener that is registered from now on.
func (c *Client) Bound(pending int) { c.pending = pending }

// PageBefore makes a page of the history that has a next page, without a request.
func PageBefore(m *Messages) *Page {
	return &Page{messages: m, list: list{"get history", m.path()},
		next: url.Values{"direction": {"backwards"}, "limit": {"1"}}}
}

// Place sets the point at which later subscriptions begin to a serial, as if the room were attached
// there.
func Place(m *Messages, serial string) { m.subscriptions.attached(serial, true) }

// Log logs a line as ably-go does for the realtime client of a chat client.
func Log(c *Client, line string) { c.below.log.Printf(ably.LogError, "%s", line) }
