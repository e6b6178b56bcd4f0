package fsm

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// ChannelCoreState is the whole state of a [Channel] as plain data, for explorers and traces.
type ChannelCoreState[E comparable] struct {
	LastCall Call // the number of calls that have begun
	State    ChannelState
	// the state to return to when a detach times out; initialized unless detaching
	Back          ChannelState
	Link          Link
	Reason        E
	Wire          []Request // the requests that may still be answered, oldest first
	Awaited       bool      // the last request of Wire is awaited
	Held          bool      // the server may have the channel attached
	Doubt         bool      // an ATTACH that left Wire may still be answered
	Leftover      bool      // the server may have attached what was detached or given back here
	GivenBack     bool
	Attachers     []Call
	Detachers     []Call
	Retries       uint8
	Resume        bool
	ChannelSerial Serial
	AttachSerial  Serial
}

// StateInto writes the whole state into s, and reuses the memory of s. Later steps of the core
// don't change s.
func (c *Channel[E]) StateInto(s *ChannelCoreState[E]) {
	*s = ChannelCoreState[E]{
		LastCall: c.lastCall, State: c.state, Back: c.back, Link: c.link, Reason: c.reason,
		Wire: append(s.Wire[:0], c.wire...), Awaited: c.awaited, Held: c.held, Doubt: c.doubt, Leftover: c.leftover, GivenBack: c.givenBack,
		Attachers: append(s.Attachers[:0], c.attachers...), Detachers: append(s.Detachers[:0], c.detachers...),
		Retries: c.retries, Resume: c.resume, ChannelSerial: c.channelSerial, AttachSerial: c.attachSerial,
	}
}

// Restore puts the core into a state that [Channel.StateInto] wrote, of this core or of another;
// from then on, both cores do the same. It shares no memory with s. It refuses a contradictory
// state with an error, and then changes nothing; it doesn't check whether steps lead to the state.
func (c *Channel[E]) Restore(s ChannelCoreState[E]) error {
	connected := s.Link == LinkConnected
	outside := func(states ...ChannelState) bool { return !slices.Contains(states, s.State) }
	unknown := func(r Request) bool { return r != RequestAttach && r != RequestDetach }
	switch {
	case s.State > ChannelFailed || s.Link > LinkEnded || s.Retries > maxRetry || slices.ContainsFunc(s.Wire, unknown):
		return fmt.Errorf("fsm: no channel is %v on a connection that is %v, with %v on the wire, after retry %d",
			s.State, s.Link, s.Wire, s.Retries)
	case !connected && (len(s.Wire) > 0 || s.Doubt) || connected && s.Leftover:
		return fmt.Errorf("fsm: the wire has %v (left over: %t) on a connection that is %v", s.Wire, s.Leftover, s.Link)
	case s.Awaited && (len(s.Wire) == 0 || s.State == ChannelSuspended),
		connected && !s.Awaited && !outside(ChannelAttaching, ChannelDetaching):
		return fmt.Errorf("fsm: a request is awaited: %t, of %v, while %v", s.Awaited, s.Wire, s.State)
	case (s.State == ChannelDetaching) != (s.Back == ChannelAttached || s.Back == ChannelDetached),
		s.State != ChannelDetaching && s.Back != ChannelInitialized:
		return fmt.Errorf("fsm: a channel that is %v does not go back to %v", s.State, s.Back)
	case s.GivenBack && s.State != ChannelInitialized:
		return fmt.Errorf("fsm: a channel that was given back is %v", s.State)
	case len(s.Attachers) > 0 && outside(ChannelAttaching, ChannelAttached, ChannelDetaching),
		len(s.Detachers) > 0 && outside(ChannelAttaching, ChannelDetaching):
		return fmt.Errorf("fsm: calls %v and %v wait while %v", s.Attachers, s.Detachers, s.State)
	}
	waiting := slices.Sorted(slices.Values(slices.Concat(s.Attachers, s.Detachers)))
	if len(waiting) > 0 && (waiting[0] == 0 || waiting[len(waiting)-1] > s.LastCall) ||
		len(slices.Compact(slices.Clone(waiting))) < len(waiting) {
		return fmt.Errorf("fsm: one of the calls %v has not begun, or waits twice", waiting)
	}
	*c = Channel[E]{
		table: ChannelStates(), lastCall: s.LastCall, state: s.State, back: s.Back, link: s.Link, reason: s.Reason,
		wire: copied(s.Wire), awaited: s.Awaited, held: s.Held, doubt: s.Doubt, leftover: s.Leftover, givenBack: s.GivenBack,
		attachers: copied(s.Attachers), detachers: copied(s.Detachers),
		retries: s.Retries, resume: s.Resume, channelSerial: s.ChannelSerial, attachSerial: s.AttachSerial,
	}
	return nil
}

// AppendKey appends the canonical key of the state to dst: two cores have the same key if and only
// if they are equal, whatever steps led to them. appendError must append different bytes for
// different errors, and never a prefix of what it appends for another value.
func (c *Channel[E]) AppendKey(dst []byte, appendError func([]byte, E) []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(c.lastCall))
	flags := byte(0)
	for i, set := range []bool{c.awaited, c.held, c.doubt, c.leftover, c.givenBack, c.resume} {
		if set {
			flags |= 1 << i
		}
	}
	dst = append(dst, byte(c.state), byte(c.back), byte(c.link), c.retries, flags)
	dst = appendError(dst, c.reason)
	dst = binary.AppendUvarint(dst, uint64(len(c.wire)))
	for _, r := range c.wire {
		dst = append(dst, byte(r))
	}
	for _, calls := range [][]Call{c.attachers, c.detachers} {
		dst = binary.AppendUvarint(dst, uint64(len(calls)))
		for _, call := range calls {
			dst = binary.AppendUvarint(dst, uint64(call))
		}
	}
	for _, serial := range []Serial{c.channelSerial, c.attachSerial} {
		dst = binary.AppendUvarint(dst, uint64(len(serial)))
		dst = append(dst, serial...)
	}
	return dst
}

// Equal reports whether two cores are in the same state.
func (c *Channel[E]) Equal(d *Channel[E]) bool {
	return c.lastCall == d.lastCall && c.state == d.state && c.back == d.back && c.link == d.link &&
		c.reason == d.reason && slices.Equal(c.wire, d.wire) && c.awaited == d.awaited && c.held == d.held && c.doubt == d.doubt && c.leftover == d.leftover &&
		c.givenBack == d.givenBack && slices.Equal(c.attachers, d.attachers) && slices.Equal(c.detachers, d.detachers) &&
		c.retries == d.retries && c.resume == d.resume && c.channelSerial == d.channelSerial &&
		c.attachSerial == d.attachSerial
}
