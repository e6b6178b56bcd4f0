package fsm

import "slices"

// answered removes the oldest request of the given type, and all before it, from the wire. It
// reports whether there was one. C24.
func (c *Channel[E]) answered(r Request) bool {
	i := slices.Index(c.wire, r)
	if i < 0 {
		return false
	}
	c.wire = slices.Delete(c.wire, 0, i+1)
	if len(c.wire) == 0 {
		c.wire, c.awaited = nil, false
	}
	return true
}

// answeredAttach removes from the wire the ATTACH that a frame answers. asked reports whether there
// was one, own whether the frame is the attach's own. C24.
func (c *Channel[E]) answeredAttach() (asked, own bool) {
	asked = c.answered(RequestAttach)
	own = !slices.Contains(c.wire, RequestDetach)
	c.doubt = c.doubt || asked && own && c.held
	return asked, own
}

// attached applies an ATTACHED: C24 to C31.
func (c *Channel[E]) attached(in ChannelInput[E], outs []ChannelOutput[E]) []ChannelOutput[E] {
	fenced := c.fenced()
	asked, own := c.answeredAttach()
	c.held = true
	if fenced {
		return outs
	}
	var none E
	switch c.state {
	case ChannelAttaching:
		if !own { // C27
			return c.send(RequestAttach, outs)
		}
		outs = c.join(in, outs) // C26
		if len(c.detachers) > 0 {
			outs = c.detach(outs)
		}
	case ChannelAttached: // C29
		c.awaited = false
		outs = c.take(in, outs)
		if !in.Resumed {
			outs = append(outs, ChannelOutput[E]{Kind: PublishChannelUpdate, Err: in.Err})
		}
		outs = settleAll(&c.attachers, ChannelCallDone, none, outs)
	case ChannelDetaching: // C28
		if asked && c.awaits(RequestDetach) {
			return outs
		}
		runs := c.awaited
		outs = c.send(RequestDetach, outs)
		if runs {
			outs = outs[:len(outs)-1] // without StartRequestTimer: the timer goes on
		}
	case ChannelDetached:
		outs = c.detach(outs) // C30
	case ChannelInitialized, ChannelFailed:
		outs = c.send(RequestDetach, outs) // C30
	case ChannelSuspended:
		if own {
			outs = c.join(in, outs) // C31
		}
	}
	return outs
}

// join takes an ATTACHED, and makes the channel attached.
func (c *Channel[E]) join(in ChannelInput[E], outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	c.awaited = false
	outs = c.take(in, outs)
	outs = c.set(ChannelAttached, in.Resumed, in.Err, outs)
	return settleAll(&c.attachers, ChannelCallDone, none, outs)
}

// take takes an ATTACHED as the channel's own. C25.
func (c *Channel[E]) take(in ChannelInput[E], outs []ChannelOutput[E]) []ChannelOutput[E] {
	if in.Serial != "" {
		c.channelSerial = in.Serial
		if !in.Resumed || c.attachSerial == "" {
			c.attachSerial = in.Serial
		}
	}
	c.resume = true
	return append(outs, ChannelOutput[E]{Kind: ApplyAttached, Resumed: in.Resumed})
}

// detached applies a DETACHED: C24 and C32 to C36.
func (c *Channel[E]) detached(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	out, fenced := c.awaits(RequestAttach), c.fenced()
	own := false
	if err != none || !slices.Contains(c.wire, RequestDetach) {
		_, own = c.answeredAttach()
	} else {
		c.answered(RequestDetach)
	}
	c.held = false
	switch c.state {
	case ChannelAttaching:
		switch {
		case fenced: // C32
			if !c.awaited {
				outs = c.send(RequestAttach, outs)
			}
		case out && own: // C33
			c.awaited = false
			outs = c.suspend(err, outs)
		default: // C34
			outs = c.send(RequestAttach, outs)
		}
	case ChannelAttached, ChannelSuspended: // C35
		c.awaited = false
		outs = c.set(ChannelAttaching, false, err, outs)
		outs = settleAll(&c.attachers, ChannelCallFailed, err, outs)
		outs = c.sendAttach(outs)
	case ChannelDetaching: // C36
		c.awaited = err != none && c.awaits(RequestDetach)
		outs = c.set(ChannelDetached, false, err, outs)
		outs = settleAll(&c.detachers, ChannelCallDone, none, outs)
		if len(c.attachers) > 0 {
			outs = c.attach(none, outs)
		}
	}
	return outs
}

// failed applies an ERROR: C24 and C37.
func (c *Channel[E]) failed(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	fenced := c.fenced()
	c.answeredAttach()
	c.held = false
	if fenced || c.givenBack || c.state == ChannelFailed {
		return outs
	}
	c.awaited = c.awaits(RequestDetach) // an ERROR doesn't answer a DETACH
	return c.fail(err, outs)
}

// fail makes the channel failed, and settles all calls that wait.
func (c *Channel[E]) fail(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	outs = c.set(ChannelFailed, false, err, outs)
	outs = settleAll(&c.attachers, ChannelCallFailed, err, outs)
	return settleAll(&c.detachers, ChannelCallFailed, err, outs)
}

// overtaken applies an ERROR with code 80016: C38.
func (c *Channel[E]) overtaken(outs []ChannelOutput[E]) []ChannelOutput[E] {
	switch {
	case c.awaited:
		return c.write(c.wire[len(c.wire)-1], outs)
	case c.state == ChannelAttached:
		return append(outs, ChannelOutput[E]{Kind: SendSync})
	}
	return outs
}

// requestTimeout applies the end of the request timer: C40 and C41.
func (c *Channel[E]) requestTimeout(err E, outs []ChannelOutput[E]) []ChannelOutput[E] {
	var none E
	detachWasOut := c.awaits(RequestDetach)
	c.awaited = false
	switch c.state {
	case ChannelAttaching:
		if detachWasOut {
			return c.send(RequestAttach, outs)
		}
		return c.suspend(err, outs)
	case ChannelAttached:
		return settleAll(&c.attachers, ChannelCallFailed, err, outs)
	case ChannelDetaching: // C41
		if !detachWasOut {
			return c.send(RequestDetach, outs)
		}
		outs = c.set(c.back, false, err, outs)
		outs = settleAll(&c.detachers, ChannelCallFailed, err, outs)
		switch {
		case c.state == ChannelAttached:
			outs = settleAll(&c.attachers, ChannelCallDone, none, outs)
		case len(c.attachers) > 0:
			outs = c.attach(none, outs)
		}
	default: // initialized, detached, failed: the DETACH may be lost
		if c.held || slices.Contains(c.wire, RequestAttach) {
			return c.send(RequestDetach, outs)
		}
	}
	return outs
}
