package ablychat_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/google/go-cmp/cmp"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/lifecycle"
)

type (
	object = map[string]any
	list   = []any
)

// score is a struct that a user sends.
type score struct {
	Points int64     `json:"points"`
	At     time.Time `json:"at"`
	Note   string    `json:"note,omitempty"`
}

// values has the values that users send, and for each either the value that every receiver gets, or
// the reason why it is refused.
var values = map[string]struct {
	give any
	want any
	bad  string // why the value can't be sent
}{
	"text":                            {"ä☃\x00\u2028<&>\ufffd", "ä☃\x00\u2028<&>\ufffd", ""},
	"nil":                             {nil, nil, ""},
	"nested nil":                      {object{"a": list{nil, object{"b": nil}}}, object{"a": list{nil, object{"b": nil}}}, ""},
	"a nil map and list":              {list{object(nil), list(nil)}, list{nil, nil}, ""},
	"empty":                           {object{"o": object{}, "l": list{}, "s": ""}, object{"o": object{}, "l": list{}, "s": ""}, ""},
	"integers":                        {list{int8(-3), uint16(7), 0, int64(1 << 53)}, list{-3.0, 7.0, 0.0, float64(1 << 53)}, ""},
	"beyond 2^53":                     {int64(9007199254740993), json.Number("9007199254740993"), ""},
	"below -2^53":                     {list{-9007199254740993}, list{json.Number("-9007199254740993")}, ""},
	"the largest integers":            {list{math.MaxInt64, uint64(math.MaxUint64)}, list{json.Number("9223372036854775807"), json.Number("18446744073709551615")}, ""},
	"numbers as text":                 {list{json.Number("9007199254740993"), json.Number("0.5"), json.Number("1e3")}, list{json.Number("9007199254740993"), 0.5, 1000.0}, ""},
	"floats":                          {list{0.1, 1e300, -2.5e-300, float64(1 << 60), float64(1 << 70), float32(0.1)}, list{0.1, 1e300, -2.5e-300, float64(1 << 60), float64(1 << 70), 0.1}, ""},
	"a struct":                        {score{Points: 9007199254740993, At: time.Unix(0, 5).UTC()}, object{"points": json.Number("9007199254740993"), "at": "1970-01-01T00:00:00.000000005Z"}, ""},
	"a time":                          {time.Unix(1, 0).UTC(), "1970-01-01T00:00:01Z", ""},
	"bytes":                           {[]byte("hi"), "aGk=", ""},
	"typed maps":                      {map[string][]int{"a": {1, 2}}, object{"a": list{1.0, 2.0}}, ""},
	"NaN":                             {math.NaN(), nil, "is NaN"},
	"nested infinity":                 {object{"deep": list{math.Inf(1)}}, nil, "deep[0] is +Inf"},
	"infinity in a struct":            {[]float64{math.Inf(-1)}, nil, "has no form in JSON"},
	"invalid UTF-8":                   {"a\xffb", nil, "is not valid UTF-8"},
	"nested invalid UTF-8":            {object{"deep": list{"\xff"}}, nil, "deep[0] is not valid UTF-8"},
	"an invalid name":                 {object{"\xff": 1}, nil, `["\xff"] has a name that is not valid UTF-8`},
	"UTF-8 in a struct":               {score{Note: "\xff"}, nil, "is not valid UTF-8"},
	"a json.Number that is no number": {json.Number("one"), nil, `is "one", which is not a number`},
	"too large a number":              {json.Number("123456789012345678901"), nil, "is 123456789012345678901, which is too large"},
	"a function":                      {func() {}, nil, "has no form in JSON"},
	"a list that contains itself":     {itself(), nil, "is nested deeper than"},
}

func itself() any {
	o := object{}
	o["self"] = o
	return o
}

// path is a way to send a value. It has the name of the field in errors, and returns the value as
// it arrived by each way to receive it.
type path struct {
	field string
	send  func(ctx context.Context, v any) error
	came  func(t *testing.T) []any
	takes func(v any) bool // reports whether the path accepts a value; nil accepts every value
}

// TestValuesAreTheSameOnEveryWay: a value arrives the same by each way to send and to receive it,
// in JSON and in MessagePack, or it is refused with an error that names the field.
func TestValuesAreTheSameOnEveryWay(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		ann, bob := newPerson(t, server, "ann", binary), newPerson(t, server, "bob", binary)
		from, to := ann.room("lobby"), bob.room("lobby")
		for name, p := range pathsBetween(t, from, to) {
			for what, v := range values {
				if p.takes != nil && !p.takes(v.want) {
					continue
				}
				err := p.send(soon(t), v.give)
				if v.bad != "" {
					if !errors.Is(err, lifecycle.ErrInvalidArgument) || !strings.Contains(lifecycle.AsErrorInfo(err).Message, "; "+p.field) ||
						!strings.Contains(err.Error(), v.bad) {
						t.Errorf("%s, %s: %v, expected an error about %s with the text %s", name, what, err, p.field, v.bad)
					}
					continue
				}
				if err != nil {
					t.Errorf("%s, %s: %v", name, what, err)
					continue
				}
				for i, got := range p.came(t) {
					if diff := cmp.Diff(v.want, got); diff != "" {
						t.Errorf("%s, %s, received in way %d:\n%s", name, what, i, diff)
					}
				}
			}
		}
	})
}

