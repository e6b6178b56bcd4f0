package model

import "slices"

// ChannelHistory is what an observer of a channel's inputs and outputs remembers of them. The
// channel's properties compare a [Channel] with it. The zero ChannelHistory is the beginning.
type ChannelHistory struct {
	// Calls are all calls that ever began; call n is Calls[n-1].
	Calls []ChannelCall
	// RequestTimer and RetryTimer report which timers run, according to the outputs.
	RequestTimer, RetryTimer bool
	// Told is the state in the last state event.
	Told ChannelState
	// Retry counts the retries since a state other than attaching or suspended was
	// reported.
	Retry int
	// Reason is the error of the last change of state that had one, as docs/channel.md defines it.
	Reason int
	// Wrong describes an output that must not occur, such as a call settled twice or a stopped
	// timer that did not run; "" for none.
	Wrong string
}

// ChannelCall is one call on a channel, with its outcome.
type ChannelCall struct {
	Kind    ChannelKind
	Outcome ChannelOutcome
}

// Record returns the history after a step: first the input, then the outputs in their order.
func (h ChannelHistory) Record(before Channel, in ChannelInput, outputs []ChannelOutput) ChannelHistory {
	h.Calls = slices.Clone(h.Calls)
	switch in.Kind {
	case KindChannelAttach, KindChannelDetach, KindSetOptions:
		h.Calls = append(h.Calls, ChannelCall{Kind: in.Kind})
		if in.Kind == KindChannelAttach && before.State == ChannelFailed && !before.mayNotAttach() {
			h.Reason = 0
		}
	case KindGiveBack:
		h.Told, h.Retry, h.Reason = ChannelInitialized, 0, 0
	case KindRequestTimeout:
		h.RequestTimer = false
	case KindRetryTimeout:
		h.RetryTimer = false
	}
	for _, o := range outputs {
		switch o.Kind {
		case OutputChannelSettle:
			if o.Call < 1 || o.Call > len(h.Calls) || h.Calls[o.Call-1].Outcome != OutcomeChannelPending {
				h.Wrong = "a call is settled that is not pending"
				continue
			}
			h.Calls[o.Call-1].Outcome = o.Outcome
		case OutputStartRequestTimer:
			h.RequestTimer = true
		case OutputStopRequestTimer:
			if !h.RequestTimer {
				h.Wrong = "the request timer is stopped and does not run"
			}
			h.RequestTimer = false
		case OutputStartRetryTimer:
			if h.RetryTimer {
				h.Wrong = "the retry timer is started and runs"
			}
			h.RetryTimer, h.Retry = true, o.Retry
		case OutputStopRetryTimer:
			if !h.RetryTimer {
				h.Wrong = "the retry timer is stopped and does not run"
			}
			h.RetryTimer = false
		case OutputChannelState:
			h.Told = o.State
			if o.Err != 0 {
				h.Reason = o.Err
			}
			if o.State == ChannelAttached {
				h.Reason = 0
			}
			if o.State != ChannelAttaching && o.State != ChannelSuspended {
				h.Retry = 0
			}
		}
	}
	connects := in.Kind == KindConnection && (in.Connection <= ToConnecting || in.Connection == ToDisconnected || in.Connection == ToConnected)
	if connects && (before.Connection == ConnectionClosing || before.Connection == ConnectionEnded) {
		h.Reason = 0
	}
	return h
}

// ChannelRun is a channel with its history and its server. The zero ChannelRun is the beginning.
type ChannelRun struct {
	Channel
	ChannelHistory
	ChannelServer
}

// Step makes one step of the channel and records it. There is no server.
func (r ChannelRun) Step(in ChannelInput) (ChannelRun, []ChannelOutput, error) {
	next, outputs, err := r.Channel.Step(in)
	if err != nil {
		return r, nil, err
	}
	return ChannelRun{next, r.ChannelHistory.Record(r.Channel, in, outputs), ChannelServer{}}, outputs, nil
}

// Key returns a string that two runs share if and only if their states, servers and histories are
// equal, except for the outcomes of calls: the properties check an outcome in the step that reports
// it.
func (r ChannelRun) Key() string {
	b := []byte(r.Channel.Key())
	for _, c := range r.Calls {
		if c.Outcome == OutcomeChannelPending {
			b = number(b, int(c.Kind))
		}
		b = append(b, ',')
	}
	b = number(number(number(b, int(r.Told)), r.Retry), r.ChannelHistory.Reason)
	for _, set := range []bool{r.RequestTimer, r.RetryTimer, r.Wrong != ""} {
		b = flag(b, set)
	}
	return string(r.ChannelServer.key(b))
}
