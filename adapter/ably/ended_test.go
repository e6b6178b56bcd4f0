package ablychat_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// held has the values that a program may still hold after its room has ended.
type held struct {
	client       *ablychat.Client
	room         *ablychat.Room
	subscription *ablychat.MessageSubscription
	page         *ablychat.Page
}

func hold(t *testing.T, options ...ablychat.RoomOption) held {
	t.Helper()
	ann := newPerson(t, ablytest.NewServer(t), "ann")
	h := held{client: ann.chat, room: ann.room("lobby", options...)}
	for range 2 {
		must(h.room.Messages().Send(soon(t), ablychat.Text("hi")))
	}
	h.page = must(h.room.Messages().History(soon(t), ablychat.HistoryQuery{Limit: 1}))
	h.subscription = must(h.room.Messages().Subscribe(func(ablychat.MessageEvent) {}))
	return h
}

// calls returns the methods of a room and its features that return an error, by name.
func (h held) calls() map[string]func(context.Context) error {
	m, p := h.room.Messages(), h.room.Presence()
	r := m.Reactions()
	return map[string]func(context.Context) error{
		"Room.Attach":        h.room.Attach,
		"Room.Detach":        h.room.Detach,
		"Room.WaitForStatus": func(ctx context.Context) error { return h.room.WaitForStatus(ctx, ablychat.RoomAttached) },
		"Messages.Send":      func(ctx context.Context) error { return second(m.Send(ctx, ablychat.Text("x"))) },
		"Messages.Update":    func(ctx context.Context) error { return second(m.Update(ctx, "s", ablychat.Text("x"))) },
		"Messages.Delete":    func(ctx context.Context) error { return second(m.Delete(ctx, "s")) },
		"Messages.Get":       func(ctx context.Context) error { return second(m.Get(ctx, "s")) },
		"Messages.Versions":  func(ctx context.Context) error { return second(m.Versions(ctx, "s")) },
		"Messages.History":   func(ctx context.Context) error { return second(m.History(ctx, ablychat.HistoryQuery{})) },
		"MessageSubscription.HistoryBeforeSubscribe": func(ctx context.Context) error {
			return second(h.subscription.HistoryBeforeSubscribe(ctx, ablychat.HistoryQuery{}))
		},
		"Page.Next": func(ctx context.Context) error { return second(h.page.Next(ctx)) },
		"MessageReactions.Send": func(ctx context.Context) error {
			return r.Send(ctx, "s", ablychat.MessageReaction{Name: "x"})
		},
		"MessageReactions.Delete": func(ctx context.Context) error {
			return r.Delete(ctx, "s", ablychat.MessageReaction{Name: "x"})
		},
		"MessageReactions.ClientReactions": func(ctx context.Context) error { return second(r.ClientReactions(ctx, "s", "")) },
		"RoomReactions.Send": func(ctx context.Context) error {
			return h.room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "x"})
		},
		"Typing.Keystroke":       h.room.Typing().Keystroke,
		"Typing.Stop":            h.room.Typing().Stop,
		"Presence.Enter":         func(ctx context.Context) error { return p.Enter(ctx, nil) },
		"Presence.Update":        func(ctx context.Context) error { return p.Update(ctx, nil) },
		"Presence.Leave":         func(ctx context.Context) error { return p.Leave(ctx, nil) },
		"Presence.Get":           func(ctx context.Context) error { return second(p.Get(ctx)) },
		"Presence.IsUserPresent": func(ctx context.Context) error { return second(p.IsUserPresent(ctx, "ann")) },
		"Occupancy.Get":          func(ctx context.Context) error { return second(h.room.Occupancy().Get(ctx)) },
		"Occupancy.Current": func(context.Context) error {
			_, _, err := h.room.Occupancy().Current()
			return err
		},
		"Connection.WaitForStatus": func(ctx context.Context) error {
			return h.client.Connection().WaitForStatus(ctx, ablychat.ConnectionSuspended)
		},
	}
}

// subscription has the methods of every subscription.
type subscription interface {
	Unsubscribe()
	Done() <-chan struct{}
	Err() error
	Dropped() int64
}

// subscriptions returns the methods that register a listener, by name.
func (h held) subscriptions() map[string]func() (subscription, error) {
	m := h.room.Messages()
	return map[string]func() (subscription, error){
		"Room.SubscribeStatus":          subscribing(h.room.SubscribeStatus),
		"Room.SubscribeDiscontinuities": subscribing(h.room.SubscribeDiscontinuities),
		"Messages.Subscribe": func() (subscription, error) {
			return m.Subscribe(func(ablychat.MessageEvent) {})
		},
		"Messages.SubscribeSince": func() (subscription, error) {
			return m.SubscribeSince("", func(ablychat.MessageEvent) {})
		},
		"MessageReactions.Subscribe":    subscribing(m.Reactions().Subscribe),
		"MessageReactions.SubscribeRaw": subscribing(m.Reactions().SubscribeRaw),
		"RoomReactions.Subscribe":       subscribing(h.room.Reactions().Subscribe),
		"Typing.Subscribe":              subscribing(h.room.Typing().Subscribe),
		"Presence.Subscribe":            subscribing(h.room.Presence().Subscribe),
		"Occupancy.Subscribe":           subscribing(h.room.Occupancy().Subscribe),
		"Connection.Subscribe":          subscribing(h.client.Connection().Subscribe),
	}
}

