package bottest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// order is the body of every request. Each endpoint uses the fields that it needs.
type order struct {
	Room        string            `json:"room"`
	Serial      string            `json:"serial"`
	Text        string            `json:"text"`
	Metadata    map[string]any    `json:"metadata"`
	Headers     map[string]any    `json:"headers"`
	Description string            `json:"description"`
	Name        string            `json:"name"`
	Type        string            `json:"type"`
	Count       int               `json:"count"`
	Data        any               `json:"data"`
	Claim       string            `json:"claim"`
	Latency     duration          `json:"latency"`
	Operations  []string          `json:"operations"`
	Limit       int               `json:"limit"`
	Window      duration          `json:"window"`
	Texts       []string          `json:"texts"`
	Code        int               `json:"code"`
	Detail      map[string]string `json:"detail"`
	ClientID    string            `json:"clientId"`
	Capability  string            `json:"capability"`
	TTL         duration          `json:"ttl"`
	Timeout     duration          `json:"timeout"`
	Contains    map[string]any    `json:"contains"`
}

// duration is a text such as "1.5s".
type duration time.Duration

func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

func read(r *http.Request) (o order, err error) {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil && !errors.Is(err, io.EOF) {
		return o, fmt.Errorf("the body can't be used: %w", err)
	}
	return o, nil
}

type (
	// ordered carries out a request with a body.
	ordered = func(r *http.Request, o order) (any, error)
	none    struct{}
)

func (c *control) endpoints() map[string]func(*http.Request) (any, error) {
	all := map[string]func(*http.Request) (any, error){
		"GET /rooms/{room}": func(r *http.Request) (any, error) {
			return c.s.ChatRoom(r.PathValue("room")), nil
		},
		"GET /frames": c.frames,
		"DELETE /disruptions/{id}": func(r *http.Request) (any, error) {
			return none{}, c.end(r.PathValue("id"))
		},
	}
	for pattern, serve := range map[string]ordered{
		"/rooms/{room}/await": c.await,
		"/token": func(_ *http.Request, o order) (any, error) {
			return c.s.IssueToken(ablytest.TokenParams{
				ClientID: o.ClientID, Capability: o.Capability, TTL: time.Duration(o.TTL)})
		},
		"/disruptions/outage": c.disrupt(func(order) (*ablytest.Disruption, error) {
			return c.s.Outage(), nil
		}),
		"/disruptions/slow": c.disrupt(func(o order) (*ablytest.Disruption, error) {
			return c.s.Slow(time.Duration(o.Latency)), nil
		}),
		"/disruptions/deny": c.disrupt(func(o order) (d *ablytest.Disruption, err error) {
			defer func() {
				if p := recover(); p != nil { // Deny panics if there is no such operation
					err = fmt.Errorf("%v", p)
				}
			}()
			return c.s.Deny(o.Room, o.Operations...), nil
		}),
		"/disruptions/rateLimit": c.disrupt(func(o order) (*ablytest.Disruption, error) {
			return c.s.RateLimit(o.Limit, time.Duration(o.Window)), nil
		}),
		"/disruptions/reject": c.disrupt(c.reject),
		"/loseState":          c.moment(func(order) { c.s.LoseState() }),
		"/loseHistory":        c.moment(func(o order) { c.s.LoseHistory(o.Room) }),
		"/expireTokens":       c.moment(func(order) { c.s.ExpireTokens() }),
		"/revokeTokens":       c.moment(func(o order) { c.s.RevokeTokens(o.ClientID) }),
	} {
		all["POST "+pattern] = func(r *http.Request) (any, error) {
			o, err := read(r)
			if err != nil {
				return nil, err
			}
			return serve(r, o)
		}
	}
	for verb, do := range verbs {
		all["POST /users/{user}/"+verb] = func(r *http.Request) (any, error) {
			o, err := read(r)
			if err != nil {
				return nil, err
			}
			return do(c.s.User(r.PathValue("user")), o)
		}
	}
	return all
}

// verbs has the actions of users. The key is the last part of the path.
var verbs = map[string]func(u *User, o order) (any, error){
	"says": func(u *User, o order) (any, error) {
		serial, err := u.send(o.Room, o.content())
		return map[string]string{"serial": serial}, err
	},
	"edits": silent(func(u *User, o order) error {
		return u.update(o.Room, o.Serial, o.content(), o.Description)
	}),
	"deletes":  silent(func(u *User, o order) error { return u.delete(o.Room, o.Serial, o.Description) }),
	"reacts":   silent(func(u *User, o order) error { return u.react(o.Room, o.Serial, o.reaction()) }),
	"unreacts": silent(func(u *User, o order) error { return u.unreact(o.Room, o.Serial, o.reaction()) }),
	"reactsToRoom": silent(func(u *User, o order) error {
		return u.reactToRoom(o.Room,
			ablychat.ReactionContent{Name: o.Name, Metadata: o.Metadata, Headers: o.Headers})
	}),
	"claims":      silent(func(u *User, o order) error { u.Claims(o.Room, o.Claim); return nil }),
	"types":       silent(func(u *User, o order) error { return u.typing(o.Room, ablychat.TypingStarted) }),
	"stopsTyping": silent(func(u *User, o order) error { return u.typing(o.Room, ablychat.TypingStopped) }),
	"enters": silent(func(u *User, o order) error {
		return u.client.Enter(ablychat.ChannelName(o.Room), o.Data)
	}),
	"leaves": silent(func(u *User, o order) error { return u.client.Leave(ablychat.ChannelName(o.Room)) }),
}

