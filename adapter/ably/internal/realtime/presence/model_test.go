package presence_test

import (
	"fmt"
	"slices"
	"strings"

	. "ablyrooms.example/adapter/ably/internal/realtime/presence"
)

// model is a reference model of docs/presence.md, over plain lists that it searches. It shares only
// the types of inputs with the core. Its outputs are lines, in the order in which the rules name
// things.
type model struct {
	state      State
	connection string
	list       []entry // members, and marks of members that left
	mine       []mine  // own members, in the order in which they were first acknowledged
	asked      []asked // calls that are not settled, in their order
	sync       bool
	sequence   string
	out        []string
}

type entry struct {
	m              Message[int]
	left, residual bool
}

type mine struct {
	client     string
	payload    int
	id, idConn string
}

type asked struct {
	call    Call
	action  Action // Absent for a Get
	client  string
	payload int
	where   string // "queued", "flying", "waiting"
	rank    int    // the order of sending, for queued calls
	deaf    bool
}

func (m *model) say(format string, args ...any) { m.out = append(m.out, fmt.Sprintf(format, args...)) }

func (m *model) step(in Input[int]) []string {
	m.out = nil
	switch in.Kind {
	case CallEnter, CallUpdate, CallLeave:
		action := map[InputKind]Action{CallEnter: Enter, CallUpdate: Update, CallLeave: Leave}[in.Kind]
		a := asked{call: in.Call, action: action, client: in.Client, payload: in.Payload}
		switch m.state {
		case Attached: // P1
			m.fly(a)
		case Attaching: // P2
			a.where, a.rank = "queued", m.lastRank()+1
			m.asked = append(m.asked, a)
		default: // P3
			m.say("settle %d not attached", in.Call)
		}
	case CallGet:
		if m.state == Attaching || m.state == Attached && m.sync { // P28
			m.asked = append(m.asked, asked{call: in.Call, where: "waiting"})
		} else if m.state == Attached {
			m.say("settle %d done %s", in.Call, m.membersText())
		} else { // P29
			m.say("settle %d not attached", in.Call)
		}
	case GiveUp: // P31
		m.asked = slices.DeleteFunc(m.asked, func(a asked) bool { return a.call == in.Call && a.where == "waiting" })
		for i := range m.asked {
			if m.asked[i].call == in.Call {
				m.asked[i].deaf = true
			}
		}
	case Answered:
		if in.Call == 0 {
			if in.Refused { // P13
				m.say("re-entry of %s refused", in.Client)
			}
			return m.out
		}
		i := m.flying(in.Call)
		if i < 0 {
			return nil
		}
		a := m.asked[i]
		m.asked = slices.Delete(m.asked, i, i+1)
		if in.Refused { // P6
			m.settle(a, "refused")
			return m.out
		}
		own := slices.IndexFunc(m.mine, func(o mine) bool { return o.client == a.client })
		if a.action == Leave { // P8
			if own >= 0 {
				m.mine = slices.Delete(m.mine, own, own+1)
			}
		} else if m.state != Idle && m.state != Failed { // P8, P14
			if own < 0 {
				own = len(m.mine)
				m.mine = append(m.mine, mine{client: a.client})
				for _, e := range m.list { // P9: its echo came before
					if e.m.ClientID == a.client && e.m.ConnectionID == m.connection && !e.left {
						m.mine[own].id, m.mine[own].idConn = e.m.ID, m.connection
					}
				}
			}
			m.mine[own].payload = a.payload
		}
		m.settle(a, "done")
	case Returned:
		i := m.flying(in.Call)
		if in.Call == 0 || i < 0 {
			return nil
		}
		// P7: calls that came back keep their order, before the queue
		if m.state == Attaching || m.state == Attached {
			back := 0
			for _, a := range m.asked {
				if a.where == "queued" && a.rank <= 0 {
					back++
				}
			}
			m.asked[i].where, m.asked[i].rank = "queued", -1000+back
			return nil
		}
		a := m.asked[i]
		m.asked = slices.Delete(m.asked, i, i+1)
		m.settle(a, "not attached")
	case Connected:
		m.connection = in.Connection
	case ChannelAttached:
		m.state = Attached
		if !in.Again { // P10
			m.reenter()
			m.dropMarks()
			m.sync, m.sequence = in.HasPresence, "" // P21
			m.allResidual()
			if !in.HasPresence {
				m.finish()
			}
		}
		for { // P4
			i := m.firstQueued()
			if i < 0 {
				break
			}
			a := m.asked[i]
			m.asked = slices.Delete(m.asked, i, i+1)
			m.fly(a)
		}
	case ChannelState:
		m.state, m.sync, m.sequence = in.State, false, ""
		m.dropMarks() // P27
		if in.State == Idle || in.State == Failed {
			m.mine, m.list = nil, nil // P14, P26
		}
		if in.State != Attaching {
			for i := m.firstQueued(); i >= 0; i = m.firstQueued() { // P5
				a := m.asked[i]
				m.asked = slices.Delete(m.asked, i, i+1)
				m.settle(a, "not attached")
			}
			m.wake("not attached") // P29
		}
	case Received:
		for _, p := range in.Messages {
			if m.state == Attached {
				m.take(p)
			}
		}
	case Synced:
		if m.state != Attached {
			return nil
		}
		sequence, cursor := in.Serial, ""
		if i := strings.Index(in.Serial, ":"); i >= 0 { // P22
			sequence, cursor = in.Serial[:i], in.Serial[i+1:]
		}
		first := m.sync && m.sequence == "" && in.Serial != ""
		if !first && (!m.sync || in.Serial == "" || sequence != m.sequence) {
			m.dropMarks()
			m.allResidual()
		}
		m.sync, m.sequence = true, sequence
		for _, p := range in.Messages {
			m.take(p)
		}
		if in.Serial == "" || cursor == "" { // P24
			m.finish()
		}
	}
	return m.out
}