func subscribing[E any](subscribe func(func(E)) (*ablychat.Subscription, error)) func() (subscription, error) {
	return func() (subscription, error) { return subscribe(func(E) {}) }
}

// loops returns the methods that return a sequence of events, by name. Each is reduced to the
// errors that its sequence yields.
func (h held) loops() map[string]func(context.Context) iter.Seq[error] {
	m := h.room.Messages()
	return map[string]func(context.Context) iter.Seq[error]{
		"Room.StatusEvents":        looping(h.room.StatusEvents),
		"Room.DiscontinuityEvents": looping(h.room.DiscontinuityEvents),
		"Messages.Events":          looping(m.Events),
		"Messages.EventsSince": looping(func(ctx context.Context) iter.Seq2[ablychat.MessageEvent, error] {
			return m.EventsSince(ctx, "")
		}),
		"Messages.Since": looping(func(ctx context.Context) iter.Seq2[ablychat.Message, error] {
			return m.Since(ctx, "")
		}),
		"MessageReactions.Events":    looping(m.Reactions().Events),
		"MessageReactions.RawEvents": looping(m.Reactions().RawEvents),
		"RoomReactions.Events":       looping(h.room.Reactions().Events),
		"Typing.Events":              looping(h.room.Typing().Events),
		"Presence.Events":            looping(h.room.Presence().Events),
		"Occupancy.Events":           looping(h.room.Occupancy().Events),
		"Connection.Events":          looping(h.client.Connection().Events),
		"Page.All":                   looping(h.page.All),
	}
}

func looping[E any](events func(context.Context) iter.Seq2[E, error]) func(context.Context) iter.Seq[error] {
	return func(ctx context.Context) iter.Seq[error] { return loopOf(events(ctx)) }
}

// loopOf returns the errors of a sequence.
func loopOf[E any](events iter.Seq2[E, error]) iter.Seq[error] {
	return func(yield func(error) bool) {
		for _, err := range events {
			if !yield(err) {
				return
			}
		}
	}
}

// finite has the sequences that end by themselves, when they are complete. Their elements are not
// events.
var finite = map[string]bool{"Page.All": true, "Messages.Since": true}

// last returns the last error of a sequence. The test fails if there is another error before it.
func last(t *testing.T, what string, errs iter.Seq[error]) (last error) {
	t.Helper()
	for err := range errs {
		if last != nil {
			t.Errorf("%s yields another error after %v", what, last)
		}
		last = err
	}
	return last
}

// unending has the methods that don't fail after the end of the room.
var unending = map[string]bool{
	"Room.Name": true, "Room.Options": true, "Room.Status": true, "Room.Error": true, "Room.Messages": true,
	"Room.Reactions": true, "Room.Typing": true, "Room.Presence": true, "Room.Occupancy": true,
	"Messages.Reactions": true, "Typing.CurrentTypers": true, "Connection.Status": true,
	"Connection.Error": true, "Page.HasNext": true, "MessageSubscription.Unsubscribe": true,
	"MessageSubscription.Done": true, "MessageSubscription.Err": true, "MessageSubscription.Dropped": true,
}

// TestNoMethodIsForgotten checks that every method of every feature is in one of the tables of
// these tests.
func TestNoMethodIsForgotten(t *testing.T) {
	h := hold(t)
	known := maps.Clone(unending)
	for _, names := range []iter.Seq[string]{maps.Keys(h.calls()), maps.Keys(h.subscriptions()), maps.Keys(h.loops())} {
		for name := range names {
			known[name] = true
		}
	}
	for _, feature := range append(slices.Clone(features), reflect.TypeFor[*ablychat.Page]()) {
		for i := range feature.NumMethod() {
			name := feature.Elem().Name() + "." + feature.Method(i).Name
			if !known[name] {
				t.Errorf("no test calls %s after a release and a disposal", name)
			}
			delete(known, name)
		}
	}
	if len(known) > 0 {
		t.Errorf("the tests list methods that don't exist: %v", known)
	}
}

