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

// attaching is a backend for a lifecycle.Rooms of its own, whose rooms are open when they are attached: it
// opens by getting a room from a chat client and attaching it, and it releases by detaching. So an opening
// takes a frame and an answer, and either work may fail, which the adapter's own backend, for which a room
// is open at once, never shows.
type attaching struct {
	link *stack.Link
	chat *ablychat.Client

	mu    sync.Mutex
	works map[workOf][]*work // what is to come
}

type workOf struct {
	name string
	kind model.OutputKind // open or release
}

// work is an opening or a release that is to come: its frame waits at the gate, and is refused then or not.
type work struct {
	gate *ablytest.Gate
	fail bool
}

func newAttaching(l *stack.Link) (*attaching, error) {
	chat, err := ablychat.New(l.Client, ablychat.WithChannelRetryTimeout(time.Hour))
	return &attaching{link: l, chat: chat}, err
}

// next takes the next work of a kind for a name, and has the server hold its frames until remove is called.
func (b *attaching) next(name string, kind model.OutputKind, action ablytest.Action) (remove func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	w := &work{gate: ablytest.NewGate()}
	if list := b.works[workOf{name, kind}]; len(list) > 0 {
		w, b.works[workOf{name, kind}] = list[0], list[1:]
	} else { // of what follows the script, or of a run that went another way
		w.gate.Open()
	}
	effects := []ablytest.Effect{ablytest.Hold(w.gate)}
	if refused := ablytest.NewError(40160, 401, "refused"); w.fail && kind == model.OutputOpen {
		effects = append(effects, ablytest.FailChannel(refused))
	} else if w.fail { // the DETACH is answered besides, so that the name's next room need not wait for that
		effects = append(effects, ablytest.Call(func(f ablytest.Frame) { b.link.Server.FailChannel(f.Channel, refused) }))
	}
	// All frames of the action, for the first may be one that removes a channel that failed before.
	return b.link.Server.Fault(ablytest.ToServer(action).OnChannel(ablychat.ChannelName(name)), effects...).Remove
}

// Open implements [lifecycle.Backend]. It goes on when it is abandoned, so that the script says how it ends.
func (b *attaching) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*ablychat.Room, error) {
	ctx := context.Background()
	remove := b.next(name, model.OutputOpen, ablytest.ActionAttach)
	defer remove()
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
	remove := b.next(name, model.OutputRelease, ablytest.ActionDetach)
	err := room.Detach(ctx)
	remove()
	return errors.Join(err, b.chat.Rooms().Release(ctx, name))
}

// plan sets what is to come of a script, and returns the works by kind and incarnation.
func (b *attaching) plan(script []model.Input) map[model.OutputKind]map[int]*work {
	by := map[model.OutputKind]map[int]*work{model.OutputOpen: {}, model.OutputRelease: {}}
	works := map[workOf][]*work{}
	state := model.State{}
	for _, in := range script {
		next, outs, err := state.Step(in)
		if err != nil {
			panic(fmt.Sprintf("the model refuses its own script: %v", err))
		}
		switch in.Kind {
		case model.KindOpenFailed:
			by[model.OutputOpen][in.Incarnation].fail = true
		case model.KindReleaseFailed:
			by[model.OutputRelease][in.Incarnation].fail = true
		}
		for _, out := range outs {
			if by[out.Kind] != nil {
				w := &work{gate: ablytest.NewGate()}
				by[out.Kind][out.Incarnation] = w
				key := workOf{next.Incarnations[out.Incarnation-1].Name, out.Kind}
				works[key] = append(works[key], w)
			}
		}
		state = next
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.works = works
	return by
}

// record plays a script, in the link's bubble, and returns the trace. What happens otherwise than the
// script says ends the run with an error.
func (b *attaching) record(script []model.Input) (trace.Trace, error) {
	works := b.plan(script)
	recorder := judge.NewRecorder(time.Now())
	rooms := lifecycle.NewRooms(b, lifecycle.WithObservedStates(), lifecycle.WithObserver(recorder.ObserveRooms))
	var callers sync.WaitGroup
	var cancels []context.CancelCauseFunc
	begin := func(do func(context.Context)) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancels = append(cancels, cancel)
		callers.Go(func() { do(ctx) })
	}
	var t trace.Trace
	var err error
	for i, in := range script {
		switch in.Kind {
		case model.KindGet:
			begin(func(ctx context.Context) {
				_, _ = rooms.Get(ctx, in.Name, lifecycle.WithRoomOptions(judge.Tokens[in.Options]))
			})
		case model.KindRelease:
			begin(func(ctx context.Context) { _ = rooms.Release(ctx, in.Name) })
		case model.KindDispose:
			begin(func(ctx context.Context) { _ = rooms.Dispose(ctx) })
		case model.KindGiveUp:
			cancels[in.Call-1](errors.New("the caller gave up"))
		case model.KindOpened, model.KindOpenFailed:
			works[model.OutputOpen][in.Incarnation].gate.Open()
		case model.KindReleased, model.KindReleaseFailed:
			works[model.OutputRelease][in.Incarnation].gate.Open()
		}
		synctest.Wait()
		if t, err = recorder.Trace("attaching"); err != nil {
			break
		}
		if len(t.Lines) != i+1 || !is(t.Lines[i].Input, in) {
			err = fmt.Errorf("after %v there are %d lines, expected %d, the last for it", in, len(t.Lines), i+1)
			break
		}
	}
	for _, list := range works {
		for _, w := range list {
			w.gate.Open()
		}
	}
	b.plan(nil)
	disposed := rooms.Dispose(context.Background())
	if refused := (*lifecycle.ErrorInfo)(nil); !errors.As(disposed, &refused) { // the script's last release may have been to fail
		err = errors.Join(err, disposed)
	}
	callers.Wait()
	return t, err
}

// is reports whether an observed input is the model's.
func is(got trace.Input, in model.Input) bool {
	kind, known := judge.KindOf(got.Kind)
	return known && kind == in.Kind && int(got.Call) == in.Call && int(got.Incarnation) == in.Incarnation
}
