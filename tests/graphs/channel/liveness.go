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

// unsettled reports whether the channel is attaching or suspended. It heals by leaving these
// states.
func unsettled(s *State) bool {
	return s.State == model.ChannelAttaching || s.State == model.ChannelSuspended
}

func of(kind model.ChannelKind) func(Event) bool {
	return func(in Event) bool { return in.Kind == kind }
}

// liveness returns two liveness properties of docs/channel.md, that calls settle and that retries
// come, and the fairness conditions that they need. These are the conjuncts of FairSpec in
// Channel.tla:
//
//   - Strong: if the channel is connected again and again, the timer of an ATTACH or a DETACH
//     fires, or the channel leaves the state attaching or detaching.
//   - Weak: a request for new options is answered, or its timer fires; the retry timer fires; a
//     connection that is waiting or closing becomes another connection.
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

// healing returns the property Heals, and the fairness conditions that it needs:
//
//   - Weak: retries come; the channel is connected again and again.
//   - Strong: if a channel is behind a fence again and again, it gets past the fence in the end; if
//     a server receives ATTACH again and again, it answers one with ATTACHED in the end.
//
// A channel is behind a fence while it awaits the answer to a DETACH that ends an earlier life: see
// docs/channel.md.
func healing() ([]leadsTo, []fair) {
	return []leadsTo{{Name: "Heals", P: unsettled, Q: not(unsettled)}}, []fair{
		{Name: "RetriesCome", Of: of(model.KindRetryTimeout)},
		{Name: "ConnectionsCome", Of: of(model.KindConnection), When: not(connected), Into: connected},
		{Name: "FencesPass", When: behind, Into: attachIsOut, Strong: true, Owed: behind},
		{Name: "ServerAttaches", When: attachIsOut, Into: is(model.ChannelAttached), Strong: true, Owed: attachIsOut},
	}
}
