package model

import "slices"

// ChannelServer is the server of a channel, as far as it keeps its promise: it answers each request
// at most once, in the order in which they were sent on one connection, with an answer of the
// request's kind, and sends frames of its own only while it holds the channel attached. It knows
// which life of the name each request belongs to; the channel doesn't.
type ChannelServer struct {
	// Sent are the requests that may still be answered.
	Sent []ChannelSent
	// Holds says for whom the channel is attached.
	Holds ChannelHold
	// GaveUp says that on this connection a request was not answered in time, Spoke that the server
	// sent an ATTACHED, DETACHED or ERROR of its own accord.
	GaveUp, Spoke bool
}

// ChannelSent is a request on its way.
type ChannelSent struct {
	Request ChannelRequest
	Earlier bool // of an earlier life
}

// ChannelHold says for whom the server holds a channel attached.
type ChannelHold uint8

// For whom.
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

// ChannelEvent is an input together with what only the server knows of it.
type ChannelEvent struct {
	In ChannelInput
	// Earlier says that the frame belongs to an earlier life: it answers a request of that, or is
	// the server's own about a channel that it holds for that.
	Earlier bool
	// Server is the server after the event, before it hears what the channel sends by it.
	Server ChannelServer
}

// Events returns what may happen next with a server that keeps its promise, of the inputs of the
// alphabet.
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
// requests, of which those before it will not be answered any more, or of its own accord.
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

// lost returns the ways in which the server may be left by the end of a connection: it may have
// taken any of the requests before.
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
		if h != HoldsNone { // what went wrong is not over
			after.GaveUp, after.Spoke = s.GaveUp, s.Spoke
		}
		events = append(events, ChannelEvent{In: in, Server: after})
	}
	return events
}

// Take takes a step with the server.
func (r ChannelRun) Take(e ChannelEvent) (ChannelRun, []ChannelOutput, error) {
	next, outputs, err := r.Step(e.In)
	if err != nil {
		return r, nil, err
	}
	next.ChannelServer = e.Server.Hears(next.Channel, outputs)
	return next, outputs, nil
}

// Hears returns the server with the requests on their way to it that a step of the channel sent.
// What a channel that was given back sends is of the life that ended.
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
