package channel

import (
	"fmt"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

type (
	leadsTo = graphs.LeadsTo[State]
	fair    = graphs.Fairness[State, Event]
)

func is(state model.ChannelState) func(*State) bool {
	return func(s *State) bool { return s.State == state }
}

func not(p func(*State) bool) func(*State) bool { return func(s *State) bool { return !p(s) } }

func connected(s *State) bool { return s.Connection == model.ConnectionConnected }

func attachIsOut(s *State) bool { return s.IsOut(model.RequestAttach) }

func behind(s *State) bool { return s.State == model.ChannelAttaching && s.BehindFence() }

// unsettled: the channel heals when it comes to another state.
func unsettled(s *State) bool {
	return s.State == model.ChannelAttaching || s.State == model.ChannelSuspended
}

func of(kind model.ChannelKind) func(Event) bool {
	return func(in Event) bool { return in.Kind == kind }
}

// liveness returns what docs/channel.md says under its name: that calls settle and retries come,
// and what that rests on: where there is a connection again and again, the timer of the request
// fires or the state is left (strong fairness); options have an answer or a timer, the retry timer
// fires, and what is waiting or closing becomes another connection (weak fairness). They are the
// conjuncts of FairSpec in Channel.tla.
func liveness(calls int) (list []leadsTo, conjuncts []fair) {
	for n := range calls {
		pending := func(s *State) bool {
			return n < len(s.Calls) && s.Calls[n].Outcome == model.OutcomeChannelPending
		}
		list = append(list, leadsTo{Name: fmt.Sprintf("CallsSettle(%d)", n+1), P: pending, Q: not(pending)})
	}
	retries := func(s *State) bool { return s.RetryTimerRuns() }
	list = append(list, leadsTo{Name: "RetriesForEver", P: retries, Q: not(retries)})
	ends := func(name string, state model.ChannelState, request model.ChannelRequest) fair {
		out := func(s *State) bool { return s.IsOut(request) }
		return fair{Name: name, Of: of(model.KindRequestTimeout), When: out, Owed: connected, Done: not(is(state)), Strong: true}
	}
	leaves := func(name string, link model.ChannelConnection) fair {
		at := func(s *State) bool { return s.Connection == link }
		return fair{Name: name, Of: of(model.KindConnection), When: at, Into: not(at)}
	}
	return list, []fair{
		ends("AttachesEnd", model.ChannelAttaching, model.RequestAttach),
		ends("DetachesEnd", model.ChannelDetaching, model.RequestDetach),
		{Name: "OptionsEnd", Of: of(model.KindRequestTimeout), When: is(model.ChannelAttached)},
		{Name: "RetriesCome", Of: of(model.KindRetryTimeout)},
		leaves("WaitingEnds", model.ConnectionWaiting),
		leaves("ClosingEnds", model.ConnectionClosing),
	}
}

// healing returns Heals, and what that rests on: retries come, there is a connection again and
// again (weak fairness); a fence is passed if one comes to it again and again, and the server at
// last answers an ATTACH with ATTACHED (strong fairness).
func healing() ([]leadsTo, []fair) {
	return []leadsTo{{Name: "Heals", P: unsettled, Q: not(unsettled)}}, []fair{
		{Name: "RetriesCome", Of: of(model.KindRetryTimeout)},
		{Name: "ConnectionsCome", Of: of(model.KindConnection), When: not(connected), Into: connected},
		{Name: "FencesPass", When: behind, Into: attachIsOut, Strong: true, Owed: behind},
		{Name: "ServerAttaches", When: attachIsOut, Into: is(model.ChannelAttached), Strong: true, Owed: attachIsOut},
	}
}
