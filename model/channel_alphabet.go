package model

// ChannelBounds limits what an exhaustive walk of a channel tries.
type ChannelBounds struct {
	// Calls is how many calls are made; Errors and Serials how many there are; none is not counted.
	Calls, Errors, Serials int
	// Wire is how many requests may be unanswered at a time: an input after which there would be
	// more does not come.
	Wire int
}

// ChannelAlphabet returns every input that a channel could be given within the bounds, and one of
// no kind. ERROR, timers and the end of a connection come with the last error: that they may have
// none makes no difference to a channel; for a DETACHED it does.
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

// Possible reports whether the input may come within the bounds. It need not be taken.
func (c Channel) Possible(in ChannelInput, b ChannelBounds) bool {
	if in.Call > b.Calls {
		return false
	}
	next, _, err := c.Step(in)
	return err != nil || len(next.Wire) <= b.Wire
}
