package ablytest

// acks keeps the answers to a connection's publishes in the order of their serials: a
// client takes an ACK that skips one for a NACK of it. It also remembers past answers,
// since a client that resumes sends again what it has no answer for (RTN19a).
type acks struct {
	open    []int64        // serials that arrived and wait for their answer or their turn
	seen    map[int64]bool // serials that arrived on this transport
	answers map[int64]*ProtocolMessage
}

const answersKept = 1000

// arrived notes that the client has sent serial. One that comes twice on a transport is
// answered once: a second answer would be a violation of the protocol.
func (a *acks) arrived(serial int64) {
	if a.seen[serial] {
		return
	}
	a.seen[serial] = true
	delete(a.seen, serial-answersKept)
	a.open = append(a.open, serial)
}

// restart forgets what was on its way on a lost transport.
func (a *acks) restart() {
	a.open = nil
	a.seen = map[int64]bool{}
}

// skip takes a serial out of the order, for a publish that will never be answered.
func (a *acks) skip(serial int64) {
	for i, s := range a.open {
		if s == serial {
			a.open = append(a.open[:i:i], a.open[i+1:]...)
			return
		}
	}
}

// answered reports whether serial has its answer already.
func (a *acks) answered(serial int64) bool { return a.answers[serial] != nil }

// answer notes the answer to a serial.
func (a *acks) answer(serial int64, pm *ProtocolMessage) {
	if a.answers == nil {
		a.answers = map[int64]*ProtocolMessage{}
	}
	a.answers[serial] = pm
	delete(a.answers, serial-answersKept)
}

// flush sends the answers whose turn it is.
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
