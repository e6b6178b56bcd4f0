package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

// goPerson is a client of this library.
type goPerson struct {
	client  *ablychat.Client
	named   string
	msgpack bool
}

// newGoPerson returns a client, which begins to connect.
func newGoPerson(server *ablytest.Server, id string, binary bool) (*goPerson, error) {
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID(id),
		ably.WithUseBinaryProtocol(binary), ably.WithLogLevel(ably.LogNone))...))
	return &goPerson{client, id, binary}, err
}

func (p *goPerson) official() bool { return false }
func (p *goPerson) id() string     { return p.named }
func (p *goPerson) binary() bool   { return p.msgpack }

// ok ends the trial if there is an error.
func ok(err error) {
	if err != nil {
		panic(stop{err})
	}
}

// value returns the value that a call returned, or ends the trial if the call failed.
func value[T any](v T, err error) T {
	ok(err)
	return v
}

func (p *goPerson) room(t *trial, name, options string) *room {
	o := lifecycle.DefaultRoomOptions()
	if options != "" {
		ok(json.Unmarshal([]byte(options), &o))
	}
	ctx := t.ctx
	r := value(p.client.Rooms().Get(ctx, name, lifecycle.WithRoomOptions(o)))
	messages, presence := r.Messages(), r.Presence()
	g := &room{
		person: p, name: name,
		attach:  func() { ok(r.Attach(ctx)) },
		detach:  func() { ok(r.Detach(ctx)) },
		release: func() { ok(p.client.Rooms().Release(ctx, name)) },
		status:  func() string { return r.Status().String() },
		statuses: func() *inbox[string] {
			return listen(func(put func(string)) {
				value(r.SubscribeStatus(func(c lifecycle.RoomStatusChange) { put(c.Current.String()) }))
			})
		},
		discontinuities: func() *inbox[int] {
			return listen(func(put func(int)) {
				value(r.SubscribeDiscontinuities(func(d lifecycle.Discontinuity) {
					put(int(lifecycle.AsErrorInfo(d.Reason).Code))
				}))
			})
		},

		send: func(c content) chat.Message { return value(messages.Send(ctx, ablychat.MessageContent(c))) },
		update: func(serial string, c content, d details) chat.Message {
			return value(messages.Update(ctx, serial, ablychat.MessageContent(c), d.options()...))
		},
		remove: func(serial string, d details) chat.Message {
			return value(messages.Delete(ctx, serial, d.options()...))
		},
		message: func(serial string) chat.Message { return value(messages.Get(ctx, serial)) },
		history: func(q query) [][]chat.Message { return pages(ctx)(messages.History(ctx, q.ours())) },
		messages: func() (s subscription) {
			s.inbox = listen(func(put func(chat.MessageEvent)) {
				subscribed := value(messages.Subscribe(put))
				s.end = subscribed.Unsubscribe
				s.before = func(limit int) [][]chat.Message {
					q := ablychat.HistoryQuery{Limit: limit}
					return pages(ctx)(subscribed.HistoryBeforeSubscribe(ctx, q))
				}
			})
			return s
		},
		merged: func() *inbox[chat.Message] {
			return listen(func(put func(chat.Message)) { merge(messages, put) })
		},

		react: func(serial string, a reaction) {
			ok(messages.Reactions().Send(ctx, serial, ablychat.MessageReaction(a)))
		},
		unreact: func(serial string, a reaction) {
			ok(messages.Reactions().Delete(ctx, serial, ablychat.MessageReaction(a)))
		},
		clientReactions: func(serial, clientID string) chat.ReactionSummary {
			return value(messages.Reactions().ClientReactions(ctx, serial, clientID))
		},
		summaries: inboxes(messages.Reactions().Subscribe),
		raws:      inboxes(messages.Reactions().SubscribeRaw),
		reactToRoom: func(a roomReaction) {
			ok(r.Reactions().Send(ctx, ablychat.ReactionContent(a)))
		},
		roomReactions: inboxes(r.Reactions().Subscribe),

		keystroke: func() { ok(r.Typing().Keystroke(ctx)) },
		stop:      func() { ok(r.Typing().Stop(ctx)) },
		typers:    func() []chat.TypingMember { return r.Typing().CurrentTypers() },
		typing:    inboxes(r.Typing().Subscribe),

		enter:          func(data any) { ok(presence.Enter(ctx, given(data))) },
		updatePresence: func(data any) { ok(presence.Update(ctx, given(data))) },
		leave:          func(data any) { ok(presence.Leave(ctx, given(data))) },
		members:        func() []chat.PresenceMember { return byClient(value(presence.Get(ctx))) },
		isUserPresent:  func(clientID string) bool { return value(presence.IsUserPresent(ctx, clientID)) },
		presence:       inboxes(presence.Subscribe),

		occupancy: func() chat.OccupancyData { return value(r.Occupancy().Get(ctx)) },
		currentOccupancy: func() *chat.OccupancyData {
			o, known, err := r.Occupancy().Current()
			if ok(err); !known {
				return nil
			}
			return &o
		},
		occupancies: inboxes(r.Occupancy().Subscribe),
	}
	t.atEnd(g.release)
	return g
}

