package fsm

import "slices"

// connectionChange applies a new state of the connection: C43 to C49.
func (c *Channel[E]) connectionChange(in ChannelInput[E], outs []ChannelOutput[E]) []ChannelOutput[E] {
	was := c.link
	c.link = in.Connection.link()
	if was == LinkConnected {
		outs = c.disconnect(outs)
	}
	switch in.Connection {
	case ConnectionSuspended:
		return c.connectionSuspended(in.Err, outs)
	case ConnectionClosing: // C47
		return outs
	case ConnectionClosed:
		return c.connectionClosed(in.Err, outs)
	case ConnectionFailed:
		return c.connectionFailed(in.Err, outs)
	}
	if was == LinkClosing {
		outs = c.connectionClosed(in.Err, outs)
	}
	if was == LinkClosing || was == LinkEnded { // C44
		var none E
		outs = c.set(ChannelInitialized, false, none, outs)
		c.reason = none
	}
	if in.Connection == ConnectionConnected {
		outs = c.connected(in.Resumed, outs)
	}
	return outs
}

// disconnect applies the loss of a connection: the requests sent on it will not be answered. C43.
func (c *Channel[E]) disconnect(outs []ChannelOutput[E]) []ChannelOutput[E] {
	c.held = c.held || c.doubt || slices.Contains(c.wire, RequestAttach)
	switch c.state {
	case ChannelInitialized, ChannelDetached, ChannelFailed:
		c.leftover = c.leftover || c.doubt || len(c.wire) > 0
	case ChannelAttaching, ChannelSuspended:
		c.leftover = c.leftover || slices.Contains(c.wire, RequestDetach)
	}
	c.wire, c.awaited, c.doubt = nil, false, false
	if c.state == ChannelAttaching && len(c.detachers) > 0 {
		var none E
		c.leftover = c.leftover || c.held
		outs = c.set(ChannelDetached, false, none, outs)
		outs = settleAll(&c.attachers, ChannelCallSuperseded, none, outs)
		outs = settleAll(&c.detachers, ChannelCallDone, none, outs)
	}
	return outs
}

// connected is C45.
func (c *Channel[E]) connected(resumed bool, outs []ChannelOutput[E]) []ChannelOutput[E] {
	if c.leftover && resumed {
		outs = c.send(RequestDetach, outs)
	}
	c.held = c.held && resumed
	c.leftover = false
	switch c.state {
	case ChannelAttaching, ChannelAttached, ChannelSuspended: // RTL3d
		var none E
		outs = c.attach(none, outs)
	case ChannelDetaching: // RTN19b
		if !resumed {
			c.back = ChannelDetached
		}
		outs = c.send(RequestDetach, outs)
	}
	return outs
}

// connectionSuspended is C46.
func (c *Channel[E]) connectionSuspended(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	switch c.state {
	case ChannelAttaching, ChannelAttached:
		outs = c.set(ChannelSuspended, false, err, outs)
		outs = settleAll(&c.attachers, ChannelCallFailed, err, outs)
	case ChannelDetaching: // T9
		c.leftover = c.leftover || c.held
		outs = c.set(ChannelDetached, false, err, outs)
		outs = settleAll(&c.detachers, ChannelCallDone, none, outs)
		outs = settleAll(&c.attachers, ChannelCallInvalidConnection, none, outs)
	}
	return outs
}

// connectionClosed is C48.
func (c *Channel[E]) connectionClosed(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	c.held, c.leftover = false, false
	var none E
	switch c.state {
	case ChannelAttaching, ChannelAttached, ChannelSuspended:
		outs = c.set(ChannelDetached, false, err, outs)
		outs = settleAll(&c.attachers, ChannelCallFailed, err, outs)
	case ChannelDetaching:
		outs = c.set(ChannelDetached, false, err, outs)
		outs = settleAll(&c.detachers, ChannelCallDone, none, outs)
		outs = settleAll(&c.attachers, ChannelCallInvalidConnection, none, outs)
	}
	return outs
}

// connectionFailed is C49.
func (c *Channel[E]) connectionFailed(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	c.held, c.leftover = false, false
	switch c.state {
	case ChannelAttaching, ChannelAttached, ChannelDetaching, ChannelSuspended:
		outs = c.fail(err, outs)
	}
	return outs
}
