package ablytest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// publish is what one publish brought to a channel: the messages of one protocol message
// or of one REST request.
type publish struct {
	before, serial string // the channel's serial before and after it
	id             string // of the protocol message; "" for REST
	connectionID   string // of the publisher; "" for REST
	timestamp      int64  // ms
	messages       []*Message
	annotations    []map[string]any // instead of messages
	instead        *Message         // what is kept of a change, if not the message
	ephemeral      bool             // not in the history
	size           int64            // bytes, of what is only here
	order          int              // among all that the server holds
}

// messageLog is what a channel remembers, in the order of its serials. Serials compare
// as strings: milliseconds, a counter within them, and the series that they belong to.
// A new series begins when continuity is lost.
type messageLog struct {
	s      *Server
	ch     *channel
	life   time.Duration // how long a publish is kept; 0 for as long as there is room
	series string
	serial string // of the last publish, or of the start
	floor  string // clients that stand before it have missed what is gone
	millis int64
	count  int
	log    []*publish
	held   int               // messages in the history
	byID   map[string]string // serial of each message by its id
	// changes are the further versions of messages, by serial, oldest first.
	changes map[string][]*Message
}

func (l *messageLog) start(ch *channel) {
	l.s, l.ch = ch.s, ch
	if !l.s.opts.persists(ch.name) {
		l.life = max(l.s.opts.historyFor, l.s.opts.connectionStateTTL)
	}
	l.byID = map[string]string{}
	l.newSeries()
}

// newSeries makes a point before which no client can continue.
func (l *messageLog) newSeries() {
	l.series = l.s.site + randomText(5)
	l.serial = l.next()
	l.floor = l.serial
}

// next makes the serial that follows the last.
func (l *messageLog) next() string {
	now := l.s.nowMillis()
	switch {
	case now > l.millis:
		l.millis, l.count = now, 0
	case l.count == 999:
		l.millis, l.count = l.millis+1, 0
	default:
		l.count++
	}
	return fmt.Sprintf("%014d-%03d@%s", l.millis, l.count, l.series)
}

// add notes a publish and gives it and its messages their serials.
func (l *messageLog) add(p *publish) {
	p.before = l.serial
	l.serial = l.next()
	p.serial = l.serial
	for i, m := range p.messages {
		m.Serial = fmt.Sprintf("%s:%03d", p.serial, i)
		m.Version = &MessageVersion{Serial: m.Serial, Timestamp: p.timestamp, ClientID: m.ClientID}
		if m.ID != "" {
			l.byID[m.ID] = m.Serial
		}
	}
	if !p.ephemeral {
		l.held += len(p.messages)
	}
	p.size = publishOverhead
	for _, m := range p.messages {
		p.size += m.size()
	}
	l.keep(p)
}

// keep appends a publish, and drops what there is no room for.
func (l *messageLog) keep(p *publish) {
	l.log = append(l.log, p)
	l.s.held += p.size
	l.s.kept++
	p.order = l.s.kept
	if over := len(l.log) - l.s.opts.messageLimit; over > 0 {
		l.drop(over)
	}
	l.expire()
	l.s.makeRoom()
}

func (l *messageLog) drop(n int) {
	for _, p := range l.log[:n] {
		l.s.held -= p.size
		for _, m := range p.messages {
			delete(l.byID, m.ID)
			if !p.ephemeral {
				for _, change := range l.changes[m.Serial] {
					l.s.held -= change.size()
				}
				delete(l.changes, m.Serial)
				delete(l.ch.tallies, m.Serial)
				for _, a := range l.ch.annotated[m.Serial] {
					l.s.held -= a.size
				}
				delete(l.ch.annotated, m.Serial)
			}
		}
		l.floor = p.serial
		if !p.ephemeral {
			l.held -= len(p.messages)
		}
	}
	l.log = slices.Delete(l.log, 0, n)
}

// since returns what was published after a client's serial, and whether the client can
// be continued from there: the serial is of this series, nothing after it is gone, and
// it is recent or the client is known to have stood there.
func (l *messageLog) since(serial string, known bool) (missed []*publish, ok bool) {
	l.expire()
	if serial == "" || !strings.HasSuffix(serial, "@"+l.series) || serial < l.floor || serial > l.serial {
		return nil, false
	}
	if !known && l.s.now().Sub(serialTime(serial)) > l.s.opts.connectionStateTTL {
		return nil, false
	}
	i, found := slices.BinarySearchFunc(l.log, serial, func(p *publish, s string) int {
		return strings.Compare(p.serial, s)
	})
	if found {
		i++
	}
	return l.log[i:], true
}

// last returns the last n messages of the history as they are now, and of them those not older than
// d if d is positive, in the publishes that brought them.
func (l *messageLog) last(n int, d time.Duration) []*publish {
	l.expire()
	start := int64(0)
	if d > 0 {
		start = l.s.now().Add(-d).UnixMilli()
	}
	var out []*publish
	for i := len(l.log) - 1; i >= 0 && n > 0; i-- {
		if !l.visible(l.log[i]) || l.log[i].timestamp < start {
			continue
		}
		p := *l.log[i]
		p.messages = nil
		for _, m := range l.log[i].messages {
			p.messages = append(p.messages, l.now(m))
		}
		p.messages = p.messages[max(0, len(p.messages)-n):]
		n -= len(p.messages)
		out = append(out, &p)
	}
	slices.Reverse(out)
	if len(out) > 0 { // the client then stands where the channel does
		out[len(out)-1].serial = l.serial
	}
	return out
}

// kept returns the messages of the history as they are now, oldest first.
func (l *messageLog) kept() []*Message {
	var out []*Message
	for _, p := range l.log {
		if l.visible(p) {
			for _, m := range p.messages {
				out = append(out, l.now(m))
			}
		}
	}
	return out
}

// serialTime returns the time in a serial, or the epoch.
func serialTime(serial string) time.Time {
	var millis int64
	fmt.Sscanf(serial, "%014d", &millis)
	return time.UnixMilli(millis)
}