// TestWhatEndsSaysSo: after a release or a disposal, every new call fails at once, and every
// earlier subscription and loop ends. All of them have the error of that release or disposal.
func TestWhatEndsSaysSo(t *testing.T) {
	release := func(t *testing.T, h held) error { return h.client.Rooms().Release(soon(t), "lobby") }
	dispose := func(t *testing.T, h held) error { return h.client.Dispose(soon(t)) }
	for what, c := range map[string]struct {
		ends []func(*testing.T, held) error
		want error
	}{
		"released":               {[]func(*testing.T, held) error{release}, ablychat.ErrRoomInInvalidState},
		"disposed":               {[]func(*testing.T, held) error{dispose}, ablychat.ErrResourceDisposed},
		"released then disposed": {[]func(*testing.T, held) error{release, dispose}, ablychat.ErrResourceDisposed},
	} {
		t.Run(what, func(t *testing.T) {
			h := hold(t, everything...)
			// a release doesn't end the connection, so the connection's methods are not tried
			tried := func(name string) bool {
				return !strings.HasPrefix(name, "Connection.") || c.want == ablychat.ErrResourceDisposed
			}
			type result struct {
				name string
				err  error
			}
			results, waiting := make(chan result), 0
			for name, loop := range h.loops() {
				if !tried(name) || finite[name] {
					continue
				}
				waiting++
				errs := loop(t.Context())
				go func() {
					var last error
					for err := range errs {
						last = err
					}
					results <- result{name, last}
				}()
			}
			before := map[string]subscription{"MessageSubscription": h.subscription}
			for name, subscribe := range h.subscriptions() {
				before[name] = must(subscribe())
			}
			if err := h.room.Typing().Keystroke(soon(t)); err != nil {
				t.Fatal(err)
			}
			for _, end := range c.ends {
				if err := end(t, h); err != nil {
					t.Fatal(err)
				}
			}
			// If a release comes first, a loop may end before the disposal, with the error of the
			// release.
			first := c.want
			if len(c.ends) > 1 {
				first = ablychat.ErrRoomInInvalidState
			}
			for range waiting {
				select {
				case r := <-results:
					if !errors.Is(r.err, c.want) && !errors.Is(r.err, first) {
						t.Errorf("the loop over %s ended with %v", r.name, r.err)
					}
				case <-soon(t).Done():
					t.Fatal("a loop did not end")
				}
			}
			for name, s := range before {
				if !tried(name) {
					continue
				}
				<-s.Done()
				if err := s.Err(); !errors.Is(err, c.want) && !errors.Is(err, first) {
					t.Errorf("the subscription of %s ended with %v", name, err)
				}
				s.Unsubscribe()
			}
			for name, call := range h.calls() {
				if !tried(name) {
					continue
				}
				if err := call(soon(t)); !errors.Is(err, c.want) {
					t.Errorf("%s after the end: %v", name, err)
				}
			}
			for name, subscribe := range h.subscriptions() {
				if _, err := subscribe(); tried(name) && !errors.Is(err, c.want) {
					t.Errorf("%s after the end: %v", name, err)
				}
			}
			for name, loop := range h.loops() {
				if !tried(name) {
					continue
				}
				if err := last(t, name, loop(soon(t))); !errors.Is(err, c.want) {
					t.Errorf("a loop over %s after the end: %v", name, err)
				}
			}
			if typers := h.room.Typing().CurrentTypers(); typers != nil {
				t.Errorf("%v are typing", typers)
			}
		})
	}
}

// TestWhatIsSwitchedOff: a method that an option disables returns an error, never an empty result.
func TestWhatIsSwitchedOff(t *testing.T) {
	off := []ablychat.RoomOption{ablychat.WithPresenceEvents(false)}
	h := hold(t, off...)
	errs := map[string]error{}
	for _, name := range []string{"Presence.Get", "Presence.IsUserPresent", "Occupancy.Current"} {
		errs[name] = h.calls()[name](soon(t))
	}
	for _, name := range []string{"Presence.Subscribe", "Occupancy.Subscribe", "MessageReactions.SubscribeRaw"} {
		_, errs[name] = h.subscriptions()[name]()
	}
	for _, name := range []string{"Presence.Events", "Occupancy.Events", "MessageReactions.RawEvents"} {
		errs[name] = last(t, name, h.loops()[name](soon(t)))
	}
	for name, err := range errs {
		if !errors.Is(err, ablychat.ErrFeatureNotEnabledInRoom) || !strings.Contains(err.Error(), "; the room's options don't enable ") {
			t.Errorf("%s, which the options disable: %v", name, err)
		}
	}
	if err := h.room.Presence().Enter(soon(t), nil); err != nil {
		t.Errorf("enter without presence events: %v", err)
	}
}

// TestASecondRange: a sequence of events can be ranged over once. A second range yields an error.
func TestASecondRange(t *testing.T) {
	h := hold(t, everything...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, loop := range h.loops() {
		if finite[name] { // a second range requests the pages again
			continue
		}
		errs := loop(ctx)
		first, again := last(t, name, errs), last(t, name, errs)
		if !errors.Is(first, context.Canceled) || !errors.Is(again, ablychat.ErrInvalidArgument) {
			t.Errorf("%s ends with %v, and in a second range with %v", name, first, again)
		}
	}
}

// TestWithoutAClientID: a client without an id gets an error when it enters or types.
func TestWithoutAClientID(t *testing.T) {
	nobody := newPerson(t, ablytest.NewServer(t), "", ably.WithUseBinaryProtocol(false))
	h := held{client: nobody.chat, room: nobody.room("lobby")}
	for _, name := range []string{"Presence.Enter", "Presence.Update", "Presence.Leave", "Typing.Keystroke"} {
		err := h.calls()[name](soon(t))
		if !errors.Is(err, ablychat.ErrInvalidClientID) || !strings.Contains(err.Error(), "; the client has no id: ") {
			t.Errorf("%s without a client id: %v", name, err)
		}
	}
}
