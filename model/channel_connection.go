package model

import "slices"

// connection applies a change of the connection.
func (t *channelTurn) connection() {
	kinds := map[ConnectionState]ChannelConnection{ToConnected: ConnectionConnected, ToSuspended: ConnectionSuspended,
		// the others wait
		ToClosing: ConnectionClosing, ToClosed: ConnectionEnded, ToFailed: ConnectionEnded}
	was := t.Connection
	t.Connection = kinds[t.in.Connection]
	if was == ConnectionConnected {
		t.lose()
	}
	switch t.in.Connection {
	case ToInitialized, ToConnecting, ToDisconnected:
		t.waits(was)
	case ToConnected:
		t.connected(was)
	case ToSuspended:
		t.by(C46)
		t.suspendedConnection()
	case ToClosing:
		t.by(C47)
	case ToClosed:
		t.closed()
	case ToFailed:
		t.by(C49)
		if t.goesOn() {
			t.fail()
		}
		t.Held, t.Leftover = false, false
	}
}

// lose applies the loss of a connection.
func (t *channelTurn) lose() {
	t.by(C43)
	unanswered := len(t.Wire) > 0 || t.Doubt
	t.Held = t.Held || t.Doubt || slices.Contains(t.Wire, RequestAttach)
	switch t.State {
	case ChannelInitialized, ChannelDetached, ChannelFailed:
		t.Leftover = t.Leftover || unanswered
	case ChannelAttaching, ChannelSuspended:
		t.Leftover = t.Leftover || slices.Contains(t.Wire, RequestDetach)
	}
	t.Wire, t.Awaited, t.Doubt = nil, false, false
	if t.State == ChannelAttaching && len(t.Detachers) > 0 {
		t.set(ChannelDetached, false, 0)
		t.Leftover = t.Leftover || t.Held
		t.settleAll(&t.Attachers, OutcomeChannelSuperseded, 0)
		t.settleAll(&t.Detachers, OutcomeChannelDone, 0)
	}
}

func (t *channelTurn) waits(was ChannelConnection) {
	t.by(C44)
	if was == ConnectionClosing {
		t.closed()
	}
	if was == ConnectionClosing || was == ConnectionEnded {
		t.set(ChannelInitialized, false, 0)
		t.Reason = 0
	}
}

func (t *channelTurn) connected(was ChannelConnection) {
	if was == ConnectionClosing || was == ConnectionEnded {
		t.waits(was)
	}
	t.by(C45)
	if t.in.Resumed && t.Leftover {
		t.send(RequestDetach)
	}
	t.Held, t.Leftover = t.Held && t.in.Resumed, false
	switch t.State {
	case ChannelAttaching, ChannelAttached, ChannelSuspended:
		t.attach(0)
	case ChannelDetaching:
		t.send(RequestDetach)
		if !t.in.Resumed {
			t.Back = ChannelDetached
		}
	}
}

// goesOn reports whether the channel is in a state that the end of the connection ends.
func (c Channel) goesOn() bool {
	return slices.Contains([]ChannelState{ChannelAttaching, ChannelAttached, ChannelDetaching, ChannelSuspended}, c.State)
}

func (t *channelTurn) suspendedConnection() {
	switch t.State {
	case ChannelAttaching, ChannelAttached:
		t.set(ChannelSuspended, false, t.in.Err)
		t.settleAll(&t.Attachers, OutcomeChannelFailed, t.in.Err)
	case ChannelDetaching:
		t.endDetach()
		t.Leftover = t.Leftover || t.Held
	}
}

// endDetach ends a detach whose connection has ended: the server then has the channel attached no
// more.
func (t *channelTurn) endDetach() {
	t.set(ChannelDetached, false, t.in.Err)
	t.settleAll(&t.Detachers, OutcomeChannelDone, 0)
	t.settleAll(&t.Attachers, OutcomeChannelInvalidConnection, 0)
}

func (t *channelTurn) closed() {
	t.by(C48)
	t.Held, t.Leftover = false, false
	switch {
	case t.State == ChannelDetaching:
		t.endDetach()
	case t.goesOn():
		t.set(ChannelDetached, false, t.in.Err)
		t.settleAll(&t.Attachers, OutcomeChannelFailed, t.in.Err)
	}
}
