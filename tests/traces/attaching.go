package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
)

// attaching is a backend for a lifecycle.Rooms of its own, whose rooms are open when they are attached: it opens by getting a room from
// a chat client and attaching it, and it releases by detaching. So an opening takes a frame and an answer, and either work may fail,
// which the adapter's own backend, for which a room is open at once, never shows.
type attaching struct {
	link *link
	chat *ablychat.Client

	mu    sync.Mutex
	works map[workOf][]*work // what is to come
}

type workOf struct {
	name string
	kind model.OutputKind // open or release
}

// work is an opening or a release that is to come: its frame waits at the gate, and is refused then if so wanted.
type work struct {
	gate *ablytest.Gate
	fail bool
}

func newAttaching(l *link) (*attaching, error) {
	chat, err := ablychat.New(l.client, ablychat.WithChannelRetryTimeout(time.Hour))
	if err != nil {
		return nil, err
	}
	return &attaching{link: l, chat: chat}, nil
}

// next takes the next work of a kind for a name.
func (b *attaching) next(name string, kind model.OutputKind) *work {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := b.works[workOf{name, kind}]
	if len(list) == 0 { // of what follows the script, or of a run that went another way
		w := &work{gate: ablytest.NewGate()}
		w.gate.Open()
		return w
	}
	b.works[workOf{name, kind}] = list[1:]
	return list[0]
}

// Open implements [lifecycle.Backend]. It goes on when it is abandoned, so that the script says how it ends.
func (b *attaching) Open(_ context.Context, name string, options lifecycle.RoomOptions) (*ablychat.Room, error) {
	w, ctx := b.next(name, model.OutputOpen), context.Background()
	room, err := b.chat.Rooms().Get(ctx, name, lifecycle.WithRoomOptions(options))
	if err != nil {
		return nil, err
	}
	// All attaches, for the first may be one that gets rid of a channel that failed before.
	held := b.link.hold(ablytest.ActionAttach, name, w.gate, w.fail, nil)
	err = room.Attach(ctx)
	held.Remove()
	if err != nil {
		return nil, errors.Join(err, b.chat.Rooms().Release(ctx, name))
	}
	return room, nil
}

// Release implements [lifecycle.Backend].
func (b *attaching) Release(ctx context.Context, name string, room *ablychat.Room) error {
	w := b.next(name, model.OutputRelease)
	held := b.link.hold(ablytest.ActionDetach, name, w.gate, w.fail, nil)
	err := room.Detach(ctx)
	held.Remove()
	return errors.Join(err, b.chat.Rooms().Release(ctx, name))
}

// plan sets what is to come of a script, and returns the works by incarnation.
func (b *attaching) plan(script []model.Input) (opens, closes map[int]*work) {
	opens, closes = map[int]*work{}, map[int]*work{}
	works := map[workOf][]*work{}
	state := model.State{}
	for _, in := range script {
		next, outs, err := state.Step(in)
		if err != nil {
			panic(fmt.Sprintf("the model refuses its own script: %v", err))
		}
		switch in.Kind {
		case model.KindOpenFailed:
			opens[in.Incarnation].fail = true
		case model.KindReleaseFailed:
			closes[in.Incarnation].fail = true
		}
		for _, out := range outs {
			by := map[model.OutputKind]map[int]*work{model.OutputOpen: opens, model.OutputRelease: closes}[out.Kind]
			if by != nil {
				w := &work{gate: ablytest.NewGate()}
				by[out.Incarnation] = w
				key := workOf{next.Incarnations[out.Incarnation-1].Name, out.Kind}
				works[key] = append(works[key], w)
			}
		}
		state = next
	}
	b.mu.Lock()
	b.works = works
	b.mu.Unlock()
	return opens, closes
}

// record runs a script and returns the trace. What happens otherwise than the script says ends the run with an error; the trace is
// what happened.
func (b *attaching) record(script []model.Input) (trace.Trace, error) {
	opens, closes := b.plan(script)
	steps := make(chan lifecycle.RoomsStep, 8*len(script)+64)
	rooms := lifecycle.NewRooms(b, lifecycle.WithObservedStates(), lifecycle.WithObserver(func(s lifecycle.RoomsStep) { steps <- s }))
	t := trace.Trace{Label: "attaching"}
	var callers sync.WaitGroup
	var cancels []context.CancelCauseFunc
	begin := func(do func(context.Context)) {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancels = append(cancels, cancel)
		callers.Go(func() { do(ctx) })
	}
	run := func(in model.Input) error {
		switch in.Kind {
		case model.KindGet:
			begin(func(ctx context.Context) {
				_, _ = rooms.Get(ctx, in.Name, lifecycle.WithRoomOptions(tokens[in.Options]))
			})
		case model.KindRelease:
			begin(func(ctx context.Context) { _ = rooms.Release(ctx, in.Name) })
		case model.KindDispose:
			begin(func(ctx context.Context) { _ = rooms.Dispose(ctx) })
		case model.KindGiveUp:
			cancels[in.Call-1](errGaveUp)
		case model.KindOpened, model.KindOpenFailed:
			opens[in.Incarnation].gate.Open()
		case model.KindReleased, model.KindReleaseFailed:
			closes[in.Incarnation].gate.Open()
		}
		select {
		case s := <-steps:
			line, err := trace.LineOf(s)
			if err != nil {
				return err
			}
			t.Lines = append(t.Lines, line)
			if kinds[line.Input.Kind] != in.Kind || int(line.Input.Call) != in.Call || int(line.Input.Incarnation) != in.Incarnation {
				return fmt.Errorf("%v came where %v was to", s.Input, in)
			}
			return nil
		case <-time.After(patience):
			return fmt.Errorf("waited in vain for %v", in)
		}
	}
	var err error
	for _, in := range script {
		if err = run(in); err != nil {
			break
		}
	}
	err = errors.Join(err, b.clear(rooms, opens, closes))
	callers.Wait()
	return t, err
}

// clear lets everything end, and disposes of the rooms that are still there. None of that is recorded.
func (b *attaching) clear(rooms *lifecycle.Rooms[*ablychat.Room], works ...map[int]*work) error {
	b.mu.Lock()
	b.works = nil
	b.mu.Unlock()
	for _, list := range works {
		for _, w := range list {
			w.gate.Open()
		}
	}
	err := rooms.Dispose(context.Background())
	if refused := (*lifecycle.ErrorInfo)(nil); errors.As(err, &refused) {
		return nil // the script's last release was to fail
	}
	return err
}

func (b *attaching) close() error { return b.chat.Dispose(context.Background()) }

var _ lifecycle.Backend[*ablychat.Room] = (*attaching)(nil)
