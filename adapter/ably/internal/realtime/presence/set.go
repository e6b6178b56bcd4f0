package presence

import (
	"cmp"
	"maps"
	"slices"
)

// Set is the presence of one channel. Its zero value belongs to a channel that was never attached.
// Only [Set.Step] changes it. One goroutine at a time may use it.
type Set[P any] struct {
	state      State
	connection string // the present connection's id

	members map[key]*member[P]
	own     map[string]*ownMember[P] // by clientId

	syncing  bool
	sequence string // the sequence of the running sync; "" until its first page

	queue    []request[P] // calls that wait for ATTACHED, in their order
	inFlight []request[P] // calls without an answer, in the order of sending
	gets     []Call       // calls of Get that wait
}

// key identifies a member (RTP2).
type key struct{ connection, client string }

type member[P any] struct {
	Message[P]
	left     bool // a mark: the member left during the sync (P20)
	residual bool // the running sync has not mentioned the member (P21)
}

// ownMember is a client that this program entered.
type ownMember[P any] struct {
	payload    P
	id         string // the id of the service's entry; "" if unknown
	connection string // the connection of that entry
}

// request is a call of Enter, Update or Leave that is not settled.
type request[P any] struct {
	call    Call
	action  Action
	client  string
	payload P
	back    bool // it was in flight on a connection that was not resumed (P7)
	givenUp bool // no caller waits for it (P31)
}

// Step applies one input, and appends the outputs to outs. Every input is legal at any time. An
// answer to a call that is not in flight changes nothing, and so does a message that the state
// doesn't accept.
func (s *Set[P]) Step(in Input[P], outs []Output[P]) []Output[P] {
	switch in.Kind {
	case CallEnter, CallUpdate, CallLeave:
		return s.ask(request[P]{call: in.Call, action: actionOf(in.Kind), client: in.Client, payload: in.Payload}, outs)
	case CallGet:
		return s.get(in.Call, outs)
	case GiveUp:
		s.giveUp(in.Call)
	case Answered:
		return s.answered(in, outs)
	case Returned:
		return s.returned(in, outs)
	case Connected:
		s.connection = in.Connection
	case ChannelAttached:
		return s.attached(in, outs)
	case ChannelState:
		return s.moved(in.State, outs)
	case Received:
		if s.state == Attached {
			for _, m := range in.Messages {
				outs = s.take(m, outs)
			}
		}
	case Synced:
		if s.state == Attached {
			return s.page(in, outs)
		}
	}
	return outs
}

func actionOf(k InputKind) Action {
	return [...]Action{CallEnter: Enter, CallUpdate: Update, CallLeave: Leave}[k]
}

// ask handles a call of Enter, Update or Leave (P1 to P3).
func (s *Set[P]) ask(r request[P], outs []Output[P]) []Output[P] {
	switch s.state {
	case Attached:
		return s.send(r, outs)
	case Attaching:
		s.queue = append(s.queue, r)
		return outs
	}
	return append(outs, Output[P]{Kind: Settle, Call: r.call, Outcome: NotAttached})
}

func (s *Set[P]) send(r request[P], outs []Output[P]) []Output[P] {
	s.inFlight = append(s.inFlight, r)
	return append(outs, Output[P]{Kind: Send, Call: r.call,
		Message: Message[P]{Action: r.action, ClientID: r.client, Payload: r.payload}})
}

// get handles a call of Get (P28, P29).
func (s *Set[P]) get(c Call, outs []Output[P]) []Output[P] {
	switch {
	case s.state == Attached && !s.syncing:
		return append(outs, Output[P]{Kind: Settle, Call: c, Members: s.present()})
	case s.state == Attached || s.state == Attaching:
		s.gets = append(s.gets, c)
		return outs
	}
	return append(outs, Output[P]{Kind: Settle, Call: c, Outcome: NotAttached})
}

// giveUp handles a call whose caller no longer waits (P31).
func (s *Set[P]) giveUp(c Call) {
	for _, list := range [][]request[P]{s.queue, s.inFlight} {
		for i := range list {
			list[i].givenUp = list[i].givenUp || list[i].call == c
		}
	}
	s.gets = slices.DeleteFunc(s.gets, func(g Call) bool { return g == c })
}

// answered handles an answer to a call or to a re-entry (P6, P8, P13).
func (s *Set[P]) answered(in Input[P], outs []Output[P]) []Output[P] {
	if in.Call == 0 {
		if in.Refused {
			outs = append(outs, Output[P]{Kind: ReentryRefused, Message: Message[P]{ClientID: in.Client}})
		}
		return outs
	}
	r, ok := s.landed(in.Call)
	if !ok {
		return outs
	}
	switch {
	case in.Refused:
	case r.action == Leave:
		delete(s.own, r.client)
	case s.state == Idle || s.state == Failed: // P14: such a channel has no own members
	default:
		o := s.own[r.client]
		if o == nil {
			o = &ownMember[P]{}
			if s.own == nil {
				s.own = map[string]*ownMember[P]{}
			}
			s.own[r.client] = o
			if m := s.members[key{s.connection, r.client}]; m != nil && !m.left {
				o.id, o.connection = m.ID, m.ConnectionID // the echo came first
			}
		}
		o.payload = r.payload
	}
	outcome := Done
	if in.Refused {
		outcome = Refused
	}
	return settle(r, outcome, outs)
}

// returned handles a call that came back without an answer (P7). A re-entry that came back is
// dropped (P13).
func (s *Set[P]) returned(in Input[P], outs []Output[P]) []Output[P] {
	r, ok := s.landed(in.Call)
	if !ok {
		return outs
	}
	switch s.state {
	case Attached, Attaching:
		// Insert it before the queued calls, and after calls that came back before it.
		at := 0
		for at < len(s.queue) && s.queue[at].back {
			at++
		}
		r.back = true
		s.queue = slices.Insert(s.queue, at, r)
		return outs
	}
	return settle(r, NotAttached, outs)
}

func settle[P any](r request[P], outcome Outcome, outs []Output[P]) []Output[P] {
	if r.givenUp {
		return outs
	}
	return append(outs, Output[P]{Kind: Settle, Call: r.call, Outcome: outcome})
}

// landed removes a call from those in flight, and returns it.
func (s *Set[P]) landed(c Call) (r request[P], ok bool) {
	i := slices.IndexFunc(s.inFlight, func(r request[P]) bool { return r.call == c })
	if i < 0 {
		return r, false
	}
	r = s.inFlight[i]
	s.inFlight = slices.Delete(s.inFlight, i, i+1)
	return r, true
}

// present returns the members, sorted by key.
func (s *Set[P]) present() []Message[P] {
	list := []Message[P]{}
	for _, k := range s.keys() {
		if m := s.members[k]; !m.left {
			list = append(list, m.Message)
		}
	}
	return list
}

func (s *Set[P]) keys() []key {
	return slices.SortedFunc(maps.Keys(s.members), func(a, b key) int {
		return cmp.Or(cmp.Compare(a.connection, b.connection), cmp.Compare(a.client, b.client))
	})
}
