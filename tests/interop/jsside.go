package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// jsPerson is a client of the official library, in the Node process.
type jsPerson struct {
	peer    *peer
	client  int
	id      string
	msgpack bool
}

func newJSPerson(ctx context.Context, p *peer, server *ablytest.Server, id string, binary bool) (*jsPerson, error) {
	j := &jsPerson{p, p.number(), id, binary}
	return j, p.call(ctx, "connect", 0, map[string]any{
		"client": j.client, "clientId": id, "host": server.Host(), "port": server.Port(), "key": server.Key(), "binary": binary,
	}, &j.id)
}

func (p *jsPerson) close(ctx context.Context) error {
	return p.peer.call(ctx, "close", 0, map[string]any{"client": p.client}, nil)
}

func (p *jsPerson) official() bool   { return true }
func (p *jsPerson) clientID() string { return p.id }
func (p *jsPerson) binary() bool     { return p.msgpack }

func (p *jsPerson) room(t *trial, name, options string) room {
	j := &jsRoom{t: t, p: p, number: p.peer.number(), named: name}
	args := map[string]any{"client": p.client, "room": j.number, "name": name}
	if options != "" {
		args["options"] = json.RawMessage(options)
	}
	j.call("get", args, nil)
	t.atEnd(j.release)
	return j
}

type jsRoom struct {
	t      *trial
	p      *jsPerson
	number int
	named  string
}

func (j *jsRoom) call(op string, args, result any) {
	j.t.check(op+" by the official client", j.p.peer.call(j.t.ctx, op, j.number, args, result))
}

// wireInbox subscribes to a feature of a room, whose events are of the type E in JSON, and to be told as a T.
func wireInbox[E, T any](j *jsRoom, feature, what string, of func(E) T) (*inbox[T], int) {
	in := newInbox[T](what)
	sub := j.p.peer.subscribe(func(text json.RawMessage) {
		var e E
		if err := decode(text, &e); err != nil {
			j.t.broken(err)
			return
		}
		in.put(of(e))
	})
	j.call("subscribe", map[string]any{"feature": feature, "sub": sub}, nil)
	return in, sub
}

func (j *jsRoom) name() string { return j.named }
func (j *jsRoom) attach()      { j.call("attach", nil, nil) }
func (j *jsRoom) detach()      { j.call("detach", nil, nil) }
func (j *jsRoom) release() {
	j.call("release", map[string]any{"client": j.p.client, "name": j.named}, nil)
}

func (j *jsRoom) status() (status string) {
	j.call("status", nil, &status)
	return status
}

// problem is an error of the official client's, within an event.
type problem struct {
	Name, Message, Href, Detail, Cause any
	Code, StatusCode                   int
}

func (j *jsRoom) statuses() *inbox[string] {
	type change struct {
		Current, Previous string
		Error             *problem
	}
	in, _ := wireInbox(j, "statuses", "a status", func(c change) string { return c.Current })
	return in
}

func (j *jsRoom) discontinuities() *inbox[int] {
	in, _ := wireInbox(j, "discontinuities", "a discontinuity", func(e *problem) int {
		if e == nil {
			return 0
		}
		return e.Code
	})
	return in
}

func (j *jsRoom) send(c content) (m chat.Message) {
	j.call("send", c, &m)
	return m
}

func (j *jsRoom) update(serial string, c content, d details) (m chat.Message) {
	j.call("update", map[string]any{"serial": serial, "content": c, "details": d}, &m)
	return m
}

func (j *jsRoom) remove(serial string, d details) (m chat.Message) {
	j.call("delete", map[string]any{"serial": serial, "details": d}, &m)
	return m
}

func (j *jsRoom) message(serial string) (m chat.Message) {
	j.call("message", map[string]any{"serial": serial}, &m)
	return m
}

func (j *jsRoom) history(q query) (pages [][]chat.Message) {
	j.call("history", q, &pages)
	return pages
}

func (j *jsRoom) messages() subscription {
	in, sub := wireInbox(j, "messages", "a message", func(e chat.MessageEvent) chat.MessageEvent { return e })
	return subscription{in, func(limit int) (pages [][]chat.Message) {
		j.call("historyBeforeSubscribe", map[string]any{"sub": sub, "params": query{Limit: limit}}, &pages)
		return pages
	}, func() { j.call("unsubscribe", map[string]any{"sub": sub}, nil) }}
}

func (j *jsRoom) merged() *inbox[chat.Message] {
	in, _ := wireInbox(j, "merged", "a merged message", func(m chat.Message) chat.Message { return m })
	return in
}

func (j *jsRoom) react(serial string, r reaction) {
	given := map[string]any{"name": r.Name} // also an empty one
	if r.Type != "" {
		given["type"] = r.Type
	}
	if r.Count != 0 {
		given["count"] = r.Count
	}
	j.call("react", map[string]any{"serial": serial, "reaction": given}, nil)
}

