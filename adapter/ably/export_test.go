package ablychat

// StayClosed closes a realtime client as a chat client closes its own.
var StayClosed = stayClosed

// Bound sets how many events may wait for each listener of a client that begins from now on.
func (c *Client) Bound(pending int) { c.pending = pending }
