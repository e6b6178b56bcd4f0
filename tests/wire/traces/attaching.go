package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing/synctest"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
	"ablyrooms.example/tests/wire/stack"
)

// attaching is a backend for a lifecycle.Rooms of its own. Its rooms are open only when they are
// attached: Open gets a room from a chat client and attaches it, and Release detaches it. So an
// opening needs a frame and an answer, and both Open and Release may fail. The adapter's own
// backend opens a room at once, so its traces never have such steps.
type attaching struct {
	link *stack.Link
	chat *ablychat.Client

	mu    sync.Mutex
	works map[string]chan bool // by name: receives whether the waiting Open or Release must fail
	over  bool                 // the script is over: no Open or Release fails any more
}

func newAttaching(l *stack.Link) (*attaching, error) {
	chat, err := ablychat.New(l.Client)
	return &attaching{link: l, chat: chat, works: map[string]chan bool{}}, err
}

// wait waits until the script ends the Open or Release of the name. If the script lets it fail, the
// server refuses its frames until allow is called.
func (b *attaching) wait(name string, action ablytest.Action) (allow func()) {
	b.mu.Lock()
	fails := make(chan bool, 1)
	if b.works[name] = fails; b.over {
		fails <- false
	}
	b.mu.Unlock()
	if !<-fails {
		return func() {}
	}
	// Fail all frames of the action: the first one may only remove a channel that failed before.
	frames := ablytest.ToServer(action).OnChannel(ablychat.ChannelName(name))
	refused := ablytest.NewError(40160, 401, "refused")
	effect := ablytest.FailChannel(refused)
	// Also answer the DETACH, so that the next room of the name doesn't have to wait.
	if action == ablytest.ActionDetach {
		effect = ablytest.Call(func(f ablytest.Frame) { b.link.Server.FailChannel(f.Channel, refused) })
	}
	return b.link.Server.Fault(frames, effect).Remove
}

// end ends the wait of the Open or Release of a name. fails says whether it fails then.
func (b *attaching) end(name string, fails bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if work := b.works[name]; work != nil {
		work <- fails
	}
	delete(b.works, name)
}

// endAll lets every Open and Release succeed, and all later ones if over is true.
func (b *attaching) endAll(over bool) {
	b.mu.Lock()
	b.over = over
	works := b.works
	b.works = map[string]chan bool{}
	b.mu.Unlock()
	for _, work := range works {
		work <- false
	}
}

// Open implements [lifecycle.Backend]. It ignores ctx: only the script decides how it ends.
func (b *attaching) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*ablychat.Room, error) {
	ctx := context.Background()
	defer b.wait(name, ablytest.ActionAttach)()
	room, err := b.chat.Rooms().Get(ctx, name, lifecycle.WithRoomOptions(options))
	if err != nil {
		return nil, err
	}
	if err = room.Attach(ctx); err != nil {
		return nil, errors.Join(err, b.chat.Rooms().Release(ctx, name))
	}
	return room, nil
}

// Release implements [lifecycle.Backend].
func (b *attaching) Release(ctx context.Context, name string, room *ablychat.Room) error {
	allow := b.wait(name, ablytest.ActionDetach)
	err := room.Detach(ctx)
	allow()
	return errors.Join(err, b.chat.Rooms().Release(ctx, name))
}

// record plays a script, in the link's bubble, and returns the trace. It returns an error as soon
// as the trace differs from the script.
func (b *attaching) record(script []model.Input) (t trace.Trace, err error) {
	recorder := judge.NewRecorder(time.Now())
	rooms := lifecycle.NewRooms(b, lifecycle.WithObservedStates(), lifecycle.WithObserver(recorder.Rooms()))
	calls := stack.Calls{Rooms: rooms}
	state := model.State{}
	b.endAll(false)
	for i, in := range script {
		if in.Incarnation > 0 {
			fails := in.Kind == model.KindOpenFailed || in.Kind == model.KindReleaseFailed
			b.end(state.Incarnations[in.Incarnation-1].Name, fails)
		} else {
			calls.Take(in)
		}
		synctest.Wait()
		traces, failed := recorder.Traces("attaching")
		if t, err = traces[0], failed; err != nil {
			break
		}
		if len(t.Lines) != i+1 || !sameInput(t.Lines[i].Input, in) {
			err = fmt.Errorf("after the input %v, the trace has %d lines, expected %d", in, len(t.Lines), i+1)
			break
		}
		state, _, _ = state.Step(in)
	}
	b.endAll(true)
	disposed := rooms.Dispose(context.Background())
	// A release of the script may have failed, and Dispose then returns its error.
	if _, refused := errors.AsType[*lifecycle.ErrorInfo](disposed); !refused {
		err = errors.Join(err, disposed)
	}
	synctest.Wait()
	return t, err
}

// sameInput reports whether an observed input is the same as the model's.
func sameInput(got trace.Input, in model.Input) bool {
	kind, known := judge.KindOf(got.Kind)
	return known && kind == in.Kind && int(got.Call) == in.Call && int(got.Incarnation) == in.Incarnation
}