func (m *model) settle(a asked, how string) {
	if !a.deaf {
		m.say("settle %d %s", a.call, how)
	}
}

func (m *model) fly(a asked) {
	a.where, a.rank = "flying", 0
	m.asked = append(m.asked, a)
	m.say("send %d %d %s %d id=", a.call, a.action, a.client, a.payload)
}

func (m *model) flying(c Call) int {
	return slices.IndexFunc(m.asked, func(a asked) bool { return a.call == c && a.where == "flying" })
}

func (m *model) lastRank() int {
	last := 0
	for _, a := range m.asked {
		if a.where == "queued" {
			last = max(last, a.rank)
		}
	}
	return last
}

func (m *model) firstQueued() int {
	first := -1
	for i, a := range m.asked {
		if a.where == "queued" && (first < 0 || a.rank < m.asked[first].rank) {
			first = i
		}
	}
	return first
}

func (m *model) reenter() { // P11, P12
	var clients []string
	for _, o := range m.mine {
		clients = append(clients, o.client)
	}
	slices.Sort(clients)
	for _, client := range clients {
		if slices.ContainsFunc(m.asked, func(a asked) bool { return a.client == client && a.where != "waiting" }) {
			continue
		}
		o := m.mine[slices.IndexFunc(m.mine, func(o mine) bool { return o.client == client })]
		id := ""
		if o.idConn == m.connection {
			id = o.id
		}
		m.say("send 0 %d %s %d id=%s", Enter, client, o.payload, id)
	}
}

func (m *model) dropMarks() {
	m.list = slices.DeleteFunc(m.list, func(e entry) bool { return e.left })
	for i := range m.list {
		m.list[i].residual = false
	}
}

func (m *model) allResidual() {
	for i := range m.list {
		m.list[i].residual = true
	}
}

func (m *model) sorted() []entry {
	list := slices.Clone(m.list)
	slices.SortFunc(list, func(a, b entry) int {
		return strings.Compare(a.m.ConnectionID+" "+a.m.ClientID, b.m.ConnectionID+" "+b.m.ClientID)
	})
	return list
}