func (d details) options() []ablychat.OperationOption {
	return []ablychat.OperationOption{ablychat.WithDescription(d.Description), ablychat.WithOperationMetadata(d.Metadata)}
}

func (q query) ours() ablychat.HistoryQuery {
	ours := ablychat.HistoryQuery{Limit: q.Limit}
	if q.Start != 0 {
		ours.Start = time.UnixMilli(q.Start)
	}
	if q.End != 0 {
		ours.End = time.UnixMilli(q.End)
	}
	if q.Order == oldestFirst {
		ours.Order = ablychat.OldestFirst
	}
	return ours
}

// inboxes returns a function that subscribes and returns an inbox with the events. It ends the
// trial if subscribe fails.
func inboxes[T any](subscribe func(func(T)) (*ablychat.Subscription, error)) func() *inbox[T] {
	return func() *inbox[T] { return listen(func(put func(T)) { value(subscribe(put)) }) }
}

// pages returns a function that reads all pages, given the first one.
func pages(ctx context.Context) func(*ablychat.Page, error) [][]chat.Message {
	return func(page *ablychat.Page, err error) (all [][]chat.Message) {
		for ; err == nil && page != nil; page, err = page.Next(ctx) {
			all = append(all, page.Items)
		}
		ok(err)
		return all
	}
}

// merge calls put with each message after each event, as this library merges them.
func merge(room *ablychat.Messages, put func(chat.Message)) {
	var mu sync.Mutex // each subscription has a goroutine of its own
	messages := map[string]chat.Message{}
	merged := func(serial string, with func(chat.Message) (chat.Message, error)) {
		mu.Lock()
		defer mu.Unlock()
		next, err := with(messages[serial])
		if err != nil {
			next = chat.Message{Text: fmt.Sprintf("not merged: %v", err)}
		}
		messages[serial] = next
		put(next)
	}
	value(room.Subscribe(func(e chat.MessageEvent) {
		merged(e.Message.Serial, func(m chat.Message) (chat.Message, error) {
			if e.Type == chat.MessageCreated {
				return e.Message, nil
			}
			return m.With(e)
		})
	}))
	value(room.Reactions().Subscribe(func(e chat.ReactionSummaryEvent) {
		merged(e.MessageSerial, func(m chat.Message) (chat.Message, error) { return m.With(e) })
	}))
}

// given returns presence data for this library, in which no data and null are the same.
func given(data any) any {
	if data == (any)(null{}) {
		return nil
	}
	return data
}

// byClient sorts members by client, since they come in no fixed order.
func byClient(all []chat.PresenceMember) []chat.PresenceMember {
	slices.SortFunc(all, func(a, b chat.PresenceMember) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return all
}
