package presence

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// attached handles an ATTACHED (P4, P10 to P12, P21, P30).
func (s *Set[P]) attached(in Input[P], outs []Output[P]) []Output[P] {
	s.state = Attached
	if !in.Again {
		outs = s.reenter(outs)
		s.sequence = ""
		s.forgetMarks()
		for _, m := range s.members {
			m.residual = true
		}
		if s.syncing = in.HasPresence; !s.syncing {
			outs = s.endSync(outs)
		}
	}
	queue := s.queue
	s.queue = nil
	for _, r := range queue {
		outs = s.send(r, outs)
	}
	return outs
}

// reenter enters the own members again (P11, P12).
func (s *Set[P]) reenter(outs []Output[P]) []Output[P] {
	for _, client := range slices.Sorted(maps.Keys(s.own)) {
		busy := func(r request[P]) bool { return r.client == client }
		if slices.ContainsFunc(s.inFlight, busy) || slices.ContainsFunc(s.queue, busy) {
			continue
		}
		o := s.own[client]
		m := Message[P]{Action: Enter, ClientID: client, Payload: o.payload}
		if o.connection == s.connection {
			m.ID = o.id
		}
		outs = append(outs, Output[P]{Kind: Send, Message: m})
	}
	return outs
}

// moved handles a change to a state other than ATTACHED (P5, P14, P26, P27, P29).
func (s *Set[P]) moved(to State, outs []Output[P]) []Output[P] {
	s.state = to
	s.syncing, s.sequence = false, ""
	if to == Idle || to == Failed {
		s.members, s.own = nil, nil
	}
	s.forgetMarks()
	if to == Attaching {
		return outs
	}
	for _, r := range s.queue {
		outs = settle(r, NotAttached, outs)
	}
	for _, c := range s.gets {
		outs = append(outs, Output[P]{Kind: Settle, Call: c, Outcome: NotAttached})
	}
	s.queue, s.gets = nil, nil
	return outs
}

// forgetMarks removes the marks of members that left (P25, P27): only a sync needs the marks. The
// residual flags need no reset: the next sync sets them.
func (s *Set[P]) forgetMarks() {
	maps.DeleteFunc(s.members, func(_ key, m *member[P]) bool { return m.left })
}

// page handles one SYNC, a page of a sync (P22, P24).
func (s *Set[P]) page(in Input[P], outs []Output[P]) []Output[P] {
	sequence, cursor, _ := strings.Cut(in.Serial, ":")
	adopted := s.syncing && s.sequence == "" && in.Serial != ""
	if !adopted && (!s.syncing || in.Serial == "" || sequence != s.sequence) {
		s.forgetMarks()
		for _, m := range s.members {
			m.residual = true
		}
	}
	s.syncing, s.sequence = true, sequence
	for _, m := range in.Messages {
		outs = s.take(m, outs)
	}
	if cursor == "" {
		outs = s.endSync(outs)
	}
	return outs
}

// endSync ends a sync (P25, P30), or handles an ATTACHED without HAS_PRESENCE (RTP19a in P21).
func (s *Set[P]) endSync(outs []Output[P]) []Output[P] {
	s.syncing, s.sequence = false, ""
	for _, k := range s.keys() {
		m := s.members[k]
		if m.left || m.residual {
			delete(s.members, k)
		}
		if m.residual {
			gone := m.Message
			gone.Action, gone.ID = Leave, ""
			outs = append(outs, Output[P]{Kind: Report, Message: gone})
		}
	}
	for _, c := range s.gets {
		outs = append(outs, Output[P]{Kind: Settle, Call: c, Members: s.present()})
	}
	s.gets = nil
	return outs
}

// take handles one presence message (P9, P15 to P20, P23).
func (s *Set[P]) take(m Message[P], outs []Output[P]) []Output[P] {
	if m.Action == Absent || m.Action > Update {
		return outs
	}
	k := key{m.ConnectionID, m.ClientID}
	stored := s.members[k]
	if stored != nil {
		stored.residual = false // P23
		if !newer(m, stored.Message) {
			return outs
		}
	}
	present := stored != nil && !stored.left
	if m.Action == Leave {
		delete(s.members, k)
		if s.syncing { // P20
			s.store(k, &member[P]{Message: m, left: true})
		}
		if present {
			outs = append(outs, Output[P]{Kind: Report, Message: m})
		}
		return outs
	}
	if o := s.own[m.ClientID]; o != nil && m.ConnectionID == s.connection { // P9
		o.id, o.connection = m.ID, m.ConnectionID
	}
	kept := m
	kept.Action = Present
	s.store(k, &member[P]{Message: kept})
	return append(outs, Output[P]{Kind: Report, Message: m})
}

func (s *Set[P]) store(k key, m *member[P]) {
	if s.members == nil {
		s.members = map[key]*member[P]{}
	}
	s.members[k] = m
}

// newer reports whether in is newer than the stored message (P15, P16).
func newer[P any](in, stored Message[P]) bool {
	serial, index, ok := place(in)
	serialStored, indexStored, okStored := place(stored)
	if !ok || !okStored {
		return in.Timestamp >= stored.Timestamp
	}
	return cmp.Or(cmp.Compare(serial, serialStored), cmp.Compare(index, indexStored)) > 0
}

// place reads the msgSerial and the index from an id. ok is false for a synthesized message.
func place[P any](m Message[P]) (serial, index int64, ok bool) {
	rest, own := strings.CutPrefix(m.ID, m.ConnectionID+":")
	first, second, _ := strings.Cut(rest, ":")
	serial, bad := strconv.ParseInt(first, 10, 64)
	index, bad2 := strconv.ParseInt(second, 10, 64)
	return serial, index, own && m.ConnectionID != "" && bad == nil && bad2 == nil
}
