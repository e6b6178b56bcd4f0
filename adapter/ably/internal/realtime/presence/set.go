package presence

import (
	"cmp"
	"maps"
	"slices"
)

// Set is the presence of one channel. Its zero value is that of a channel that was never attached.
// It is changed by [Set.Step] alone and used by one goroutine at a time.
type Set[P any] struct {
	state      State
	connection string // the present connection's id

	members map[key]*member[P]
	own     map[string]*ownMember[P] // by clientId

	syncing  bool
	sequence string // of the running sync; "" until its first page

	queue    []request[P] // calls that wait for ATTACHED, in their order
	inFlight []request[P] // in the order in which they were sent
	gets     []Call       // that wait
}

// key names a member (RTP2).
type key struct{ connection, client string }

type member[P any] struct {
	Message[P]
	left     bool // a mark of one that left during the sync (P20)
	residual bool // nothing was said of it in the running sync (P21)
}

// ownMember is a client that this program entered.
type ownMember[P any] struct {
	payload    P
	id         string // of the service's entry, "" when it is unknown
	connection string // of that entry
}

// request is an Enter, Update or Leave under way.
type request[P any] struct {
	call    Call
	action  Action
	client  string
	payload P
	back    bool // it was in flight on a connection that did not go on (P7)
	givenUp bool // no caller waits for it (P31)
}

// Step applies one input and appends what is to be done to outs. Every input is legal at any time;
// answers to what is not in flight, and messages that the state doesn't take, change nothing.
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

// ask is P1 to P3.
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

// get is P28 and P29.
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

// giveUp is P31.
func (s *Set[P]) giveUp(c Call) {
	for _, list := range [][]request[P]{s.queue, s.inFlight} {
		for i := range list {
			list[i].givenUp = list[i].givenUp || list[i].call == c
		}
	}
	s.gets = slices.DeleteFunc(s.gets, func(g Call) bool { return g == c })
}

// answered is P6, P8 and P13.
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
	case s.state == Idle || s.state == Failed: // P14: what ended the channel ended its members
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

// returned is P7, and P13 for re-entries, which need nothing.
func (s *Set[P]) returned(in Input[P], outs []Output[P]) []Output[P] {
	r, ok := s.landed(in.Call)
	if !ok {
		return outs
	}
	switch s.state {
	case Attached, Attaching:
		// Before what is queued, after what came back before it.
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

// landed takes a call out of what is in flight.
func (s *Set[P]) landed(c Call) (r request[P], ok bool) {
	i := slices.IndexFunc(s.inFlight, func(r request[P]) bool { return r.call == c })
	if i < 0 {
		return r, false
	}
	r = s.inFlight[i]
	s.inFlight = slices.Delete(s.inFlight, i, i+1)
	return r, true
}

// present returns the members, by key.
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
