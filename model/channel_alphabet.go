package model

// ChannelBounds limits what an exhaustive walk of a channel tries.
type ChannelBounds struct {
	// Calls is the number of calls that may begin; Errors and Serials are the numbers of errors and
	// serials, not counting none.
	Calls, Errors, Serials int
	// Wire is the number of requests that may be unanswered at a time. An input after which there
	// would be more is left out.
	Wire int
}

// ChannelAlphabet returns every input of a channel within the bounds, and the zero ChannelInput. An
// ERROR, a timer and the end of a connection have the error b.Errors: a channel treats them alike
// with an error and without one. For a DETACHED there is an input without an error, and one for
// each error.
func ChannelAlphabet(b ChannelBounds) []ChannelInput {
	inputs := []ChannelInput{{Kind: KindGiveBack}, {Kind: KindRenew}, {Kind: KindOvertaken}, {Kind: KindRetryTimeout}, {}}
	for call := 1; call <= b.Calls; call++ {
		for kind := KindChannelAttach; kind <= KindSetOptions; kind++ {
			inputs = append(inputs, ChannelInput{Kind: kind, Call: call})
		}
	}
	for serial := 0; serial <= b.Serials; serial++ {
		inputs = append(inputs, ChannelInput{Kind: KindMessage, Serial: serial})
		for err := 0; err <= b.Errors; err++ {
			for _, resumed := range []bool{false, true} {
				inputs = append(inputs, ChannelInput{Kind: KindAttached, Resumed: resumed, Serial: serial, Err: err})
			}
		}
	}
	for err := 0; err <= b.Errors; err++ {
		inputs = append(inputs, ChannelInput{Kind: KindDetached, Err: err})
	}
	inputs = append(inputs, ChannelInput{Kind: KindError, Err: b.Errors}, ChannelInput{Kind: KindRequestTimeout, Err: b.Errors},
		ChannelInput{Kind: KindConnection, Connection: ToConnected, Resumed: true})
	for to := ToInitialized; to <= ToFailed; to++ {
		in := ChannelInput{Kind: KindConnection, Connection: to}
		switch to {
		case ToDisconnected, ToSuspended, ToClosed, ToFailed:
			in.Err = b.Errors
		}
		inputs = append(inputs, in)
	}
	return inputs
}

// Possible reports whether the input may occur within the bounds. The channel may still refuse it.
func (c Channel) Possible(in ChannelInput, b ChannelBounds) bool {
	if in.Call > b.Calls {
		return false
	}
	next, _, err := c.Step(in)
	return err != nil || len(next.Wire) <= b.Wire
}
