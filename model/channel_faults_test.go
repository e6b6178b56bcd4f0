package model

import (
	"slices"
	"testing"
)

// channelFault is a channel with a planted fault: it takes the right step, and then changes the
// result.
type channelFault struct {
	name     string
	breaks   string // the property that must reject it
	promised bool
	spoil    func(before ChannelRun, in ChannelInput, after *Channel, outputs []ChannelOutput) []ChannelOutput
}

func dropped(outputs []ChannelOutput, kind ChannelOutputKind) []ChannelOutput {
	return slices.DeleteFunc(outputs, func(o ChannelOutput) bool { return o.Kind == kind })
}

var channelFaults = []channelFault{
	{"a call is settled twice", "SettledOnce", false, func(_ ChannelRun, _ ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		for _, out := range o {
			if out.Kind == OutputChannelSettle {
				return append(o, out)
			}
		}
		return o
	}},
	{"a call is forgotten", "SettledOnce", false, func(_ ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindError {
			return dropped(o, OutputChannelSettle)
		}
		return o
	}},
	{"a detach waits for a fence", "WaitersRight", false, func(before ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindChannelDetach && before.State == ChannelAttaching && before.BehindFence() {
			*c = before.Channel.Clone()
			c.Last, c.Detachers = in.Call, append(c.Detachers, in.Call)
			return nil
		}
		return o
	}},
	{"a timer goes on", "TimersRight", false, func(_ ChannelRun, _ ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		return dropped(o, OutputStopRequestTimer)
	}},
	{"no retry is timed", "TimersRight", false, func(_ ChannelRun, _ ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		return dropped(o, OutputStartRetryTimer)
	}},
	{"ATTACH goes out with DETACH", "OneRequest", false, func(before ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindChannelAttach && c.State == ChannelAttaching && c.BehindFence() {
			c.Wire = append(c.Wire, RequestAttach)
			return append(o, ChannelOutput{Kind: OutputSendAttach}, ChannelOutput{Kind: OutputStartRequestTimer})
		}
		return o
	}},
	{"a message of a channel that is not attached is delivered", "Delivered", false, func(_ ChannelRun, in ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindMessage && len(o) == 0 {
			return []ChannelOutput{{Kind: OutputDeliver}}
		}
		return o
	}},
	{"a state is not told", "StatesTold", false, func(_ ChannelRun, in ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindConnection {
			return dropped(o, OutputChannelState)
		}
		return o
	}},
	{"a detach without an answer ends attached", "AttachedByFrame", false, func(before ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		for i := range o {
			if in.Kind == KindRequestTimeout && o[i].Kind == OutputChannelState && o[i].State == ChannelDetached && before.Back == ChannelDetached {
				o[i].State, c.State = ChannelAttached, ChannelAttached
			}
		}
		return o
	}},
	{"an update is missed", "UpdateIff", false, func(_ ChannelRun, _ ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		return dropped(o, OutputUpdate)
	}},
	{"serials outlive a detach", "SerialsRight", false, func(before ChannelRun, _ ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if c.State == ChannelDetached {
			c.ChannelSerial = before.ChannelSerial
		}
		return o
	}},
	{"retries are not counted", "RetryNumbers", false, func(_ ChannelRun, _ ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		for i := range o {
			o[i].Retry = min(o[i].Retry, 1)
		}
		return o
	}},
	{"a call that failed is told done", "OutcomeTrue", false, func(_ ChannelRun, _ ChannelInput, _ *Channel, o []ChannelOutput) []ChannelOutput {
		for i := range o {
			if o[i].Outcome == OutcomeChannelFailed {
				o[i].Outcome, o[i].Err = OutcomeChannelDone, 0
			}
		}
		return o
	}},
	{"giving back tells a state", "SilentWhenGivenBack", false, func(before ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindGiveBack && before.State != ChannelInitialized {
			return append(o, ChannelOutput{Kind: OutputChannelState, Previous: before.State})
		}
		return o
	}},
	{"the reason stays", "ReasonRight", false, func(before ChannelRun, _ ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if c.State == ChannelAttached {
			c.Reason = before.Reason()
		}
		return o
	}},
	{"an answer of an earlier life attaches", "NotByEarlierLife", true, func(before ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindAttached && before.State == ChannelAttaching && c.State == ChannelAttaching {
			c.State, c.Awaited = ChannelAttached, false
			return []ChannelOutput{{Kind: OutputApply}, {Kind: OutputChannelState, Previous: ChannelAttaching, State: ChannelAttached}}
		}
		return o
	}},
	{"no DETACH is sent at giving back", "NotByEarlierLife", true, func(_ ChannelRun, in ChannelInput, c *Channel, o []ChannelOutput) []ChannelOutput {
		if in.Kind == KindGiveBack && len(c.Wire) > 0 && c.Awaited {
			c.Wire, c.Awaited = nil, false
			return dropped(dropped(o, OutputSendDetach), OutputStartRequestTimer)
		}
		return o
	}},
}

// Each planted fault is rejected by the property that it is planted for. A channel without a fault
// is rejected by none.
func TestPlantedFaultsOfTheChannelAreRejected(t *testing.T) {
	t.Parallel()
	for _, f := range channelFaults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			step := func(r ChannelRun, e ChannelEvent) (ChannelRun, []ChannelOutput, error) {
				next, outputs, err := r.Channel.Step(e.In)
				if err != nil {
					return r, nil, err
				}
				outputs = f.spoil(r, e.In, &next, slices.Clone(outputs))
				history := r.ChannelHistory.Record(r.Channel, e.In, outputs)
				return ChannelRun{next, history, e.Server.Hears(next, outputs)}, outputs, nil
			}
			found := false
			channelWalk(t, ChannelBounds{Calls: 2, Errors: 1, Serials: 1, Wire: 2}, f.promised, step, func(e channelEdge, _ func() string) bool {
				names, _ := failingChannel(e, f.promised)
				found = found || slices.Contains(names, f.breaks)
				return names == nil && !found
			})
			if !found {
				t.Errorf("%s does not reject it", f.breaks)
			}
		})
	}
}
