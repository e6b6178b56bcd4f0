package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// args are the arguments of an operation of js/chat.mjs.
type args map[string]any

// jsPerson is a client of the official library, which runs in the Node process.
type jsPerson struct {
	peer    *peer
	client  int
	named   string
	msgpack bool
}

func newJSPerson(ctx context.Context, p *peer, server *ablytest.Server, id string, binary bool) (*jsPerson, error) {
	j := &jsPerson{p, p.number(), id, binary}
	return j, p.call(ctx, "connect", 0, args{"client": j.client, "clientId": id, "host": server.Host(),
		"port": server.Port(), "key": server.Key(), "binary": binary}, &j.named)
}

func (p *jsPerson) close(ctx context.Context) error {
	return p.peer.call(ctx, "close", 0, args{"client": p.client}, nil)
}

func (p *jsPerson) official() bool { return true }
func (p *jsPerson) id() string     { return p.named }
func (p *jsPerson) binary() bool   { return p.msgpack }

// jsRoom runs operations on a room of the official client.
type jsRoom struct {
	t      *trial
	peer   *peer
	number int
}

// ask runs an operation and returns its result.
func ask[T any](j jsRoom, op string, args any) (result T) {
	if err := j.peer.call(j.t.ctx, op, j.number, args, &result); err != nil {
		panic(stop{fmt.Errorf("%s by the official client: %w", op, err)})
	}
	return result
}

// do runs an operation that returns nothing.
func (j jsRoom) do(op string, args any) { ask[any](j, op, args) }

// hear subscribes to a feature of a room. In JSON, its events have the type E; of converts them to
// the type T.
func hear[E, T any](j jsRoom, feature string, of func(E) T) (in *inbox[T], sub int) {
	in = listen(func(put func(T)) {
		sub = j.peer.listen(func(r reply) {
			var e E
			if err := decode(r.Event, &e); err != nil {
				j.t.broken(err)
				return
			}
			put(of(e))
		})
		j.do("subscribe", args{"feature": feature, "sub": sub})
	})
	return in, sub
}

// heard returns a function for a room's field that subscribes with hear.
func heard[E, T any](j jsRoom, feature string, of func(E) T) func() *inbox[T] {
	return func() *inbox[T] {
		in, _ := hear(j, feature, of)
		return in
	}
}

func itself[T any](v T) T { return v }

