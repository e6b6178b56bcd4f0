package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
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
	id      string
	msgpack bool
}

// newGoPerson makes a client and waits until it is connected.
func newGoPerson(ctx context.Context, server *ablytest.Server, id string, binary bool) (*goPerson, error) {
	client, err := ablychat.Connect(server.ClientOptions(ably.WithClientID(id), ably.WithUseBinaryProtocol(binary), ably.WithLogLevel(ably.LogNone))...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, patience, errLate)
	defer cancel()
	connected, ready := context.WithCancel(context.Background())
	defer client.Connection().OnStatusChange(func(c ablychat.ConnectionStatusChange) {
		if c.Current == ablychat.ConnectionConnected {
			ready()
		}
	})()
	if client.Connection().Status() == ablychat.ConnectionConnected {
		ready()
	}
	select {
	case <-connected.Done():
		return &goPerson{client, id, binary}, nil
	case <-ctx.Done():
		ready()
		return nil, errors.Join(fmt.Errorf("%s doesn't connect: %w", id, context.Cause(ctx)), client.Dispose(context.Background()))
	}
}

func (p *goPerson) official() bool   { return false }
func (p *goPerson) clientID() string { return p.id }
func (p *goPerson) binary() bool     { return p.msgpack }

func (p *goPerson) room(t *trial, name, options string) room {
	o := lifecycle.DefaultRoomOptions()
	if options != "" {
		t.check("reading the options", json.Unmarshal([]byte(options), &o))
	}
	r, err := p.client.Rooms().Get(t.ctx, name, lifecycle.WithRoomOptions(o))
	t.check("get", err)
	g := &goRoom{t: t, p: p, r: r}
	t.atEnd(g.release)
	return g
}

type goRoom struct {
	t *trial
	p *goPerson
	r *ablychat.Room
}

func (g *goRoom) name() string   { return g.r.Name() }
func (g *goRoom) attach()        { g.t.check("attach", g.r.Attach(g.t.ctx)) }
func (g *goRoom) detach()        { g.t.check("detach", g.r.Detach(g.t.ctx)) }
func (g *goRoom) release()       { g.t.check("release", g.p.client.Rooms().Release(g.t.ctx, g.name())) }
func (g *goRoom) status() string { return g.r.Status().String() }

func (g *goRoom) statuses() *inbox[string] {
	in := newInbox[string]("a status")
	g.r.OnStatusChange(func(c lifecycle.StatusChange) { in.put(c.Current.String()) })
	return in
}

func (g *goRoom) discontinuities() *inbox[int] {
	in := newInbox[int]("a discontinuity")
	g.r.OnDiscontinuity(func(e *lifecycle.ErrorInfo) {
		if e == nil {
			e = &lifecycle.ErrorInfo{}
		}
		in.put(int(e.Code))
	})
	return in
}

func (c content) ours() ablychat.MessageContent {
	return ablychat.MessageContent{Text: c.Text, Metadata: c.Metadata, Headers: c.Headers}
}

func (d details) ours() ablychat.OperationDetails {
	return ablychat.OperationDetails{Description: d.Description, Metadata: d.Metadata}
}

func (g *goRoom) send(c content) chat.Message {
	m, err := g.r.Messages().Send(g.t.ctx, c.ours())
	g.t.check("send", err)
	return m
}

func (g *goRoom) update(serial string, c content, d details) chat.Message {
	m, err := g.r.Messages().Update(g.t.ctx, serial, c.ours(), d.ours())
	g.t.check("update", err)
	return m
}

func (g *goRoom) remove(serial string, d details) chat.Message {
	m, err := g.r.Messages().Delete(g.t.ctx, serial, d.ours())
	g.t.check("delete", err)
	return m
}

func (g *goRoom) message(serial string) chat.Message {
	m, err := g.r.Messages().Get(g.t.ctx, serial)
	g.t.check("get message", err)
	return m
}

func (g *goRoom) history(q query) [][]chat.Message {
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
	return g.pages(g.r.Messages().History(g.t.ctx, ours))
}

func (g *goRoom) pages(page *ablychat.Page, err error) (all [][]chat.Message) {
	for ; err == nil && page != nil; page, err = page.Next(g.t.ctx) {
		all = append(all, page.Items)
	}
	g.t.check("history", err)
	return all
}

func (g *goRoom) messages() subscription {
	in := newInbox[chat.MessageEvent]("a message")
	s := g.r.Messages().Subscribe(in.put)
	return subscription{in, func(limit int) [][]chat.Message {
		return g.pages(s.HistoryBeforeSubscribe(g.t.ctx, ablychat.HistoryQuery{Limit: limit}))
	}, s.Unsubscribe}
}