// plainOnly reports whether a header may have the value.
func plainOnly(v any) bool {
	switch v.(type) {
	case object, list:
		return false
	}
	return true
}

func pathsBetween(t *testing.T, from, to *ablychat.Room) map[string]path {
	messages, reactions, presence := newInbox[chat.MessageEvent](t), newInbox[chat.RoomReaction](t), newInbox[chat.PresenceEvent](t)
	to.Messages().Subscribe(messages.put)
	to.Reactions().Subscribe(reactions.put)
	if _, err := to.Presence().Subscribe(presence.put); err != nil {
		t.Fatal(err)
	}
	var sent chat.Message
	// everywhere returns a message as the result of Send, as an event, and as Get and History
	// return it.
	everywhere := func(t *testing.T) []chat.Message {
		all := []chat.Message{sent, messages.next().Message}
		one, err := to.Messages().Get(soon(t), sent.Serial)
		if err != nil {
			t.Error(err)
		}
		page, err := to.Messages().History(soon(t), ablychat.HistoryQuery{Limit: 1})
		if err != nil || len(page.Items) != 1 {
			t.Fatalf("the history is %+v, %v; expected one message", page, err)
		}
		return append(all, one, page.Items[0])
	}
	of := func(get func(chat.Message) any) func(*testing.T) []any {
		return func(t *testing.T) (values []any) {
			for _, m := range everywhere(t) {
				values = append(values, get(m))
			}
			return values
		}
	}
	send := func(content func(v any) ablychat.MessageContent) func(context.Context, any) error {
		return func(ctx context.Context, v any) (err error) {
			sent, err = from.Messages().Send(ctx, content(v))
			return err
		}
	}
	update := func(content func(v any) ablychat.MessageContent) func(context.Context, any) error {
		return func(ctx context.Context, v any) error {
			m, err := from.Messages().Send(ctx, ablychat.MessageContent{Text: "first"})
			if err != nil {
				return err
			}
			messages.next()
			sent, err = from.Messages().Update(ctx, m.Serial, content(v))
			return err
		}
	}
	metadata := func(v any) ablychat.MessageContent { return ablychat.MessageContent{Metadata: object{"v": v}} }
	headers := func(v any) ablychat.MessageContent { return ablychat.MessageContent{Headers: object{"v": v}} }
	react := func(content func(v any) ablychat.ReactionContent) func(context.Context, any) error {
		return func(ctx context.Context, v any) error { return from.Reactions().Send(ctx, content(v)) }
	}
	present := func(*testing.T) []any {
		e := presence.next()
		if e.Type == chat.PresenceLeave {
			return []any{e.Member.Data}
		}
		members, err := to.Presence().Get(soon(t))
		if err != nil || len(members) != 1 {
			t.Fatalf("the members are %+v, %v; expected one", members, err)
		}
		return []any{e.Member.Data, members[0].Data}
	}
	return map[string]path{
		"metadata of a message": {"metadata.v", send(metadata), of(func(m chat.Message) any { return m.Metadata["v"] }), nil},
		"headers of a message":  {"headers.v", send(headers), of(func(m chat.Message) any { return m.Headers["v"] }), plainOnly},
		"metadata of an update": {"metadata.v", update(metadata), of(func(m chat.Message) any { return m.Metadata["v"] }), nil},
		"headers of an update":  {"headers.v", update(headers), of(func(m chat.Message) any { return m.Headers["v"] }), plainOnly},
		"metadata of a reaction": {"metadata.v", react(func(v any) ablychat.ReactionContent {
			return ablychat.ReactionContent{Name: "x", Metadata: object{"v": v}}
		}), func(*testing.T) []any { return []any{reactions.next().Metadata["v"]} }, nil},
		"headers of a reaction": {"headers.v", react(func(v any) ablychat.ReactionContent {
			return ablychat.ReactionContent{Name: "x", Headers: object{"v": v}}
		}), func(*testing.T) []any { return []any{reactions.next().Headers["v"]} }, plainOnly},
		"data of a member":              {"data", from.Presence().Enter, present, nil},
		"data of an update of presence": {"data", from.Presence().Update, present, nil},
		"data of a leave": {"data", func(ctx context.Context, v any) error {
			if err := from.Presence().Enter(ctx, nil); err != nil {
				return err
			}
			presence.next()
			return from.Presence().Leave(ctx, v)
		}, present, nil},
	}
}

