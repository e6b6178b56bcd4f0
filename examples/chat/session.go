package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// What a session tells the screen. Of a room, it comes as an event.
type (
	// arrived is the next of what a session tells; the screen asks for the one after it.
	arrived struct{ news tea.Msg }
	// event is of one room; what is a lifecycle.RoomStatusChange, a chat.MessageEvent, or one of
	// the types below.
	event struct {
		room string
		what any
	}
	history []chat.Message // newest first
	lost    struct{}       // messages may have been missed
	failure struct {
		what string
		err  error
	}
)

// throttle is how often others are notified again that a member types: often, so that who falls
// silent is soon seen to.
const throttle = 3 * time.Second

// session is the chat client as the screen needs it: what it receives comes one after the other
// from next, and what it is to do are commands, which the program runs in goroutines of their own.
// Those of one room run in the order in which they were made, so that the end of typing doesn't
// overtake its beginning. Methods are called by one goroutine; commands by any.
type session struct {
	client   *ablychat.Client
	throttle time.Duration
	ctx      context.Context
	cancel   context.CancelFunc
	news     chan tea.Msg
	rooms    map[string]*place
}

// place is a room with the end of its line of commands.
type place struct {
	room         *ablychat.Room // set by the first command
	subscription *ablychat.MessageSubscription
	last         chan struct{} // closed when the last command has run
}

func newSession(client *ablychat.Client, throttle time.Duration) *session {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{client: client, throttle: throttle, ctx: ctx, cancel: cancel, news: make(chan tea.Msg), rooms: map[string]*place{}}
	// the client is new
	_, _ = client.Connection().Subscribe(func(c ablychat.ConnectionStatusChange) { s.tell(c) })
	return s
}

// close ends the session and its client.
func (s *session) close(ctx context.Context) error {
	s.cancel()
	return s.client.Dispose(ctx)
}

// tell holds the listener up until the screen takes the news; the library keeps what comes
// meanwhile, to its bound.
func (s *session) tell(news tea.Msg) {
	select {
	case s.news <- news:
	case <-s.ctx.Done():
	}
}

// next is the command that waits for news.
func (s *session) next() tea.Msg {
	select {
	case news := <-s.news:
		return arrived{news}
	case <-s.ctx.Done():
		return nil
	}
}

// connection returns the connection's status at this moment, for before the first news of it.
func (s *session) connection() ablychat.ConnectionStatus { return s.client.Connection().Status() }

// inTurn is a command that waits for the room's earlier ones. What f returns other than nil is
// shown on the screen.
func (s *session) inTurn(name, what string, f func(context.Context, *place) (any, error)) tea.Cmd {
	p := s.rooms[name]
	if p == nil {
		return nil
	}
	before, done := p.last, make(chan struct{})
	p.last = done
	return func() tea.Msg {
		defer close(done)
		select {
		case <-before:
		case <-s.ctx.Done():
			return nil
		}
		if p.room == nil && what != joining {
			return nil // joining has failed, which was shown
		}
		result, err := f(s.ctx, p)
		if err != nil && s.ctx.Err() == nil {
			return event{name, failure{what, err}}
		}
		if result == nil || err != nil {
			return nil
		}
		return event{name, result}
	}
}

const joining = "join"

// join gets a room, listens to all that it tells, and only then attaches it, so that nothing is
// missed; then it enters and reads what was said before.
func (s *session) join(name string) tea.Cmd {
	first := make(chan struct{})
	close(first)
	s.rooms[name] = &place{last: first}
	return s.inTurn(name, joining, func(ctx context.Context, p *place) (any, error) {
		room, err := s.client.Rooms().Get(ctx, name, lifecycle.WithTypingHeartbeatThrottle(s.throttle))
		if err != nil {
			return nil, err
		}
		p.room = room
		if err := s.listen(name, p); err != nil {
			return nil, err
		}
		if err := room.Attach(ctx); err != nil {
			return nil, err
		}
		if err := room.Presence().Enter(ctx, nil); err != nil {
			return nil, err
		}
		return earlier(ctx, p)
	})
}