// silent returns an action whose answer is an empty object.
func silent(do func(u *User, o order) error) func(u *User, o order) (any, error) {
	return func(u *User, o order) (any, error) { return none{}, do(u, o) }
}

func (o order) content() ablychat.MessageContent {
	return ablychat.MessageContent{Text: o.Text, Metadata: o.Metadata, Headers: o.Headers}
}

func (o order) reaction() ablychat.MessageReaction {
	return ablychat.MessageReaction{
		Name: o.Name, Type: ablychat.MessageReactionType(o.Type), Count: o.Count}
}

func (c *control) moment(do func(order)) ordered {
	return func(_ *http.Request, o order) (any, error) {
		do(o)
		return none{}, nil
	}
}

// disrupt begins a disruption, and answers with the id by which it can be ended.
func (c *control) disrupt(begin func(order) (*ablytest.Disruption, error)) ordered {
	return func(_ *http.Request, o order) (any, error) {
		d, err := begin(o)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.last++
		id := strconv.Itoa(c.last)
		c.running[id] = d
		return map[string]string{"id": id}, nil
	}
}

func (c *control) end(id string) error {
	c.mu.Lock()
	d := c.running[id]
	delete(c.running, id)
	c.mu.Unlock()
	if d == nil {
		return ablytest.NewError(40400, http.StatusNotFound, "no disruption %q is running", id)
	}
	d.End()
	return nil
}

func (c *control) reject(o order) (*ablytest.Disruption, error) {
	because := map[int]func(map[string]string) *ablytest.ErrorInfo{
		0: ablytest.RejectedByModeration, 42213: ablytest.RejectedByModeration,
		42211: ablytest.RejectedByBeforePublishRule,
	}[o.Code]
	if because == nil {
		return nil, fmt.Errorf("the code %d is neither 42211 nor 42213", o.Code)
	}
	return c.s.Reject(func(room, text string) *ablytest.ErrorInfo {
		for _, part := range o.Texts {
			if (o.Room == "" || o.Room == room) && strings.Contains(text, part) {
				return because(o.Detail)
			}
		}
		return nil
	}), nil
}

// await waits until the room contains the value in the body's field contains.
func (c *control) await(r *http.Request, o order) (any, error) {
	ctx := r.Context()
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(o.Timeout))
		defer cancel()
	}
	room := c.s.Room(r.PathValue("room"))
	var found any
	err := room.Await(ctx, func(*Room) bool {
		var now any
		b, err := json.Marshal(c.s.ChatRoom(room.name))
		if err == nil {
			err = json.Unmarshal(b, &now)
		}
		found = now
		return err == nil && contains(now, map[string]any(o.Contains))
	})
	if err != nil {
		return nil, ablytest.NewError(40800, http.StatusRequestTimeout, "%v", err)
	}
	return found, nil
}

// contains reports whether a JSON value contains another. An object contains an object if it
// contains each of its fields. A list contains a list if each element of that list is contained in
// one of its elements. Other values must be equal.
func contains(has, want any) bool {
	switch want := want.(type) {
	case map[string]any:
		object, ok := has.(map[string]any)
		for name, value := range want {
			ok = ok && contains(object[name], value)
		}
		return ok
	case []any:
		list, ok := has.([]any)
		for _, value := range want {
			found := false
			for _, element := range list {
				found = found || contains(element, value)
			}
			ok = ok && found
		}
		return ok
	}
	return reflect.DeepEqual(has, want)
}

// frames answers with the frames that clients have sent and received, oldest first, without
// credentials.
func (c *control) frames(r *http.Request) (any, error) {
	query := r.URL.Query()
	all := []any{}
	for _, f := range c.s.Frames() {
		action := f.Action.String()
		if want := query.Get("action"); want != "" && want != action {
			continue
		}
		if want := query.Get("channel"); want != "" && want != f.Channel {
			continue
		}
		if f.Message != nil && f.Message.Auth != nil {
			without := *f.Message
			without.Auth, f.Message = nil, &without
		}
		o := map[string]any{"connection": f.Connection, "direction": f.Direction.String(), "action": action}
		for name, value := range map[string]any{
			"channel": f.Channel, "message": f.Message,
			"method": f.Method, "path": f.Path, "status": f.Status,
			"query":   without(f.Query, "key", "access_token", "accessToken"),
			"headers": without(f.Header, "Authorization"),
		} {
			if v := reflect.ValueOf(value); v.IsValid() && !v.IsZero() {
				o[name] = value
			}
		}
		all = append(all, o)
	}
	return all, nil
}

// without returns the first value of each name, except those of the given names.
func without(values map[string][]string, names ...string) map[string]string {
	if values == nil {
		return nil
	}
	out := map[string]string{}
	for name, v := range values {
		if len(v) > 0 {
			out[name] = v[0]
		}
	}
	for _, name := range names {
		delete(out, name)
	}
	return out
}
