package play

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// frame returns the frame after a step, and clears the record of the step.
func (w *world) frame() Frame {
	f := w.take()
	f.Disposal = w.rooms().Disposal().String()
	for n, c := range w.calls {
		view := *c
		if call := w.model.Calls[w.numbers[n]-1]; call.Pending() {
			view.Text, view.Cancel = waitText(w.model.State, call), fmt.Sprintf("giveUp(%d)", c.N)
		}
		f.Calls = append(f.Calls, view)
	}
	for _, c := range w.chats {
		if c == nil {
			continue
		}
		f.Calls = append(
			f.Calls,
			c.views(func(n int) string { return fmt.Sprintf("leave(%d,%d)", c.id, n) })...)
	}
	inUse := map[int]bool{}
	for _, inc := range w.rooms().State().Incarnations { // the incarnations that the core has
		inUse[int(inc.Incarnation)] = true
		f.Lives = append(
			f.Lives,
			LifeView{
				N:       int(inc.Incarnation),
				Name:    inc.Name,
				Options: inc.Options,
				Life:    inc.Life,
				Work:    inc.Work,
				Kept:    w.core != nil && w.core.Kept(inc.Incarnation),
			},
		)
	}
	for i, inc := range w.model.Incarnations { // those that the core no longer stores
		if !inUse[i+1] {
			f.Lives = append(
				f.Lives,
				LifeView{
					N:       i + 1,
					Name:    inc.Name,
					Options: inc.Options,
					Life:    inc.Life.String(),
					Work:    inc.Work.String(),
				},
			)
		}
	}
	slices.SortFunc(f.Lives, func(a, b LifeView) int { return a.N - b.N })
	for i := range f.Lives {
		life := &f.Lives[i]
		for _, call := range w.model.Acquires {
			if w.model.Open(call) && w.model.Leased(call) == life.N {
				life.Leases++
			}
		}
		if c := w.chat(life.N); c != nil {
			life.Room = roomView(c.core)
		}
	}
	for _, name := range sortedKeys(w.channels) {
		ch := w.channels[name]
		view := channelView(ch.core)
		view.Name, view.Of = name, "#"+strconv.Itoa(ch.owner)
		f.Channels = append(f.Channels, view)
	}
	return f
}

// roomView returns the view of a room's core.
func roomView(core *fsm.Room[int]) *RoomView {
	var s fsm.RoomState[int]
	core.StateInto(&s)
	v := &RoomView{
		Status:   s.Status.String(),
		Err:      s.Err,
		Once:     s.HasAttachedOnce,
		Explicit: s.ExplicitlyDetached,
	}
	if s.Operation != fsm.NoOperation {
		v.Operation = s.Operation.String() + ", " + map[fsm.Phase]string{fsm.InAttach: "waits for the channel's attach",
			fsm.InDetach: "waits for the channel's detach", fsm.InRetryPause: "waits to detach again",
			fsm.InGiveBack: "gives its channel back"}[s.Phase]
	}
	for _, op := range s.Waiting {
		v.Waiting = append(v.Waiting, op.Operation.String())
	}
	return v
}

// channelView returns the view of a channel's core.
func channelView(core *fsm.Channel[int]) ChannelView {
	var s fsm.ChannelCoreState[int]
	core.StateInto(&s)
	v := ChannelView{State: s.State.String(), Reason: s.Reason}
	var wire []string
	for _, r := range s.Wire {
		wire = append(
			wire,
			map[fsm.Request]string{fsm.RequestAttach: "ATTACH", fsm.RequestDetach: "DETACH"}[r],
		)
	}
	v.Wire = strings.Join(wire, ", ")
	for _, flag := range []struct {
		set  bool
		name string
	}{{s.Awaited, "an answer is awaited"}, {s.Held, "the server may have it attached"}, {s.Leftover, "to be detached on resume"},
		{s.Doubt, "an old ATTACH may be answered"}, {s.Resume, "attaches with ATTACH_RESUME"}, {s.GivenBack, "given back"}} {
		if flag.set {
			v.Flags = append(v.Flags, flag.name)
		}
	}
	return v
}

