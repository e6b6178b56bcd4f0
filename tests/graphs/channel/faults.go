package channel

import (
	"slices"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

type (
	fault   = graphs.Fault[State, Event, model.ChannelOutput]
	outList = []model.ChannelOutput
)

// drop removes the outputs of a kind.
func drop(outs outList, kind model.ChannelOutputKind) outList {
	return slices.DeleteFunc(outs, func(o model.ChannelOutput) bool { return o.Kind == kind })
}

// become changes the state, and adds the output that reports the change.
func become(s *State, to model.ChannelState, err int, outs outList) outList {
	outs = append(outs, model.ChannelOutput{Kind: model.OutputChannelState, Previous: s.State, State: to, Err: err})
	s.State = to
	return outs
}

// faults returns the faults that can be planted: at least one for each property of docs/channel.md.
// New keeps those that break a property of its machine.
func faults() []fault {
	return []fault{
		{Name: "settled-twice", Says: "a call that ends is settled again", Breaks: []string{"SettledOnce"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList {
				for _, o := range outs {
					if o.Kind == model.OutputChannelSettle {
						return append(outs, o)
					}
				}
				return outs
			}},
		{Name: "forgotten", Says: "an ERROR settles no call", Breaks: []string{"SettledOnce", "CallsSettle"},
			Tamper: func(_ *State, in Event, _ *State, outs outList) outList {
				if in.Kind == model.KindError {
					return drop(outs, model.OutputChannelSettle)
				}
				return outs
			}},
		{Name: "waits-at-fence", Says: "a detach that comes while the channel waits at a fence waits for an ATTACH that was not sent",
			Breaks: []string{"WaitersRight"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if in.Kind != model.KindChannelDetach || !behind(before) {
					return outs
				}
				s.Channel = before.Channel.Clone()
				s.Last, s.Detachers = in.Call, append(s.Detachers, in.Call)
				return nil
			}},
		{Name: "ticking", Says: "the request timer is not stopped", Breaks: []string{"TimersRight"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList {
				return drop(outs, model.OutputStopRequestTimer)
			}},
		{Name: "no-retry", Says: "the retry timer is not started", Breaks: []string{"TimersRight"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList {
				return drop(outs, model.OutputStartRetryTimer)
			}},
		{Name: "back-to-back", Says: "ATTACH is sent while a DETACH is not answered (T1)", Breaks: []string{"OneRequest"},
			Tamper: func(_ *State, in Event, s *State, outs outList) outList {
				if in.Kind == model.KindChannelAttach && behind(s) {
					s.Wire = append(slices.Clone(s.Wire), model.RequestAttach)
					outs = append(outs, model.ChannelOutput{Kind: model.OutputSendAttach, Serial: s.ChannelSerial, Resumed: s.Resume},
						model.ChannelOutput{Kind: model.OutputStartRequestTimer})
				}
				return outs
			}},
		{Name: "early-messages", Says: "messages are delivered while attaching", Breaks: []string{"Delivered"},
			Tamper: func(_ *State, in Event, s *State, outs outList) outList {
				if in.Kind == model.KindMessage && s.State == model.ChannelAttaching {
					outs = append(outs, model.ChannelOutput{Kind: model.OutputDeliver})
				}
				return outs
			}},
		{Name: "deaf", Says: "messages of an attached channel are dropped", Breaks: []string{"Delivered"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList { return drop(outs, model.OutputDeliver) }},
		{Name: "untold", Says: "a change of state is not reported if the connection caused it", Breaks: []string{"StatesTold"},
			Tamper: func(_ *State, in Event, _ *State, outs outList) outList {
				if in.Kind == model.KindConnection {
					return drop(outs, model.OutputChannelState)
				}
				return outs
			}},
		{Name: "echo", Says: "a change of state is reported twice", Breaks: []string{"StatesTold"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList {
				if i := slices.IndexFunc(outs, func(o model.ChannelOutput) bool { return o.Kind == model.OutputChannelState }); i >= 0 {
					outs = slices.Insert(outs, i, outs[i])
				}
				return outs
			}},
		{Name: "back-to-attached", Says: "a detach that is not answered leads to attached, even if the channel was not attached before",
			Breaks: []string{"AttachedByFrame"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if in.Kind == model.KindRequestTimeout && before.Back == model.ChannelDetached && s.State == model.ChannelDetached {
					outs = become(s, model.ChannelAttached, in.Err, outs)
				}
				return outs
			}},
		{Name: "missed", Says: "an ATTACHED that lost continuity is not reported as an update", Breaks: []string{"UpdateIff"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList { return drop(outs, model.OutputUpdate) }},
		{Name: "always-update", Says: "an ATTACHED that kept continuity is reported as an update", Breaks: []string{"UpdateIff"},
			Tamper: func(before *State, in Event, _ *State, outs outList) outList {
				if in.Kind == model.KindAttached && in.Resumed && before.State == model.ChannelAttached {
					outs = append(outs, model.ChannelOutput{Kind: model.OutputUpdate, Err: in.Err})
				}
				return outs
			}},
		{Name: "old-serials", Says: "serials are kept after a detach", Breaks: []string{"SerialsRight"},
			Tamper: func(before *State, _ Event, s *State, outs outList) outList {
				if s.State == model.ChannelDetached {
					s.ChannelSerial = before.ChannelSerial
				}
				return outs
			}},
		{Name: "one-retry", Says: "each retry has the number 1", Breaks: []string{"RetryNumbers"},
			Tamper: func(_ *State, _ Event, s *State, outs outList) outList {
				for i := range outs {
					outs[i].Retry = min(outs[i].Retry, 1)
				}
				return outs
			}},
		{Name: "white-lie", Says: "a call that failed is reported as successful", Breaks: []string{"OutcomeTrue"},
			Tamper: func(_ *State, _ Event, _ *State, outs outList) outList {
				for i := range outs {
					if outs[i].Outcome == model.OutcomeChannelFailed {
						outs[i].Outcome, outs[i].Err = model.OutcomeChannelDone, 0
					}
				}
				return outs
			}},
		{Name: "last-words", Says: "giving back reports a change of state", Breaks: []string{"SilentWhenGivenBack"},
			Tamper: func(before *State, in Event, _ *State, outs outList) outList {
				if in.Kind == model.KindGiveBack && before.State != model.ChannelInitialized {
					outs = append(outs, model.ChannelOutput{Kind: model.OutputChannelState, Previous: before.State})
				}
				return outs
			}},
		{Name: "undead", Says: "a channel that was given back becomes failed at an ERROR", Breaks: []string{"SilentWhenGivenBack"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if in.Kind == model.KindError && before.GivenBack {
					outs = become(s, model.ChannelFailed, in.Err, outs)
				}
				return outs
			}},
		{Name: "old-reason", Says: "the reason is not cleared by attached (T22)", Breaks: []string{"ReasonRight"},
			Tamper: func(before *State, _ Event, s *State, outs outList) outList {
				if s.State == model.ChannelAttached {
					s.Channel.Reason = before.Reason()
				}
				return outs
			}},
		{Name: "leak", Says: "a refused input changes the state", Breaks: []string{graphs.Unchanged},
			Leak: func(s *State, in Event) {
				if in.Kind == model.KindRetryTimeout && s.State == model.ChannelDetached {
					s.Held = !s.Held
				}
			}},

		{Name: "any-attached", Says: "every ATTACHED attaches the channel (T20)", Breaks: []string{"NotByEarlierLife"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if in.Kind == model.KindAttached && before.State == model.ChannelAttaching && s.State == model.ChannelAttaching {
					s.Awaited = false
					outs = become(s, model.ChannelAttached, in.Err, outList{{Kind: model.OutputApply}})
				}
				return outs
			}},
		{Name: "no-fence", Says: "giving back sends no DETACH (T20)", Breaks: []string{"NotByEarlierLife"},
			Tamper: func(_ *State, in Event, s *State, outs outList) outList {
				if in.Kind == model.KindGiveBack && s.Awaited {
					s.Wire, s.Awaited = nil, false
					outs = drop(drop(outs, model.OutputSendDetach), model.OutputStartRequestTimer)
				}
				return outs
			}},

		{Name: "stuck-detach", Says: "a detach that is not answered is sent again and again", Breaks: []string{"CallsSettle"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if in.Kind != model.KindRequestTimeout || !before.IsOut(model.RequestDetach) {
					return outs
				}
				s.Channel = before.Channel.Clone()
				s.Wire = []model.ChannelRequest{model.RequestDetach}
				return outList{{Kind: model.OutputSendDetach}, {Kind: model.OutputStartRequestTimer}}
			}},
		{Name: "deaf-to-suspended", Says: "an attach does not end when the connection is suspended, as in ably-go",
			Breaks: []string{"CallsSettle"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if before.State != model.ChannelAttaching || s.State != model.ChannelSuspended || in.Connection != model.ToSuspended {
					return outs
				}
				s.State, s.Channel.Reason, s.Attachers = model.ChannelAttaching, before.Reason(), slices.Clone(before.Attachers)
				return drop(drop(outs, model.OutputChannelState), model.OutputChannelSettle)
			}},
		{Name: "only-counts", Says: "when the retry timer fires, it is only started again",
			Breaks: []string{"RetriesForEver", "Heals"},
			Tamper: func(before *State, in Event, s *State, outs outList) outList {
				if in.Kind != model.KindRetryTimeout {
					return outs
				}
				s.Channel = before.Channel.Clone()
				s.Retries = 3 - min(before.Retries, 2)
				return outList{{Kind: model.OutputStartRetryTimer, Retry: s.Retries}}
			}},
	}
}
