package ablytest

// publishOverhead is the memory that a publish takes in addition to its messages, in bytes, about.
const publishOverhead = 400

// visible reports whether a publish is part of the history.
func (l *messageLog) visible(p *publish) bool {
	start := l.s.nowMillis() - l.s.opts.historyFor.Milliseconds()
	return !p.ephemeral && (l.life == 0 || p.timestamp > start)
}

// expire drops the publishes and changes of presence that are too old to be kept.
func (l *messageLog) expire() {
	if l.life == 0 {
		return
	}
	start := l.s.nowMillis() - l.life.Milliseconds()
	n := 0
	for n < len(l.log) && l.log[n].timestamp <= start {
		n++
	}
	if n > 0 {
		l.drop(n)
	}
	past := l.ch.presenceLog
	n = 0
	for n < len(past) && past[n].timestamp <= start {
		n++
	}
	if n > 0 {
		l.ch.dropPresence(n)
	}
}

// makeRoom drops the oldest publishes of all channels until the histories are below the memory
// limit. It drops more than needed, so that not every publish has to make room.
func (s *Server) makeRoom() {
	if s.held <= s.opts.memoryLimit {
		return
	}
	for s.held > s.opts.memoryLimit*15/16 {
		var oldest *channel
		var at int
		for _, all := range s.apps {
			for _, ch := range all {
				if start, ok := ch.start(); ok && (oldest == nil || start < at) {
					oldest, at = ch, start
				}
			}
		}
		if oldest == nil {
			return
		}
		if l := &oldest.log; len(l.log) > 0 && l.log[0].order == at {
			l.drop(1 + len(l.log)/64)
		} else {
			oldest.dropPresence(1 + len(oldest.presenceLog)/64)
		}
	}
}

// start returns the order of the oldest entry in the channel's histories, if there is one.
func (ch *channel) start() (order int, ok bool) {
	if len(ch.log.log) > 0 {
		order, ok = ch.log.log[0].order, true
	}
	if len(ch.presenceLog) > 0 && (!ok || ch.presenceLog[0].order < order) {
		order, ok = ch.presenceLog[0].order, true
	}
	return order, ok
}