func (g *goRoom) merged() *inbox[chat.Message] {
	in := newInbox[chat.Message]("a merged message")
	var mu sync.Mutex // each subscription has a goroutine of its own
	messages := map[string]chat.Message{}
	merge := func(serial string, next chat.Message, err error) {
		if err != nil {
			next = chat.Message{Text: fmt.Sprintf("not merged: %v", err)}
		}
		messages[serial] = next
		in.put(next)
	}
	g.r.Messages().Subscribe(func(e chat.MessageEvent) {
		mu.Lock()
		defer mu.Unlock()
		if e.Type == chat.MessageCreated {
			merge(e.Message.Serial, e.Message, nil)
			return
		}
		next, err := messages[e.Message.Serial].With(e)
		merge(e.Message.Serial, next, err)
	})
	_, err := g.r.Messages().Reactions().Subscribe(func(e chat.ReactionSummaryEvent) {
		mu.Lock()
		defer mu.Unlock()
		next, err := messages[e.MessageSerial].WithReactions(e)
		merge(e.MessageSerial, next, err)
	})
	g.t.check("subscribe to summaries", err)
	return in
}

func (r reaction) ours() ablychat.MessageReaction {
	return ablychat.MessageReaction{Name: r.Name, Type: lifecycle.MessageReactionType(r.Type), Count: r.Count}
}

func (g *goRoom) react(serial string, r reaction) {
	g.t.check("send message reaction", g.r.Messages().Reactions().Send(g.t.ctx, serial, r.ours()))
}

func (g *goRoom) unreact(serial string, r reaction) {
	g.t.check("delete message reaction", g.r.Messages().Reactions().Delete(g.t.ctx, serial, r.ours()))
}

func (g *goRoom) clientReactions(serial, clientID string) chat.Reactions {
	r, err := g.r.Messages().Reactions().ClientReactions(g.t.ctx, serial, clientID)
	g.t.check("get client reactions", err)
	return r
}

func (g *goRoom) summaries() *inbox[chat.ReactionSummaryEvent] {
	in := newInbox[chat.ReactionSummaryEvent]("a summary")
	_, err := g.r.Messages().Reactions().Subscribe(in.put)
	g.t.check("subscribe to summaries", err)
	return in
}

func (g *goRoom) raws() *inbox[chat.RawReactionEvent] {
	in := newInbox[chat.RawReactionEvent]("a raw reaction")
	_, err := g.r.Messages().Reactions().SubscribeRaw(in.put)
	g.t.check("subscribe to raw reactions", err)
	return in
}

func (g *goRoom) reactToRoom(r roomReaction) {
	g.t.check("send room reaction", g.r.Reactions().Send(g.t.ctx, ablychat.SendReaction{Name: r.Name, Metadata: r.Metadata, Headers: r.Headers}))
}

func (g *goRoom) roomReactions() *inbox[chat.RoomReaction] {
	in := newInbox[chat.RoomReaction]("a room reaction")
	g.r.Reactions().Subscribe(in.put)
	return in
}

func (g *goRoom) keystroke()                  { g.t.check("keystroke", g.r.Typing().Keystroke(g.t.ctx)) }
func (g *goRoom) stop()                       { g.t.check("stop", g.r.Typing().Stop(g.t.ctx)) }
func (g *goRoom) typers() []chat.TypingMember { return g.r.Typing().CurrentTypers() }

func (g *goRoom) typing() *inbox[chat.TypingEvent] {
	in := newInbox[chat.TypingEvent]("a typing event")
	g.r.Typing().Subscribe(in.put)
	return in
}

// given is presence data as this library takes it, which knows no difference between none and null.
func given(data any) any {
	if data == (any)(null{}) {
		return nil
	}
	return data
}

func (g *goRoom) enter(data any) {
	g.t.check("enter", g.r.Presence().Enter(g.t.ctx, given(data)))
}

func (g *goRoom) updatePresence(data any) {
	g.t.check("update presence", g.r.Presence().Update(g.t.ctx, given(data)))
}

func (g *goRoom) leave(data any) {
	g.t.check("leave", g.r.Presence().Leave(g.t.ctx, given(data)))
}

func (g *goRoom) members() []chat.PresenceMember {
	all, err := g.r.Presence().Get(g.t.ctx)
	g.t.check("get presence", err)
	return byClient(all)
}

// byClient sorts members: they come in no order.
func byClient(all []chat.PresenceMember) []chat.PresenceMember {
	slices.SortFunc(all, func(a, b chat.PresenceMember) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return all
}

func (g *goRoom) isUserPresent(clientID string) bool {
	present, err := g.r.Presence().IsUserPresent(g.t.ctx, clientID)
	g.t.check("is user present", err)
	return present
}

func (g *goRoom) presence() *inbox[chat.PresenceEvent] {
	in := newInbox[chat.PresenceEvent]("a presence event")
	_, err := g.r.Presence().Subscribe(in.put)
	g.t.check("subscribe to presence", err)
	return in
}

func (g *goRoom) occupancy() chat.Occupancy {
	o, err := g.r.Occupancy().Get(g.t.ctx)
	g.t.check("get occupancy", err)
	return o
}

func (g *goRoom) currentOccupancy() *chat.Occupancy {
	o, known, err := g.r.Occupancy().Current()
	g.t.check("current occupancy", err)
	if !known {
		return nil
	}
	return &o
}

func (g *goRoom) occupancies() *inbox[chat.Occupancy] {
	in := newInbox[chat.Occupancy]("an occupancy event")
	_, err := g.r.Occupancy().Subscribe(in.put)
	g.t.check("subscribe to occupancy", err)
	return in
}