// listen passes on what a room tells. It ends with the room's release.
func (s *session) listen(name string, p *place) error {
	room := p.room
	messages, err := room.Messages().Subscribe(func(e ablychat.MessageEvent) { s.tell(event{name, e}) })
	p.subscription = messages
	return errors.Join(err,
		failed(room.SubscribeStatus(func(c ablychat.RoomStatusChange) { s.tell(event{name, c}) })),
		failed(room.SubscribeDiscontinuities(func(ablychat.Discontinuity) { s.tell(event{name, lost{}}) })),
		failed(room.Reactions().Subscribe(func(r ablychat.RoomReaction) { s.tell(event{name, r}) })),
		failed(room.Typing().Subscribe(func(e ablychat.TypingEvent) { s.tell(event{name, e}) })),
		failed(room.Presence().Subscribe(func(e ablychat.PresenceEvent) { s.tell(event{name, e}) })),
		failed(room.Messages().Reactions().Subscribe(func(e ablychat.ReactionSummaryEvent) { s.tell(event{name, e}) })))
}

func failed(_ *ablychat.Subscription, err error) error { return err }

func earlier(ctx context.Context, p *place) (any, error) {
	page, err := p.subscription.HistoryBeforeSubscribe(ctx, ablychat.HistoryQuery{Limit: 50})
	if err != nil {
		return nil, err
	}
	return history(page.Items), nil
}

// catchUp reads what may have been missed.
func (s *session) catchUp(name string) tea.Cmd {
	return s.inTurn(name, "read the history", earlier)
}

// leave releases a room. It waits for nothing, since a room that can't be attached is to be left,
// too.
func (s *session) leave(name string) tea.Cmd {
	delete(s.rooms, name)
	return func() tea.Msg {
		if err := s.client.Rooms().Release(s.ctx, name); err != nil && s.ctx.Err() == nil {
			return event{name, failure{"leave", err}}
		}
		return nil
	}
}

// act is a command that tells nothing but its failure.
func (s *session) act(name, what string, f func(context.Context, *ablychat.Room) error) tea.Cmd {
	return s.inTurn(name, what, func(ctx context.Context, p *place) (any, error) { return nil, f(ctx, p.room) })
}

func (s *session) send(name, text string) tea.Cmd {
	return s.act(name, "send", func(ctx context.Context, room *ablychat.Room) error {
		_, err := room.Messages().Send(ctx, ablychat.MessageContent{Text: text})
		return err
	})
}

func (s *session) edit(name string, m chat.Message, text string) tea.Cmd {
	return s.act(name, "edit", func(ctx context.Context, room *ablychat.Room) error {
		content := ablychat.MessageContent{Text: text, Metadata: m.Metadata, Headers: m.Headers}
		_, err := room.Messages().Update(ctx, m.Serial, content)
		return err
	})
}

func (s *session) remove(name string, m chat.Message) tea.Cmd {
	return s.act(name, "delete", func(ctx context.Context, room *ablychat.Room) error {
		_, err := room.Messages().Delete(ctx, m.Serial)
		return err
	})
}

func (s *session) like(name string, m chat.Message, reaction string) tea.Cmd {
	return s.act(name, "react", func(ctx context.Context, room *ablychat.Room) error {
		return room.Messages().Reactions().Send(ctx, m.Serial, ablychat.MessageReaction{Name: reaction})
	})
}

func (s *session) react(name, reaction string) tea.Cmd {
	return s.act(name, "react", func(ctx context.Context, room *ablychat.Room) error {
		return room.Reactions().Send(ctx, ablychat.ReactionContent{Name: reaction})
	})
}

func (s *session) status(name, text string) tea.Cmd {
	return s.act(name, "set your status", func(ctx context.Context, room *ablychat.Room) error {
		return room.Presence().Update(ctx, map[string]any{"status": text})
	})
}

// typing tells that a key was struck, or that typing is over. Without a connection nothing is
// lost.
func (s *session) typing(name string, on bool) tea.Cmd {
	return s.act(name, "show that you type", func(ctx context.Context, room *ablychat.Room) error {
		if room.Status() != lifecycle.RoomAttached || s.connection() != ablychat.ConnectionConnected {
			return nil
		}
		if on {
			return room.Typing().Keystroke(ctx)
		}
		return room.Typing().Stop(ctx)
	})
}

func (s *session) attach(name string) tea.Cmd {
	return s.act(name, "attach", func(ctx context.Context, room *ablychat.Room) error {
		if err := room.Attach(ctx); err != nil {
			return err
		}
		return room.Presence().Enter(ctx, nil)
	})
}

func (s *session) detach(name string) tea.Cmd {
	return s.act(name, "detach", func(ctx context.Context, room *ablychat.Room) error { return room.Detach(ctx) })
}

// String tells a failure in a line.
func (f failure) String() string { return fmt.Sprintf("%s: %v", f.what, f.err) }
