package model

import "slices"

// ChannelServer is the server of one channel, if it keeps its promise. Such a server answers each
// request at most once, with an answer of the request's kind. It answers the requests of one
// connection in the order in which they were sent. It sends frames of its own accord only while it
// has the channel attached. It knows which life of the channel's name each request belongs to; the
// channel doesn't. A life goes from the beginning, or from Renew, to GiveBack: see docs/channel.md.
type ChannelServer struct {
	// Sent are the requests that may still be answered.
	Sent []ChannelSent
	// Holds says for which life the server has the channel attached.
	Holds ChannelHold
	// GaveUp says that a request on this connection was not answered in time. Spoke says that the
	// server sent an ATTACHED, DETACHED or ERROR of its own accord on this connection.
	GaveUp, Spoke bool
}

// ChannelSent is a request on its way.
type ChannelSent struct {
	Request ChannelRequest
	Earlier bool // the request belongs to an earlier life
}

// ChannelHold says for which life the server has a channel attached.
type ChannelHold uint8

// The values of ChannelHold.
const (
	HoldsNone    ChannelHold = iota
	HoldsOwn                 // for the present life
	HoldsEarlier             // for an earlier life
)

func (s ChannelServer) key(b []byte) []byte {
	for _, r := range s.Sent {
		b = flag(number(b, int(r.Request)), r.Earlier)
	}
	return flag(flag(number(b, int(s.Holds)), s.GaveUp), s.Spoke)
}

// ChannelEvent is an input of the channel, with what only the server knows about the input.
type ChannelEvent struct {
	In ChannelInput
	// Earlier says that the frame belongs to an earlier life: it answers a request of that life, or
	// the server sends it of its own accord while it has the channel attached for that life.
	Earlier bool
	// Server is the server after the event, before it receives the requests that the channel sends
	// in this step.
	Server ChannelServer
}

// Events returns the events that may happen next if the server keeps its promise. Their inputs are
// from the alphabet.
func (r ChannelRun) Events(alphabet []ChannelInput) (events []ChannelEvent) {
	s := r.ChannelServer
	for _, in := range alphabet {
		switch in.Kind {
		case KindAttached, KindDetached, KindError, KindMessage:
			if r.Connection == ConnectionConnected {
				events = append(events, s.frames(in)...)
			}
		case KindOvertaken: // is no answer
		case KindConnection:
			if r.Connection == ConnectionConnected {
				events = append(events, s.lost(in)...)
				continue
			}
			ended := r.Connection == ConnectionClosing || r.Connection == ConnectionEnded
			if ended && in.Resumed { // connect() makes a new connection (RTN11b, RTN11d)
				continue
			}
			after := s
			if ended || in.Connection == ToConnected && !in.Resumed || in.Connection == ToClosed || in.Connection == ToFailed {
				after.Holds = HoldsNone
			}
			events = append(events, ChannelEvent{In: in, Server: after})
		case KindRequestTimeout:
			after := s
			after.GaveUp = true
			events = append(events, ChannelEvent{In: in, Server: after})
		case KindGiveBack:
			after := s
			after.Sent = slices.Clone(s.Sent)
			for i := range after.Sent {
				after.Sent[i].Earlier = true
			}
			if after.Holds == HoldsOwn {
				after.Holds = HoldsEarlier
			}
			events = append(events, ChannelEvent{In: in, Server: after})
		default:
			events = append(events, ChannelEvent{In: in, Server: s})
		}
	}
	return events
}

// frames returns the ways in which the server may send the frame: as the answer to one of the
// requests, or of its own accord. Once a request is answered, those sent before it get no answer.
func (s ChannelServer) frames(in ChannelInput) (events []ChannelEvent) {
	for i, sent := range s.Sent {
		after := s
		after.Sent = slices.Clone(s.Sent[i+1:])
		switch {
		case sent.Request == RequestDetach:
			if in.Kind != KindDetached || in.Err != 0 {
				continue
			}
			after.Holds = HoldsNone
		case in.Kind == KindAttached:
			after.Holds = s.holdsFor(sent)
		case in.Kind != KindMessage && in.Err != 0:
			after.Holds = HoldsNone
		default:
			continue
		}
		events = append(events, ChannelEvent{In: in, Earlier: sent.Earlier, Server: after})
	}
	if s.Holds != HoldsNone && (in.Kind == KindAttached || in.Kind == KindMessage || in.Err != 0) {
		after := s
		after.Spoke = s.Spoke || in.Kind != KindMessage
		if in.Kind == KindDetached || in.Kind == KindError {
			after.Holds = HoldsNone
		}
		events = append(events, ChannelEvent{In: in, Earlier: s.Holds == HoldsEarlier, Server: after})
	}
	return events
}

func (s ChannelServer) holdsFor(sent ChannelSent) ChannelHold {
	if sent.Earlier {
		return HoldsEarlier
	}
	return HoldsOwn
}

// lost returns the states that the server may be in after the end of a connection: before the end,
// it may have carried out any of the requests that were on their way.
func (s ChannelServer) lost(in ChannelInput) (events []ChannelEvent) {
	holds := []ChannelHold{s.Holds}
	if in.Connection == ToConnected && !in.Resumed || in.Connection == ToClosed || in.Connection == ToFailed {
		holds = []ChannelHold{HoldsNone}
	} else {
		for _, sent := range s.Sent {
			next := HoldsNone
			if sent.Request == RequestAttach {
				next = s.holdsFor(sent)
			}
			if !slices.Contains(holds, next) {
				holds = append(holds, next)
			}
		}
	}
	for _, h := range holds {
		after := ChannelServer{Holds: h}
		if h != HoldsNone { // GaveUp and Spoke stay while the channel is attached
			after.GaveUp, after.Spoke = s.GaveUp, s.Spoke
		}
		events = append(events, ChannelEvent{In: in, Server: after})
	}
	return events
}

// Take makes one step of the channel and of the server.
func (r ChannelRun) Take(e ChannelEvent) (ChannelRun, []ChannelOutput, error) {
	next, outputs, err := r.Step(e.In)
	if err != nil {
		return r, nil, err
	}
	next.ChannelServer = e.Server.Hears(next.Channel, outputs)
	return next, outputs, nil
}

// Hears returns the server after a step of the channel: the requests that the step sent are on
// their way. Requests of a channel that was given back belong to the life that ended.
func (s ChannelServer) Hears(c Channel, outputs []ChannelOutput) ChannelServer {
	sent := slices.Clone(s.Sent)
	for _, o := range outputs {
		switch o.Kind {
		case OutputSendAttach:
			sent = append(sent, ChannelSent{RequestAttach, c.GivenBack})
		case OutputSendDetach:
			sent = append(sent, ChannelSent{RequestDetach, c.GivenBack})
		}
	}
	s.Sent = sent
	return s
}