// TestTextIsTheSameOnEveryWay: names, descriptions and the text of a message arrive as exactly as
// other values.
func TestTextIsTheSameOnEveryWay(t *testing.T) {
	eachFormat(t, func(t *testing.T, binary ably.ClientOption) {
		server := ablytest.NewServer(t)
		room := newPerson(t, server, "ann", binary).room("lobby")
		m := room.Messages()
		sent, err := m.Send(soon(t), ablychat.MessageContent{Text: "first"})
		if err != nil {
			t.Fatal(err)
		}
		got := newInbox[chat.RoomReaction](t)
		room.Reactions().Subscribe(got.put)
		details := func(text string) (chat.Message, error) {
			return m.Update(soon(t), sent.Serial, ablychat.MessageContent{Text: "y"}, ablychat.WithDescription(text),
				ablychat.WithOperationMetadata(map[string]string{"v": text}))
		}
		const odd = "ä☃\x00\u2028<&>\ufffd"
		updated, err := details(odd)
		one, bad := m.Get(soon(t), sent.Serial)
		for what, v := range map[string]chat.MessageVersion{"returned": updated.Version, "got": one.Version} {
			if v.Description != odd || v.Metadata["v"] != odd || err != nil || bad != nil {
				t.Errorf("the version in the %s message is %+v; update: %v, get: %v", what, v, err, bad)
			}
		}
		deleted, err := m.Delete(soon(t), sent.Serial, ablychat.WithDescription(odd),
			ablychat.WithOperationMetadata(map[string]string{"v": odd}))
		if err != nil || deleted.Version.Description != odd || deleted.Version.Metadata["v"] != odd {
			t.Errorf("deleted: %+v, %v", deleted, err)
		}
		if err := room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: odd}); err != nil || got.next().Name != odd {
			t.Errorf("a room reaction with an odd name: %v", err)
		}
		if sent, err = m.Send(soon(t), ablychat.MessageContent{Text: odd}); err != nil || sent.Text != odd {
			t.Errorf("the sent message is %+v, %v", sent, err)
		}
		if err := m.Reactions().Send(soon(t), sent.Serial, ablychat.MessageReaction{Name: odd}); err != nil {
			t.Error(err)
		}
		own, err := m.Reactions().ClientReactions(soon(t), sent.Serial, "")
		if err != nil || own.Distinct[odd].Total != 1 {
			t.Errorf("the client's own reactions are %+v, %v", own, err)
		}
		for field, do := range map[string]func(string) error{
			"text": func(s string) error { return second(m.Send(soon(t), ablychat.MessageContent{Text: s})) },
			"text ": func(s string) error {
				return second(m.Update(soon(t), sent.Serial, ablychat.MessageContent{Text: s}))
			},
			"description": func(s string) error {
				return second(m.Delete(soon(t), sent.Serial, ablychat.WithDescription(s)))
			},
			"metadata": func(s string) error {
				return second(m.Delete(soon(t), sent.Serial, ablychat.WithOperationMetadata(map[string]string{"v": s})))
			},
			"name": func(s string) error { return room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: s}) },
			"name ": func(s string) error {
				return m.Reactions().Send(soon(t), sent.Serial, ablychat.MessageReaction{Name: s})
			},
			"name  ": func(s string) error {
				return m.Reactions().Delete(soon(t), sent.Serial, ablychat.MessageReaction{Name: s})
			},
		} {
			field = strings.TrimSpace(field)
			err := do("a\xff")
			if info := lifecycle.AsErrorInfo(err); !errors.Is(err, lifecycle.ErrInvalidArgument) || !strings.Contains(info.Message, "; "+field+" is not valid UTF-8") {
				t.Errorf("invalid UTF-8 as %s: %v", field, err)
			}
		}
		for what, do := range map[string]func(object) error{
			"message": func(h object) error { return second(m.Send(soon(t), ablychat.MessageContent{Headers: h})) },
			"reaction": func(h object) error {
				return room.Reactions().Send(soon(t), ablychat.ReactionContent{Name: "x", Headers: h})
			},
		} {
			err := do(object{"v": object{}})
			if !errors.Is(err, lifecycle.ErrInvalidArgument) || !strings.Contains(err.Error(), `the header "v" is an object, expected`) {
				t.Errorf("a header of a %s: %v", what, err)
			}
		}
	})
}

// TestWhatWasGivenIsNotKept: a user may change a value after the call that sent it, and may change
// a result.
func TestWhatWasGivenIsNotKept(t *testing.T) {
	server := ablytest.NewServer(t)
	room := newPerson(t, server, "ann").room("lobby")
	given := object{"deep": object{"n": 1.0}}
	if err := room.Presence().Enter(soon(t), given); err != nil {
		t.Fatal(err)
	}
	given["deep"].(object)["n"] = 2.0
	for range 2 {
		members, err := room.Presence().Get(soon(t))
		if err != nil || len(members) != 1 {
			t.Fatalf("the members are %+v, %v; expected one", members, err)
		}
		data, _ := members[0].Data.(object)
		if diff := cmp.Diff(object{"deep": object{"n": 1.0}}, data); diff != "" {
			t.Error(diff)
		}
		data["deep"].(object)["n"] = 3.0
	}
}
