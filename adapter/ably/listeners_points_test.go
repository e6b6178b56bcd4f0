package ablychat_test

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// everything has the options for all events that can be subscribed to.
var everything = []lifecycle.RoomOption{lifecycle.WithOccupancyEvents(true), lifecycle.WithRawMessageReactions(true)}

// CHA-M12, CHA-MR12, CHA-ER6, CHA-PR11, CHA-T17, CHA-O8: a release ends all subscriptions and loops
// of the room.
func TestAReleaseEndsAllListeners(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	room := ann.room("lobby", everything...)
	raw := newInbox[chat.RawReactionEvent](t)
	must(room.Messages().Reactions().SubscribeRaw(raw.put))
	ended := make(chan string, 7)
	ranging(ended, "messages", room.Messages().Events(t.Context()))
	ranging(ended, "presence", room.Presence().Events(t.Context()))
	ranging(ended, "occupancy", room.Occupancy().Events(t.Context()))
	ranging(ended, "summaries", room.Messages().Reactions().Events(t.Context()))
	ranging(ended, "raw reactions", room.Messages().Reactions().RawEvents(t.Context()))
	ranging(ended, "reactions", room.Reactions().Events(t.Context()))
	ranging(ended, "typing", room.Typing().Events(t.Context()))
	if err := ann.chat.Rooms().Release(soon(t), "lobby"); err != nil {
		t.Fatal(err)
	}
	for range cap(ended) {
		select {
		case <-ended:
		case <-soon(t).Done():
			t.Fatal("a loop did not end")
		}
	}
	// The next room of the name must not reach the listeners of the old one.
	next := ann.room("lobby", everything...)
	heard := newInbox[chat.RawReactionEvent](t)
	if _, err := next.Messages().Reactions().SubscribeRaw(heard.put); err != nil {
		t.Fatal(err)
	}
	m, err := next.Messages().Send(soon(t), ablychat.MessageContent{Text: "hi"})
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Messages().Reactions().Send(soon(t), m.Serial, ablychat.MessageReaction{Name: "x"}); err != nil {
		t.Fatal(err)
	}
	heard.next()
	raw.empty()
}

func ranging[T any](ended chan<- string, what string, events iter.Seq2[T, error]) {
	go func() {
		for range events {
		}
		ended <- what
	}()
}

// CHA-M4b, CHA-ER4b, CHA-PR7c, CHA-T6b, CHA-O4b: a listener that unsubscribes receives no further
// event, and no other listener is affected.
func TestUnsubscribingHasNoOtherEffect(t *testing.T) {
	server := ablytest.NewServer(t)
	ann, bob := newPerson(t, server, "ann"), newPerson(t, server, "bob")
	room, other := ann.room("lobby", everything...), bob.room("lobby")
	gone, stays := newInbox[any](t), newInbox[any](t)
	for _, box := range []*inbox[any]{gone, stays} {
		put := func(e any) { box.put(e) }
		sub := must(room.Messages().Subscribe(func(e chat.MessageEvent) { put(e) }))
		offs := []func(){sub.Unsubscribe,
			must(room.Presence().Subscribe(func(e chat.PresenceEvent) { put(e) })).Unsubscribe,
			must(room.Occupancy().Subscribe(func(e chat.OccupancyData) { put(e) })).Unsubscribe,
			must(room.Reactions().Subscribe(func(e chat.RoomReaction) { put(e) })).Unsubscribe,
			must(room.Typing().Subscribe(func(e chat.TypingEvent) { put(e) })).Unsubscribe}
		if box == gone {
			before := len(sentTo(server))
			for _, off := range offs {
				off()
				off()
			}
			if after := len(sentTo(server)); after != before {
				t.Errorf("subscribing and unsubscribing sent %d frames", after-before)
			}
		}
	}
	if room.Status() != lifecycle.RoomAttached || len(server.State().Channels[ablychat.ChannelName("lobby")].Attached) != 2 {
		t.Errorf("the room is %v", room.Status())
	}
	_, err := other.Messages().Send(soon(t), ablychat.MessageContent{Text: "hi"})
	for _, err := range []error{err, other.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "wave"}), other.Typing().Keystroke(soon(t)), other.Presence().Enter(soon(t), nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	kinds := map[string]bool{}
	for len(kinds) < 5 {
		switch stays.next().(type) {
		case chat.MessageEvent:
			kinds["message"] = true
		case chat.PresenceEvent:
			kinds["presence"] = true
		case chat.OccupancyData:
			kinds["occupancy"] = true
		case chat.RoomReaction:
			kinds["reaction"] = true
		case chat.TypingEvent:
			kinds["typing"] = true
		}
	}
	for len(gone.events) > 0 {
		// Earlier events of occupancy may still have been on their way.
		if o, ok := (<-gone.events).(chat.OccupancyData); !ok || o.PresenceMembers > 0 {
			t.Error("a listener received an event after it was unsubscribed")
		}
	}
}