func (m *model) membersText() string {
	var words []string
	for _, e := range m.sorted() {
		if !e.left {
			words = append(words, text(e.m))
		}
	}
	return strings.Join(words, " ")
}

func (m *model) finish() { // P25
	m.sync, m.sequence = false, ""
	for _, e := range m.sorted() {
		if e.residual && !e.left {
			gone := e.m
			gone.Action, gone.ID = Leave, ""
			m.say("report %s", text(gone))
		}
	}
	m.list = slices.DeleteFunc(m.list, func(e entry) bool { return e.residual || e.left })
	m.wake("done " + m.membersText()) // P30
}

func (m *model) wake(how string) {
	for i := 0; i < len(m.asked); {
		if m.asked[i].where != "waiting" {
			i++
			continue
		}
		m.say("settle %d %s", m.asked[i].call, how)
		m.asked = slices.Delete(m.asked, i, i+1)
	}
}

func (m *model) take(p Message[int]) {
	if p.Action < Present || p.Action > Update {
		return
	}
	i := slices.IndexFunc(m.list, func(e entry) bool {
		return e.m.ClientID == p.ClientID && e.m.ConnectionID == p.ConnectionID
	})
	was := false
	if i >= 0 {
		m.list[i].residual = false // P23
		if old(p, m.list[i].m) {   // P17
			return
		}
		was = !m.list[i].left
		m.list = slices.Delete(m.list, i, i+1)
	}
	if p.Action == Leave {
		if was {
			m.say("report %s", text(p)) // P19, P20
		}
		if m.sync { // P20
			m.list = append(m.list, entry{m: p, left: true})
		}
		return
	}
	m.say("report %s", text(p)) // P18
	for j := range m.mine {     // P9
		if m.mine[j].client == p.ClientID && p.ConnectionID == m.connection {
			m.mine[j].id, m.mine[j].idConn = p.ID, m.connection
		}
	}
	p.Action = Present
	m.list = append(m.list, entry{m: p})
}

// old applies P15 and P16: it reports whether the message in is older than the stored one.
func old(in, stored Message[int]) bool {
	var serials [2][2]int64
	for i, m := range []Message[int]{in, stored} {
		parts := strings.Split(m.ID, ":")
		var n, k int64
		if len(parts) != 3 || parts[0] != m.ConnectionID {
			return in.Timestamp < stored.Timestamp
		}
		if _, err := fmt.Sscan(parts[1]+" "+parts[2], &n, &k); err != nil {
			return in.Timestamp < stored.Timestamp
		}
		serials[i] = [2]int64{n, k}
	}
	return slices.Compare(serials[0][:], serials[1][:]) <= 0
}

func text(m Message[int]) string {
	return fmt.Sprintf("%d/%s/%s/%s/%d/%d", m.Action, m.ConnectionID, m.ClientID, m.ID, m.Timestamp, m.Payload)
}

// lines returns the core's outputs as lines, like those of the model.
func lines(outs []Output[int]) (list []string) {
	for _, o := range outs {
		switch o.Kind {
		case Send:
			list = append(list, fmt.Sprintf("send %d %d %s %d id=%s", o.Call, o.Message.Action, o.Message.ClientID, o.Message.Payload, o.Message.ID))
		case Settle:
			how := map[Outcome]string{Done: "done", Refused: "refused", NotAttached: "not attached"}[o.Outcome]
			if o.Members != nil {
				var words []string
				for _, m := range o.Members {
					words = append(words, text(m))
				}
				how += " " + strings.Join(words, " ")
			}
			list = append(list, fmt.Sprintf("settle %d %s", o.Call, how))
		case Report:
			list = append(list, "report "+text(o.Message))
		case ReentryRefused:
			list = append(list, fmt.Sprintf("re-entry of %s refused", o.Message.ClientID))
		}
	}
	return list
}
