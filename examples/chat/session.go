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

// The types of news that a session sends to the screen. News about one room is an event.
type (
	// arrived carries one piece of news. The screen then waits for the next one.
	arrived struct{ news tea.Msg }
	// event is news about one room. what is a lifecycle.RoomStatusChange, a chat.MessageEvent, or
	// one of the types below.
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

// throttle is the interval between notifications that a user is typing. It is short, so that others
// soon notice when the user stops.
const throttle = 3 * time.Second

// session connects the screen to the chat client. It receives events, and passes them on one at a
// time by next. Its other methods return commands, which the program runs in separate goroutines.
// The commands of one room run in the order in which they were made, so that "stopped typing"
// doesn't overtake "typing". One goroutine calls the methods; any goroutine may run a command.
type session struct {
	client   *ablychat.Client
	throttle time.Duration
	ctx      context.Context
	cancel   context.CancelFunc
	news     chan tea.Msg
	rooms    map[string]*place
}

// place is a room with its queue of commands.
type place struct {
	room         *ablychat.Room // set by the first command
	subscription *ablychat.MessageSubscription
	last         chan struct{} // closed when the last command has run
}

func newSession(client *ablychat.Client, throttle time.Duration) *session {
	ctx, cancel := context.WithCancel(context.Background())
	s := &session{client: client, throttle: throttle, ctx: ctx, cancel: cancel, news: make(chan tea.Msg), rooms: map[string]*place{}}
	// The error is nil: the client is new.
	_, _ = client.Connection().Subscribe(func(c ablychat.ConnectionStatusChange) { s.tell(c) })
	return s
}

// close ends the session and its client.
func (s *session) close(ctx context.Context) error {
	s.cancel()
	return s.client.Dispose(ctx)
}

// tell passes news to the screen. It blocks the listener until the screen takes the news; meanwhile
// further events wait in the library, up to its limit.
func (s *session) tell(news tea.Msg) {
	select {
	case s.news <- news:
	case <-s.ctx.Done():
	}
}

// next is the command that waits for the next piece of news.
func (s *session) next() tea.Msg {
	select {
	case news := <-s.news:
		return arrived{news}
	case <-s.ctx.Done():
		return nil
	}
}

// connection returns the connection's present status. The screen shows it before the first change.
func (s *session) connection() ablychat.ConnectionStatus { return s.client.Connection().Status() }

// inTurn returns a command that waits for the earlier commands of the room, and then calls f. The
// screen shows f's result, unless it is nil.
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
			return nil // joining has failed, and the failure was shown
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

// join gets a room, subscribes to all its events, and then attaches it, so that no event is missed.
// Then it enters presence and reads the earlier messages.
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

// listen passes on all events of a room, until the room is released.
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

// catchUp reads the messages that may have been missed.
func (s *session) catchUp(name string) tea.Cmd {
	return s.inTurn(name, "read the history", earlier)
}

// leave releases a room. It doesn't wait for earlier commands, so a room that can't be attached can
// be left, too.
func (s *session) leave(name string) tea.Cmd {
	delete(s.rooms, name)
	return func() tea.Msg {
		if err := s.client.Rooms().Release(s.ctx, name); err != nil && s.ctx.Err() == nil {
			return event{name, failure{"leave", err}}
		}
		return nil
	}
}

// act is inTurn for a function without a result: only its failure is shown.
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

// typing notifies others that this client is typing, or has stopped. Without a connection it does
// nothing.
func (s *session) typing(name string, on bool) tea.Cmd {
	return s.act(name, "show that you are typing", func(ctx context.Context, room *ablychat.Room) error {
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

// String returns the failure as one line of text.
func (f failure) String() string { return fmt.Sprintf("%s: %v", f.what, f.err) }
