package realtime

// Running returns how many timers run, and how many names have a core.
func (c *Client) Running() (timers, lines int) {
	c.mu.Lock()
	all := c.all()
	c.mu.Unlock()
	for _, l := range all {
		l.mu.Lock()
		for _, a := range []*alarm{&l.request, &l.retry, &l.patience} {
			if a.timer != nil {
				timers++
			}
		}
		l.mu.Unlock()
	}
	return timers, len(all)
}

// HoldsMembers reports whether the channel has anything of presence.
func (c *Channel) HoldsMembers() bool {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	return c.members != nil
}