func (p *jsPerson) room(t *trial, name, options string) *room {
	j := jsRoom{t, p.peer, p.peer.number()}
	get := args{"client": p.client, "room": j.number, "name": name}
	if options != "" {
		get["options"] = json.RawMessage(options)
	}
	j.do("get", get)
	plain := func(op string) func() { return func() { j.do(op, nil) } }
	r := &room{
		person: p, name: name,
		attach:   plain("attach"),
		detach:   plain("detach"),
		release:  func() { j.do("release", args{"client": p.client, "name": name}) },
		status:   func() string { return ask[string](j, "status", nil) },
		statuses: heard(j, "statuses", func(c jsStatusChange) string { return c.Current }),
		discontinuities: heard(j, "discontinuities", func(e *problem) int {
			if e == nil {
				return 0
			}
			return e.Code
		}),

		send: func(c content) chat.Message { return ask[chat.Message](j, "send", c) },
		update: func(serial string, c content, d details) chat.Message {
			return ask[chat.Message](j, "update", args{"serial": serial, "content": c, "details": d})
		},
		remove: func(serial string, d details) chat.Message {
			return ask[chat.Message](j, "delete", args{"serial": serial, "details": d})
		},
		message: func(serial string) chat.Message {
			return ask[chat.Message](j, "message", args{"serial": serial})
		},
		history: func(q query) [][]chat.Message { return ask[[][]chat.Message](j, "history", q) },
		messages: func() subscription {
			in, sub := hear(j, "messages", itself[chat.MessageEvent])
			return subscription{in, func(limit int) [][]chat.Message {
				q := args{"sub": sub, "params": query{Limit: limit}}
				return ask[[][]chat.Message](j, "historyBeforeSubscribe", q)
			}, func() { j.do("unsubscribe", args{"sub": sub}) }}
		},
		merged: heard(j, "merged", itself[chat.Message]),

		react: func(serial string, r reaction) {
			given := args{"name": r.Name} // also if it is empty
			if r.Type != "" {
				given["type"] = r.Type
			}
			if r.Count != 0 {
				given["count"] = r.Count
			}
			j.do("react", args{"serial": serial, "reaction": given})
		},
		unreact: func(serial string, r reaction) { j.do("unreact", args{"serial": serial, "reaction": r}) },
		clientReactions: func(serial, clientID string) chat.ReactionSummary {
			of := args{"serial": serial}
			if clientID != "" {
				of["clientId"] = clientID
			}
			return ask[chat.ReactionSummary](j, "clientReactions", of)
		},
		summaries: heard(j, "summaries", func(e jsSummary) chat.ReactionSummaryEvent { return e.ReactionSummaryEvent }),
		raws:      heard(j, "raws", itself[chat.RawReactionEvent]),

		reactToRoom:   func(r roomReaction) { j.do("reactToRoom", r) },
		roomReactions: heard(j, "roomReactions", func(e jsReaction) chat.RoomReaction { return e.Reaction }),

		keystroke: plain("keystroke"),
		stop:      plain("stop"),
		typers:    func() []chat.TypingMember { return inOrder(ask[[]chat.TypingMember](j, "typers", nil)) },
		typing: heard(j, "typing", func(e jsTyping) chat.TypingEvent {
			return chat.TypingEvent{Change: e.Change, CurrentTypers: inOrder(e.CurrentTypers)}
		}),

		enter:          func(data any) { j.do("enter", presenceArgs(data)) },
		updatePresence: func(data any) { j.do("updatePresence", presenceArgs(data)) },
		leave:          func(data any) { j.do("leave", presenceArgs(data)) },
		members: func() []chat.PresenceMember {
			members := []chat.PresenceMember{}
			for _, m := range ask[[]jsMember](j, "members", nil) {
				members = append(members, m.member())
			}
			return byClient(members)
		},
		isUserPresent: func(clientID string) bool {
			return ask[bool](j, "isUserPresent", args{"clientId": clientID})
		},
		presence: heard(j, "presence", func(e jsPresence) chat.PresenceEvent {
			return chat.PresenceEvent{Type: e.Type, Member: e.Member.member()}
		}),

		occupancy:        func() chat.OccupancyData { return ask[chat.OccupancyData](j, "occupancy", nil) },
		currentOccupancy: func() *chat.OccupancyData { return ask[*chat.OccupancyData](j, "currentOccupancy", nil) },
		occupancies:      heard(j, "occupancy", func(e jsOccupancy) chat.OccupancyData { return e.Occupancy }),
	}
	t.atEnd(r.release)
	return r
}

// inOrder sorts typers by client. The official client has them in the order in which they began.
func inOrder(typers []chat.TypingMember) []chat.TypingMember {
	slices.SortFunc(typers, func(a, b chat.TypingMember) int { return cmp.Compare(a.ClientID, b.ClientID) })
	return typers
}

// presenceArgs returns the arguments of a presence call. If data is nil, the call gets no data.
func presenceArgs(data any) args {
	if data == nil {
		return nil
	}
	return args{"data": data}
}

// The events of the official client, with all their fields.
type (
	// problem is an error in an event.
	problem struct {
		Name, Message, Href, Detail, Cause any
		Code, StatusCode                   int
	}
	jsStatusChange struct {
		Current, Previous string
		Error             *problem
	}
	jsSummary struct {
		Type string
		chat.ReactionSummaryEvent
	}
	jsReaction struct {
		Type     string
		Reaction chat.RoomReaction
	}
	jsTyping struct {
		Type            string
		CurrentlyTyping []string
		CurrentTypers   []chat.TypingMember
		Change          chat.TypingChange
	}
	// jsMember has the fields of a member, and those of its presence message.
	jsMember struct {
		ClientID, ConnectionID, UserClaim, ID, Encoding, Action string
		Data                                                    any
		Extras                                                  map[string]any
		UpdatedAt                                               time.Time
		Timestamp                                               int64
	}
	jsPresence struct {
		Type   chat.PresenceEventType
		Member jsMember
	}
	jsOccupancy struct {
		Type      string
		Occupancy chat.OccupancyData
	}
)

func (m jsMember) member() chat.PresenceMember {
	return chat.PresenceMember{ClientID: m.ClientID, ConnectionID: m.ConnectionID, UserClaim: m.UserClaim,
		Data: m.Data, Extras: m.Extras, UpdatedAt: m.UpdatedAt}
}
