package model

// ChannelBounds limits what an exhaustive walk of a channel tries.
type ChannelBounds struct {
	// Calls is how many calls are made; Errors and Serials how many there are, besides none.
	Calls, Errors, Serials int
	// Wire is how many requests may be unanswered at a time: an input after which there would be
	// more does not come.
	Wire int
}

// ChannelAlphabet returns every input that a channel could be given within the bounds, and one of
// no kind.
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
		for _, kind := range []ChannelKind{KindDetached, KindError, KindRequestTimeout} {
			inputs = append(inputs, ChannelInput{Kind: kind, Err: err})
		}
		for to := ToInitialized; to <= ToFailed; to++ {
			if to != ToConnected {
				inputs = append(inputs, ChannelInput{Kind: KindConnection, Connection: to, Err: err})
			}
		}
	}
	for _, resumed := range []bool{false, true} {
		inputs = append(inputs, ChannelInput{Kind: KindConnection, Connection: ToConnected, Resumed: resumed})
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
