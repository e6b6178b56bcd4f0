package ablytest

// acks keeps the answers to a connection's publishes in the order of their serials: if an ACK skips
// a serial, a client takes that for a NACK of the serial. acks also remembers past answers, since a
// client that resumes repeats the publishes that it has no answer for (RTN19a).
type acks struct {
	open    []int64        // arrived serials that wait for their answer, or for earlier answers
	seen    map[int64]bool // serials that arrived on this transport
	answers map[int64]*ProtocolMessage
}

const answersKept = 1000

// arrived records that the client has sent serial. A serial that comes twice on one transport is
// answered once: a second answer would violate the protocol.
func (a *acks) arrived(serial int64) {
	if a.seen[serial] {
		return
	}
	a.seen[serial] = true
	delete(a.seen, serial-answersKept)
	a.open = append(a.open, serial)
}

// restart clears the serials that arrived on a lost transport.
func (a *acks) restart() {
	a.open = nil
	a.seen = map[int64]bool{}
}

// skip removes the serial of a publish that will never be answered.
func (a *acks) skip(serial int64) {
	for i, s := range a.open {
		if s == serial {
			a.open = append(a.open[:i:i], a.open[i+1:]...)
			return
		}
	}
}

// answered reports whether the answer to serial is known.
func (a *acks) answered(serial int64) bool { return a.answers[serial] != nil }

// answer remembers the answer to a serial.
func (a *acks) answer(serial int64, pm *ProtocolMessage) {
	if a.answers == nil {
		a.answers = map[int64]*ProtocolMessage{}
	}
	a.answers[serial] = pm
	delete(a.answers, serial-answersKept)
}

// flush sends the known answers in order, up to the first serial that has none yet.
func (c *connection) flush() {
	for len(c.acks.open) > 0 {
		pm := c.acks.answers[c.acks.open[0]]
		if pm == nil {
			return
		}
		c.acks.open = c.acks.open[1:]
		c.send(pm)
	}
}
