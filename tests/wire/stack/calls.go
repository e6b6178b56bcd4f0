package stack

import (
	"context"
	"errors"
	"fmt"
	"sync"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/wire/judge"
)

// rooms is implemented by the Rooms of a chat client, and by a Rooms over another backend.
type rooms interface {
	Get(ctx context.Context, name string, options ...lifecycle.RoomOption) (*ablychat.Room, error)
	Release(ctx context.Context, name string) error
	Dispose(ctx context.Context) error
}

// Calls makes the calls of a script. Only Rooms must be set before use.
type Calls struct {
	Rooms rooms
	// called with the room that a get returned, before the get counts as settled
	Got func(*ablychat.Room)

	mu   sync.Mutex
	made []*call
	// The incarnation of each room. The first get that returns a room sets it; further gets must
	// agree.
	of map[*ablychat.Room]int
}

type call struct {
	cancel  context.CancelCauseFunc
	settled bool
	room    *ablychat.Room
	err     error
}

var errGaveUp = errors.New("the caller gave up")

// Take begins the call of an input, or cancels a call.
func (c *Calls) Take(in model.Input) {
	if in.Kind == model.KindGiveUp {
		c.made[in.Call-1].cancel(errGaveUp)
		return
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	made := &call{cancel: cancel}
	c.made = append(c.made, made)
	go func() {
		room, err := c.call(ctx, in)
		if room != nil && c.Got != nil {
			c.Got(room)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		made.settled, made.room, made.err = true, room, err
	}()
}

func (c *Calls) call(ctx context.Context, in model.Input) (*ablychat.Room, error) {
	switch in.Kind {
	case model.KindGet:
		return c.Rooms.Get(ctx, in.Name, lifecycle.WithRoomOptions(judge.Tokens[in.Options]))
	case model.KindRelease:
		return nil, c.Rooms.Release(ctx, in.Name)
	}
	return nil, c.Rooms.Dispose(ctx)
}

// difference describes the first difference between the calls and the model, or returns "".
func (c *Calls) difference(state model.State) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, made := range c.made {
		want := state.Calls[i]
		if made.settled == want.Pending() {
			return fmt.Sprintf("call %d settled: %t, but its outcome in the model is %v", i+1, made.settled, want.Outcome)
		}
		if got := c.outcome(made, want.Outcome); made.settled && got != want.Outcome.String() {
			return fmt.Sprintf("call %d ended %s, expected %v", i+1, got, want.Outcome)
		}
	}
	return ""
}

// rejections has the errors of rejected calls, and their outcomes in the model.
var rejections = map[error]model.OutcomeKind{errGaveUp: model.OutcomeGaveUp,
	lifecycle.ErrRoomExistsWithDifferentOptions:       model.OutcomeDifferentOptions,
	lifecycle.ErrRoomReleasedBeforeOperationCompleted: model.OutcomeReleasedBefore,
	lifecycle.ErrResourceDisposed:                     model.OutcomeDisposed}

func (c *Calls) outcome(made *call, want model.Outcome) string {
	for err, kind := range rejections {
		if errors.Is(made.err, err) {
			return model.Outcome{Kind: kind}.String()
		}
	}
	switch {
	case made.err != nil:
		return "with " + made.err.Error()
	case made.room == nil:
		return model.Outcome{Kind: model.OutcomeDone}.String()
	case c.of == nil:
		c.of = map[*ablychat.Room]int{}
	}
	if c.of[made.room] == 0 {
		c.of[made.room] = want.Incarnation
	}
	return model.Outcome{Kind: model.OutcomeRoom, Incarnation: c.of[made.room]}.String()
}
