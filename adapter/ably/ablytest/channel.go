package ablytest

import (
	"maps"
	"slices"
	"strings"
)

// channel is the server's side of a channel. All fields are guarded by Server.mu.
type channel struct {
	s        *Server
	app      string // whose key its clients have
	name     string
	attached map[*connection]*attachment
	log      messageLog
	unkept   unkept
	members  map[string]*member // present, by connection and client
	tallies  map[string]tally   // annotations, by the serial of their message
	// presenceLog holds what presence was, oldest first.
	presenceLog []*pastEvent
	used        int64 // ms, of the last publish
	// annotated holds the annotations themselves, by the serial of their message, oldest first.
	annotated map[string][]*pastEvent
}

// attachment is a connection's share in a channel, from its ATTACH to its DETACH.
type attachment struct {
	ch     *channel
	conn   *connection
	asked  Flags // what the client asked for
	modes  Flags // what of that its capability allows
	params map[string]string
	// occupancy is what was last sent to it.
	occupancy map[string]any
	// live is false from the loss of the transport until the client attaches again:
	// it gets what it missed then, from the serial that it names.
	live bool
}

// sortedAttachments returns the connection's attachments in the order of their names,
// so that frames keep their numbers from run to run.
func (c *connection) sortedAttachments() []*attachment {
	var out []*attachment
	for _, name := range slices.Sorted(maps.Keys(c.attached)) {
		out = append(out, c.attached[name])
	}
	return out
}

// attachments returns the channel's, in the order in which their connections were made.
func (ch *channel) attachments() []*attachment {
	out := slices.Collect(maps.Values(ch.attached))
	slices.SortFunc(out, func(a, b *attachment) int { return a.conn.compare(b.conn) })
	return out
}

// compare orders connections by when they were made.
func (c *connection) compare(d *connection) int { return c.order - d.order }

// attach handles an ATTACH: a first one, one after the loss of a transport, or one that
// changes the params and modes of an attachment (RTL4, RTL16).
func (s *Server) attach(t *transport, pm *ProtocolMessage) {
	c := t.conn
	if err := checkChannelName(pm.Channel); err != nil {
		c.send((&ProtocolMessage{Action: ActionError, Channel: pm.Channel, Error: err}).named())
		return
	}
	params, err := parseChannelParams(pm.Params)
	if err == nil && params.modes == 0 {
		params.modes = pm.Flags.Modes()
	}
	modes := params.modes
	if modes == 0 {
		modes = ModesDefault
	}
	asked := modes
	modes = c.identity.capability.permit(pm.Channel, asked)
	if err == nil && modes == 0 {
		err = errNotPermitted("unable to attach: operation not permitted with the provided capability")
	}
	if err != nil {
		if a := c.attached[pm.Channel]; a != nil {
			a.remove()
		}
		c.send(&ProtocolMessage{Action: ActionError, Channel: pm.Channel, Error: err})
		s.notifyLocked()
		return
	}
	ch := s.channelOf(c.identity.app, pm.Channel)
	a := c.attached[pm.Channel]
	// An attachment that is there already, live or left over from a lost transport,
	// makes the client's serial good however old it is.
	known := a != nil
	if !known {
		a = &attachment{ch: ch, conn: c}
		c.attached[pm.Channel] = a
		ch.attached[c] = a
	}
	// What is on its way to a live attachment needs no second sending.
	missed, resumed := ch.log.since(pm.ChannelSerial, known)
	if a.live {
		missed = nil
	}
	a.asked, a.modes, a.params, a.live = asked, modes, params.recognised, true
	// With ATTACH_RESUME the client goes on with an attachment, so that nothing is rewound.
	if !resumed && params.rewind != nil && !pm.Flags.Has(FlagAttachResume) {
		missed = params.rewind(&ch.log)
	}
	flags := modes | ch.presenceFlag()
	if resumed {
		flags |= FlagResumed
	}
	if len(missed) > 0 {
		flags |= FlagHasBacklog
	}
	serial := ch.log.serial
	if len(missed) > 0 {
		// The messages that follow move the client's serial on, one by one.
		serial = missed[0].before
	}
	c.send(&ProtocolMessage{
		Action: ActionAttached, Channel: ch.name, ChannelSerial: serial, Flags: flags, Params: a.params,
	})
	for _, p := range missed {
		a.deliver(p)
	}
	a.sync()
	a.occupancy = nil
	ch.tellOccupancy()
	s.notifyLocked()
}

// detach handles a DETACH.
func (s *Server) detach(t *transport, pm *ProtocolMessage) {
	c := t.conn
	if a := c.attached[pm.Channel]; a != nil {
		a.remove()
	}
	c.send((&ProtocolMessage{Action: ActionDetached, Channel: pm.Channel}).named())
	s.notifyLocked()
}

// remove ends the attachment without a word.
func (a *attachment) remove() {
	delete(a.conn.attached, a.ch.name)
	delete(a.ch.attached, a.conn)
	a.leaveAll()
	a.ch.tellOccupancy()
}

// end ends the attachment as the server does of its own accord, with a DETACHED (RTL13)
// or an ERROR (RTL14).
func (a *attachment) end(action Action, err *ErrorInfo) {
	a.remove()
	a.conn.send(&ProtocolMessage{Action: action, Channel: a.ch.name, Error: err})
	a.ch.s.notifyLocked()
}

// update sends an unsolicited ATTACHED (RTL12).
func (a *attachment) update(resumed bool, err *ErrorInfo) {
	flags := a.modes | a.ch.presenceFlag()
	if resumed {
		flags |= FlagResumed
	}
	a.conn.send(&ProtocolMessage{
		Action: ActionAttached, Channel: a.ch.name, ChannelSerial: a.ch.log.serial,
		Flags: flags, Params: a.params, Error: err,
	})
	if !resumed {
		a.sync()
	}
}

// checkChannelName refuses names that Ably refuses.
func checkChannelName(name string) *ErrorInfo {
	if strings.HasPrefix(name, "[") {
		return NewError(40010, 400, "channel name %q: this server serves no qualifiers, such as [filter=...]", name)
	}
	if strings.TrimSpace(name) == "" || strings.HasPrefix(name, ":") || strings.ContainsAny(name, "\r\n") {
		return NewError(40010, 400, "invalid channel name %q", name)
	}
	return nil
}