// choices returns the steps that can happen next, except calls on names.
func (w *world) choices() []Choice {
	var all []Choice
	add := func(group, of, step, label string) {
		all = append(all, Choice{Step: step, Label: label, Group: group, Of: of})
	}
	for n, number := range w.numbers {
		call := w.model.Calls[number-1]
		switch who := w.calls[n].Who; {
		case call.Pending():
			add("wait", "", fmt.Sprintf("giveUp(%d)", n+1), who+" stops waiting: "+w.calls[n].What)
		case slices.Contains(w.model.Acquires, number) && w.model.Open(number):
			add(
				"wait",
				"",
				fmt.Sprintf("close(%d)", n+1),
				who+" closes the lease of "+w.calls[n].What,
			)
		}
	}
	for i, inc := range w.model.Incarnations {
		of := fmt.Sprintf("#%d", i+1)
		name := of + " (" + inc.Name + ")"
		c := w.chat(i + 1)
		if inc.Work == model.WorkOpening {
			add("backend", of, fmt.Sprintf("opened(%d)", i+1), "opening of "+name+" ends")
			add("backend", of, fmt.Sprintf("openFailed(%d)", i+1), "opening of "+name+" fails")
		}
		if c == nil {
			continue
		}
		if c.run.Phase == model.PhaseInGiveBack {
			add("backend", of, fmt.Sprintf("released(%d)", i+1), "release of "+name+" ends")
			add("backend", of, fmt.Sprintf("releaseFailed(%d)", i+1), "release of "+name+" fails")
		}
		if inc.Life == model.LifeReady {
			add("room", of, fmt.Sprintf("attaching(%d)", i+1), "attach "+name)
			add("room", of, fmt.Sprintf("detaching(%d)", i+1), "detach "+name)
		}
		for n, call := range c.calls {
			if call != nil && call.State == "waits" {
				add(
					"wait",
					of,
					fmt.Sprintf("leave(%d,%d)", i+1, n+1),
					call.Who+" stops waiting: "+call.What,
				)
			}
		}
		if c.run.Phase == model.PhaseInRetryPause {
			add("server", of, fmt.Sprintf("pause(%d)", i+1), "the pause of "+name+" is over")
		}
	}
	for _, name := range sortedKeys(w.channels) {
		w.serverChoices(w.channels[name], add)
	}
	for _, word := range []string{"cut", "resume", "reconnect", "suspend"} {
		if change := connectionWords[word]; slices.Contains(change.from, w.connection) {
			add("connection", "", word+"()", change.says)
		}
	}
	for i := range all {
		all[i].Calls = all[i].Group == "room"
	}
	return all
}

// serverChoices adds the frames that a server may send if it keeps its promise, and the timers that
// run.
func (w *world) serverChoices(ch *channel, add func(group, of, step, label string)) {
	of := "#" + strconv.Itoa(ch.owner)
	for _, c := range []struct {
		in          model.ChannelInput
		step, label string
	}{
		{model.ChannelInput{Kind: model.KindAttached}, "attached(%d)", "ATTACHED %s"},
		{model.ChannelInput{Kind: model.KindAttached, Resumed: true}, "attached(%d,resumed)", "ATTACHED %s, continuity kept"},
		{model.ChannelInput{Kind: model.KindDetached}, "detached(%d)", "DETACHED %s"},
		{model.ChannelInput{Kind: model.KindDetached, Err: serverError}, "detached(%d,error)", "DETACHED %s with an error"},
		{model.ChannelInput{Kind: model.KindError, Err: serverError}, "failed(%d)", "ERROR %s"},
		{model.ChannelInput{Kind: model.KindMessage}, "message(%d)", "MESSAGE %s"},
		{model.ChannelInput{Kind: model.KindRequestTimeout, Err: serverError}, "timeout(%d)", "no answer in time for %s"},
		{model.ChannelInput{Kind: model.KindRetryTimeout}, "retry(%d)", "time to try again for %s"},
	} {
		events := ch.run.Events([]model.ChannelInput{c.in})
		if len(events) == 0 {
			continue
		}
		if _, _, err := ch.run.Take(events[0]); err == nil {
			add("server", of, fmt.Sprintf(c.step, ch.owner), fmt.Sprintf(c.label, ch.of))
		}
	}
}
