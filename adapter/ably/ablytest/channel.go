package ablytest

import (
	"maps"
	"slices"
	"strings"
)

// channel is the server's side of a channel. All fields are guarded by Server.mu.
type channel struct {
	s        *Server
	app      string // the application to which its clients' keys belong
	name     string
	attached map[*connection]*attachment
	log      messageLog
	unkept   unkept
	members  map[string]*member // the members that are present, by connection and clientId
	tallies  map[string]tally   // counts of annotations, by the serial of their message
	// presenceLog holds the past changes of presence, oldest first.
	presenceLog []*pastEvent
	used        int64 // the time of the last publish, in ms
	// annotated holds the annotations themselves, by the serial of their message, oldest first.
	annotated map[string][]*pastEvent
}

// attachment is the attachment of a connection to a channel, from its ATTACH to its DETACH.
type attachment struct {
	ch     *channel
	conn   *connection
	asked  Flags // the modes that the client requested
	modes  Flags // the modes in asked that the client's capability allows
	params map[string]string
	// occupancy is the occupancy that the client last received, or nil.
	occupancy map[string]any
	// live is false from the loss of the transport until the client attaches again. Then the client
	// receives what it missed since the serial in its ATTACH.
	live bool
}

// sortedAttachments returns the connection's attachments, sorted by channel, so that frames have
// the same numbers in each run.
func (c *connection) sortedAttachments() []*attachment {
	var out []*attachment
	for _, name := range slices.Sorted(maps.Keys(c.attached)) {
		out = append(out, c.attached[name])
	}
	return out
}

// attachments returns the channel's attachments, sorted by the age of their connections, oldest
// first.
func (ch *channel) attachments() []*attachment {
	out := slices.Collect(maps.Values(ch.attached))
	slices.SortFunc(out, func(a, b *attachment) int { return a.conn.compare(b.conn) })
	return out
}

// compare orders connections by age, oldest first.
func (c *connection) compare(d *connection) int { return c.order - d.order }

// attach handles an ATTACH. It may be the first one, one after the loss of a transport, or one that
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
	// If there is an attachment already, live or from a lost transport, the client's serial is
	// accepted however old it is.
	known := a != nil
	if !known {
		a = &attachment{ch: ch, conn: c}
		c.attached[pm.Channel] = a
		ch.attached[c] = a
	}
	// A live attachment already gets all messages: don't send any of them twice.
	missed, resumed := ch.log.since(pm.ChannelSerial, known)
	if a.live {
		missed = nil
	}
	a.asked, a.modes, a.params, a.live = asked, modes, params.recognised, true
	// With ATTACH_RESUME the client continues an attachment, so nothing is rewound.
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
		// Each of these messages advances the client's serial.
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
	ch.sendOccupancy()
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

// remove ends the attachment. It sends the client nothing.
func (a *attachment) remove() {
	delete(a.conn.attached, a.ch.name)
	delete(a.ch.attached, a.conn)
	a.leaveAll()
	a.ch.sendOccupancy()
}

// end ends the attachment of the server's own accord, with a DETACHED (RTL13) or an ERROR (RTL14).
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

// checkChannelName returns an error for a name that Ably refuses, or that this server doesn't
// serve.
func checkChannelName(name string) *ErrorInfo {
	if strings.HasPrefix(name, "[") {
		return NewError(40010, 400, "channel name %q: this server serves no qualifiers, such as [filter=...]", name)
	}
	if strings.TrimSpace(name) == "" || strings.HasPrefix(name, ":") || strings.ContainsAny(name, "\r\n") {
		return NewError(40010, 400, "invalid channel name %q", name)
	}
	return nil
}
