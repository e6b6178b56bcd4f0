package ablytest

// Applications are separate. With a key of an application, or a token of that key, a client reaches
// only the channels of this application.

// app returns the application of the server's first key. The exported methods of Server are about
// this application.
func (s *Server) app() string { return appOf(s.opts.keys[0].Name) }

func (s *Server) channelsOf(app string) map[string]*channel {
	all := s.apps[app]
	if all == nil {
		all = map[string]*channel{}
		s.apps[app] = all
	}
	return all
}

// findChannel returns a channel of an application, or nil if it was never used.
func (s *Server) findChannel(app, name string) *channel { return s.apps[app][name] }

// channel returns a channel of the first key's application, and makes it on first use.
func (s *Server) channel(name string) *channel { return s.channelOf(s.app(), name) }

// channelOf returns a channel of an application, and makes it on first use.
func (s *Server) channelOf(app, name string) *channel {
	all := s.channelsOf(app)
	ch := all[name]
	if ch == nil {
		s.forgetIdleChannels()
		ch = &channel{s: s, app: app, name: name, attached: map[*connection]*attachment{}}
		ch.log.start(ch)
		all[name] = ch
	}
	return ch
}

// maxChannels is how many channels there may be before the server forgets unused ones.
const maxChannels = 10_000

// forgetIdleChannels forgets the channels that are idle, if there are many channels.
func (s *Server) forgetIdleChannels() {
	n := 0
	for _, all := range s.apps {
		n += len(all)
	}
	if n < s.sweep {
		return
	}
	for _, all := range s.apps {
		for name, ch := range all {
			if ch.log.expire(); ch.idle() {
				delete(all, name)
				n--
			}
		}
	}
	s.sweep = max(maxChannels, 2*n)
}

// idle reports whether the server can drop the channel without a loss for any client.
func (ch *channel) idle() bool {
	return len(ch.attached) == 0 && len(ch.members) == 0 &&
		len(ch.log.log) == 0 && len(ch.presenceLog) == 0
}
