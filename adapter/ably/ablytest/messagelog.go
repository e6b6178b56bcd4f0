package ablytest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// publish is one publish on a channel: the messages of one protocol message or of one REST request.
type publish struct {
	before, serial string // the channel's serial before and after the publish
	id             string // the protocol message's id; "" for REST
	connectionID   string // the publisher's connection; "" for REST
	timestamp      int64  // ms
	messages       []*Message
	annotations    []map[string]any // published annotations; then there are no messages
	instead        *Message         // what the history keeps; nil to keep the delivered message
	ephemeral      bool             // the history doesn't show it
	size           int64            // bytes that dropping the publish frees
	order          int              // its number among all entries ever made, as in Server.kept
}

// messageLog has the publishes that a channel keeps, in the order of their serials. Serials compare
// as strings. A serial consists of a time in milliseconds, a counter within the millisecond, and
// the series. A new series begins when continuity is lost.
type messageLog struct {
	s      *Server
	ch     *channel
	life   time.Duration // how long a publish is kept; 0 for no limit in time
	series string
	serial string // the serial of the last publish, or the start of the series
	floor  string // a client with an earlier serial has missed dropped publishes
	millis int64
	count  int
	log    []*publish
	held   int               // number of messages in the history
	byID   map[string]string // the serial of each message, by its id
	// changes has the later versions of messages, by serial, oldest first.
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

// newSeries begins a new series: no client can continue from a serial before it.
func (l *messageLog) newSeries() {
	l.series = l.s.site + randomText(5)
	l.serial = l.next()
	l.floor = l.serial
}

// next returns the serial that follows the last.
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

// add adds a publish, and gives the publish and its messages their serials.
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

// keep appends a publish, and drops old ones beyond the limits of number, age and memory.
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

// since returns the publishes after a client's serial, and whether the client can continue from
// there. It can if three conditions hold: the serial is of this series, no publish after it was
// dropped, and the serial is recent or known is true. known means that the client is known to have
// received the serial.
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

// last returns the last n messages of the history, each in its last version, in the publishes that
// they belong to. If d is positive, it leaves out messages that are older than d.
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
	if len(out) > 0 { // after these publishes, the client has the channel's serial
		out[len(out)-1].serial = l.serial
	}
	return out
}

// kept returns the messages of the history in their last versions, oldest first.
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

// serialTime returns the time in a serial, or the epoch if the serial has none.
func serialTime(serial string) time.Time {
	var millis int64
	fmt.Sscanf(serial, "%014d", &millis)
	return time.UnixMilli(millis)
}
