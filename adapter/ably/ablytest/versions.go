package ablytest

import "fmt"

// The actions of a message (TM5).
const (
	actionCreate  = 0
	actionUpdate  = 1
	actionDelete  = 2
	actionSummary = 4
	actionAppend  = 5
)

// find returns the last version of a message of the history, or nil if there is no such message.
func (l *messageLog) find(serial string) *Message {
	for _, p := range l.log {
		if !l.visible(p) {
			continue
		}
		for _, m := range p.messages {
			if m.Serial == serial {
				return l.now(m)
			}
		}
	}
	return nil
}

// now returns the last version of a message.
func (l *messageLog) now(m *Message) *Message {
	if changes := l.changes[m.Serial]; len(changes) > 0 {
		return changes[len(changes)-1]
	}
	return m
}

// versions returns all versions of a message, oldest first.
func (l *messageLog) versions(serial string) (all []*Message) {
	for _, p := range l.log {
		for _, m := range p.messages {
			if l.visible(p) && m.Serial == serial {
				all = append(all, m)
			}
		}
	}
	return append(all, l.changes[serial]...)
}

// change publishes a new version of a message: an update, a deletion or a summary.
func (ch *channel) change(m *Message) {
	p := &publish{timestamp: ch.s.nowMillis(), ephemeral: true, id: randomText(12) + ":0", messages: []*Message{m}}
	if m.ID == "" {
		m.ID = fmt.Sprintf("%s:0", p.id)
	}
	ch.addAndDeliver(p)
}

// changeTo publishes a new version of a message. The history keeps kept, and subscribers receive
// delivered. It returns the version's serial.
func (ch *channel) changeTo(kept, delivered *Message) string {
	id := randomText(12) + ":0"
	if delivered.ID == "" {
		delivered.ID, kept.ID = id+":0", id+":0"
	}
	ch.addAndDeliver(&publish{timestamp: ch.s.nowMillis(), ephemeral: true, id: id, messages: []*Message{delivered}, instead: kept})
	return delivered.Version.Serial
}

// addAndDeliver adds and delivers a publish that doesn't change the serials of messages.
func (ch *channel) addAndDeliver(p *publish) {
	ch.log.addChange(p)
	for _, a := range ch.attachments() {
		if a.live {
			a.deliver(p)
		}
	}
	ch.s.notifyLocked()
}

// addChange adds the publish of a new version, or of annotations. The messages keep their serials.
func (l *messageLog) addChange(p *publish) {
	p.before = l.serial
	l.serial = l.next()
	p.serial = l.serial
	for i, m := range p.messages {
		if m.Version == nil {
			m.Version = &MessageVersion{}
		}
		m.Version.Serial, m.Version.Timestamp = fmt.Sprintf("%s:%03d", p.serial, i), p.timestamp
		if m.Action == actionSummary {
			continue
		}
		// the new version must be later than the last one
		if versions := l.versions(m.Serial); len(versions) > 0 {
			m.Version.Timestamp = max(p.timestamp, versions[len(versions)-1].Version.Timestamp+1)
		}
		if p.instead != nil {
			*p.instead.Version = *m.Version
			m = p.instead
		}
		if l.changes == nil {
			l.changes = map[string][]*Message{}
		}
		l.changes[m.Serial] = append(l.changes[m.Serial], m)
		l.s.held += m.size()
	}
	p.size = publishOverhead
	for _, m := range p.messages {
		if m.Action == actionSummary {
			p.size += m.size()
		}
	}
	l.keep(p)
}