// sentTo returns the frames with a channel that clients have sent to a server.
func sentTo(server *ablytest.Server) (sent []ablytest.Frame) {
	for _, f := range server.Frames() {
		if f.Direction == ablytest.ClientToServer && f.Channel != "" {
			sent = append(sent, f)
		}
	}
	return sent
}

// logged is a log handler that keeps the lines about ignored data, by their text.
type logged struct {
	slog.Handler
	mu    sync.Mutex
	lines map[string]slog.Level
}

func (l *logged) Enabled(context.Context, slog.Level) bool { return true }

func (l *logged) Handle(_ context.Context, r slog.Record) error {
	if r.Message != "received data was ignored" {
		return nil
	}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "what" {
			l.mu.Lock()
			l.lines[a.Value.String()] = r.Level
			l.mu.Unlock()
		}
		return true
	})
	return nil
}

// CHA-M4d, CHA-ER4c, CHA-M4m5, CHA-T13a: unknown messages are ignored, and logged at the level that
// the specification has. Events after them are still reported.
func TestWhatIsNotKnownIsLeftOut(t *testing.T) {
	server, log := ablytest.NewServer(t), &logged{lines: map[string]slog.Level{}}
	w := newWorldWith(t, server, []ablychat.Option{ablychat.WithLogger(slog.New(log))}, ably.WithClientID("ann"))
	room := w.attached()
	messages, reactions, typing := newInbox[chat.MessageEvent](t), newInbox[chat.RoomReaction](t), newInbox[chat.TypingEvent](t)
	room.Messages().Subscribe(messages.put)
	room.Reactions().Subscribe(reactions.put)
	room.Typing().Subscribe(typing.put)
	frame := &ablytest.ProtocolMessage{Action: ablytest.ActionMessage, Channel: channelName, Messages: []*ablytest.Message{
		{Name: "odd", Data: "x"},
		{Name: "chat.message", Serial: "1", Action: 3},
		{Name: "chat.message", Serial: "2", Action: 5},
		{Name: "typing.started"},
		{Name: "roomReaction", Data: `{"name":"wave"}`, Encoding: "json"},
		{Name: "chat.message", Serial: "3", Data: `{"text":"hi"}`, Encoding: "json"},
	}}
	if err := server.Inject(server.State().Connections[0].ID, frame); err != nil {
		t.Fatal(err)
	}
	if m, r := messages.next(), reactions.next(); m.Message.Serial != "3" || r.Name != "wave" {
		t.Errorf("received the message %+v and the reaction %+v, expected those after the unknown ones", m, r)
	}
	messages.empty()
	reactions.empty()
	typing.empty()
	log.mu.Lock()
	defer log.mu.Unlock()
	for line, level := range map[string]slog.Level{
		`a message has the unknown name "odd"`: slog.LevelDebug, "a message has the unexpected action 3": slog.LevelInfo, "a message has the unexpected action 5": slog.LevelInfo,
		"a typing message has no client id": slog.LevelInfo,
	} {
		if got, ok := log.lines[line]; !ok || got != level {
			t.Errorf("the log line %q: present %t, at level %v; all lines: %v", line, ok, got, log.lines)
		}
	}
}