func (j *jsRoom) unreact(serial string, r reaction) {
	j.call("unreact", map[string]any{"serial": serial, "reaction": r}, nil)
}

func (j *jsRoom) clientReactions(serial, clientID string) (r chat.Reactions) {
	args := map[string]any{"serial": serial}
	if clientID != "" {
		args["clientId"] = clientID
	}
	j.call("clientReactions", args, &r)
	return r
}

func (j *jsRoom) summaries() *inbox[chat.ReactionSummaryEvent] {
	type event struct {
		Type string
		chat.ReactionSummaryEvent
	}
	in, _ := wireInbox(j, "summaries", "a summary", func(e event) chat.ReactionSummaryEvent { return e.ReactionSummaryEvent })
	return in
}

func (j *jsRoom) raws() *inbox[chat.RawReactionEvent] {
	in, _ := wireInbox(j, "raws", "a raw reaction", func(e chat.RawReactionEvent) chat.RawReactionEvent { return e })
	return in
}

func (j *jsRoom) reactToRoom(r roomReaction) { j.call("reactToRoom", r, nil) }

func (j *jsRoom) roomReactions() *inbox[chat.RoomReaction] {
	type event struct {
		Type     string
		Reaction chat.RoomReaction
	}
	in, _ := wireInbox(j, "roomReactions", "a room reaction", func(e event) chat.RoomReaction { return e.Reaction })
	return in
}

func (j *jsRoom) keystroke() { j.call("keystroke", nil, nil) }
func (j *jsRoom) stop()      { j.call("stop", nil, nil) }

func (j *jsRoom) typers() (typers []chat.TypingMember) {
	j.call("typers", nil, &typers)
	return inOrder(typers)
}

// inOrder sorts by client: the official client's typers are in the order in which they began.
func inOrder(typers []chat.TypingMember) []chat.TypingMember {
	slices.SortFunc(typers, func(a, b chat.TypingMember) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return typers
}

func (j *jsRoom) typing() *inbox[chat.TypingEvent] {
	type event struct {
		Type            string
		CurrentlyTyping []string
		CurrentTypers   []chat.TypingMember
		Change          chat.TypingChange
	}
	in, _ := wireInbox(j, "typing", "a typing event", func(e event) chat.TypingEvent {
		return chat.TypingEvent{Change: e.Change, CurrentTypers: inOrder(e.CurrentTypers)}
	})
	return in
}

// jsMember is a member as the official client tells it: its own fields, and those of the presence message.
type jsMember struct {
	ClientID, ConnectionID, UserClaim string
	Data                              any
	Extras                            map[string]any
	UpdatedAt                         time.Time
	ID, Encoding                      string
	Action                            string
	Timestamp                         int64
}

func (m jsMember) member() chat.PresenceMember {
	return chat.PresenceMember{ClientID: m.ClientID, ConnectionID: m.ConnectionID, UserClaim: m.UserClaim, Data: m.Data, Extras: m.Extras, UpdatedAt: m.UpdatedAt}
}

// presenceArgs are the arguments of a call of presence: data that is nil is not given at all.
func presenceArgs(data any) map[string]any {
	if data == nil {
		return nil
	}
	return map[string]any{"data": data}
}

func (j *jsRoom) enter(data any)          { j.call("enter", presenceArgs(data), nil) }
func (j *jsRoom) updatePresence(data any) { j.call("updatePresence", presenceArgs(data), nil) }
func (j *jsRoom) leave(data any)          { j.call("leave", presenceArgs(data), nil) }

func (j *jsRoom) members() []chat.PresenceMember {
	var all []jsMember
	j.call("members", nil, &all)
	members := make([]chat.PresenceMember, len(all))
	for i, m := range all {
		members[i] = m.member()
	}
	return byClient(members)
}

func (j *jsRoom) isUserPresent(clientID string) (present bool) {
	j.call("isUserPresent", map[string]any{"clientId": clientID}, &present)
	return present
}

func (j *jsRoom) presence() *inbox[chat.PresenceEvent] {
	type event struct {
		Type   chat.PresenceEventType
		Member jsMember
	}
	in, _ := wireInbox(j, "presence", "a presence event", func(e event) chat.PresenceEvent {
		return chat.PresenceEvent{Type: e.Type, Member: e.Member.member()}
	})
	return in
}

func (j *jsRoom) occupancy() (o chat.Occupancy) {
	j.call("occupancy", nil, &o)
	return o
}

func (j *jsRoom) currentOccupancy() (o *chat.Occupancy) {
	j.call("currentOccupancy", nil, &o)
	return o
}

func (j *jsRoom) occupancies() *inbox[chat.Occupancy] {
	type event struct {
		Type      string
		Occupancy chat.Occupancy
	}
	in, _ := wireInbox(j, "occupancy", "an occupancy event", func(e event) chat.Occupancy { return e.Occupancy })
	return in
}