// CHA-RC3d2, CHA-MR9: single reactions are requested if the room's options enable them, and only
// then.
func TestRawReactionsAreAskedFor(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	asked := newInbox[ablytest.Frame](t)
	defer server.OnFrame(func(f ablytest.Frame) {
		if f.Direction == ablytest.ClientToServer && f.Action == ablytest.ActionAttach {
			asked.put(f)
		}
	})()
	for _, raw := range []bool{false, true} {
		name := map[bool]string{false: "without", true: "with"}[raw]
		room := ann.room(name, lifecycle.WithRawMessageReactions(raw))
		off, err := room.Messages().Reactions().Subscribe(func(chat.ReactionSummaryEvent) {})
		if err != nil {
			t.Fatal(err)
		}
		f := asked.next()
		modes := f.Message.Flags
		if f.Channel != ablychat.ChannelName(name) || modes.Has(ablytest.ModeAnnotationSubscribe) != raw ||
			!modes.Has(ablytest.ModeSubscribe|ablytest.ModeAnnotationPublish) {
			t.Errorf("%s: the ATTACH of %v requests the modes %v", name, f.Channel, modes)
		}
		off.Unsubscribe()
	}
}

// CHA-MR6a1, CHA-MR6a2, CHA-MR7b1, CHA-MR7b2, CHA-MR7b3: unknown reactions are ignored, and events
// after them are still reported.
func TestReactionsThatAreNotKnownAreLeftOut(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	room := ann.room("lobby", everything...)
	sums, raws := newInbox[chat.ReactionSummaryEvent](t), newInbox[chat.RawReactionEvent](t)
	_, err1 := room.Messages().Reactions().Subscribe(sums.put)
	_, err2 := room.Messages().Reactions().SubscribeRaw(raws.put)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	channel := ablychat.ChannelName("lobby")
	err := server.Inject("",
		&ablytest.ProtocolMessage{Action: ablytest.ActionMessage, Channel: channel, Messages: []*ablytest.Message{
			{Serial: "1", Action: 4, Annotations: map[string]any{"summary": map[string]any{"reaction:odd.v1": map[string]any{}}}},
		}},
		&ablytest.ProtocolMessage{Action: ablytest.ActionAnnotation, Channel: channel, Annotations: []map[string]any{
			{"action": 0, "type": "reaction:odd.v1", "messageSerial": "1", "name": "x"},
			{"action": 7, "type": "reaction:unique.v1", "messageSerial": "1", "name": "x"},
			{"action": 0, "type": "reaction:unique.v1"},
		}})
	if err != nil {
		t.Fatal(err)
	}
	if s := sums.next(); s.MessageSerial != "1" || len(s.Reactions.Unique)+len(s.Reactions.Distinct)+len(s.Reactions.Multiple) != 0 {
		t.Errorf("received the summary %+v, expected an empty one", s)
	}
	if r := raws.next(); r.Reaction.Type != lifecycle.MessageReactionTypeUnique || r.Reaction.Name != "" || r.Reaction.ClientID != "" || r.Reaction.MessageSerial != "" {
		t.Errorf("received the reaction %+v, expected one with empty fields", r)
	}
	raws.empty()
}

// CHA-M5d: an UPDATE that loses continuity moves the point of a subscription. The point has moved
// before the room reports the discontinuity.
func TestAnUpdateMovesThePoint(t *testing.T) {
	server := ablytest.NewServer(t)
	ann := newPerson(t, server, "ann")
	room := ann.room("lobby")
	got, lost := newInbox[chat.MessageEvent](t), newInbox[[]string](t)
	sub := must(room.Messages().Subscribe(got.put))
	history := func() (texts []string) {
		page, err := sub.HistoryBeforeSubscribe(soon(t), ablychat.HistoryQuery{})
		if err != nil {
			t.Error(err)
			return nil
		}
		for _, m := range page.Items {
			texts = append(texts, m.Text)
		}
		return texts
	}
	room.SubscribeDiscontinuities(func(lifecycle.Discontinuity) { lost.put(history()) })
	send := func(text string) {
		t.Helper()
		if _, err := room.Messages().Send(soon(t), ablychat.MessageContent{Text: text}); err != nil {
			t.Fatal(err)
		}
		got.next()
	}
	send("before")
	if h := history(); len(h) != 0 {
		t.Errorf("before the discontinuity, the history before the subscription has %v", h)
	}
	server.UpdateChannel(ablychat.ChannelName("lobby"), false, ablytest.NewError(91000, 400, "lost"))
	if h := lost.next(); !slices.Equal(h, []string{"before"}) {
		t.Errorf("when the discontinuity is reported, the history before the subscription has %v", h)
	}
	send("after")
	if h := history(); !slices.Equal(h, []string{"before"}) {
		t.Errorf("after the discontinuity, the history before the subscription has %v", h)
	}
}
