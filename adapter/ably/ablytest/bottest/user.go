package bottest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// User is another user of the server's rooms. It acts inside the server, without a client and
// without a connection on the wire: its actions take effect at once, and no failure affects them.
// Clients receive its actions like those of any user. An action that Ably would refuse fails the
// test; so only the test's goroutine may call the methods.
type User struct {
	s      *Server
	client *ablytest.VirtualClient
	id     string
}

// ClientID returns the user's clientId.
func (u *User) ClientID() string { return u.id }

// Claims gives the user's token a claim for a room, for example that the user is a moderator, or
// for the rooms with a prefix such as "vip:*". Everything that the user sends there from now on has
// it as its UserClaim.
func (u *User) Claims(room, claim string) { u.client.Claim(room, claim) }

// Says sends a message with this text and returns its serial.
func (u *User) Says(room, text string) (serial string) {
	u.s.t.Helper()
	return u.Sends(room, ablychat.Text(text))
}

// Sends sends a message and returns its serial.
func (u *User) Sends(room string, content ablychat.MessageContent) (serial string) {
	u.s.t.Helper()
	serial, err := u.send(room, content)
	u.must("sends a message to", room, err)
	return serial
}

// Edits replaces a message's content by text.
func (u *User) Edits(room, serial, text string) {
	u.s.t.Helper()
	u.must("edits a message in", room, u.update(room, serial, ablychat.Text(text), ""))
}

// Deletes deletes a message, which may be another user's.
func (u *User) Deletes(room, serial string) {
	u.s.t.Helper()
	u.must("deletes a message in", room, u.delete(room, serial, ""))
}

// Reacts reacts to a message, with a reaction of the type distinct. The name is usually an emoji.
func (u *User) Reacts(room, serial, name string) {
	u.s.t.Helper()
	u.ReactsWith(room, serial, ablychat.MessageReaction{Name: name})
}

// ReactsWith reacts to a message. A reaction without a type has the type distinct.
func (u *User) ReactsWith(room, serial string, r ablychat.MessageReaction) {
	u.s.t.Helper()
	u.must("reacts to a message in", room, u.react(room, serial, r))
}

// Unreacts removes the user's reaction of the type distinct with this name.
func (u *User) Unreacts(room, serial, name string) {
	u.s.t.Helper()
	u.must("removes a reaction in", room, u.unreact(room, serial, ablychat.MessageReaction{Name: name}))
}

// ReactsToRoom sends a room reaction.
func (u *User) ReactsToRoom(room, name string) {
	u.s.t.Helper()
	u.must("reacts in", room, u.reactToRoom(room, ablychat.ReactionContent{Name: name}))
}

// Types simulates a keystroke. Others see the user as typing for 12 s, or until StopsTyping.
func (u *User) Types(room string) {
	u.s.t.Helper()
	u.must("types in", room, u.typing(room, ablychat.TypingStarted))
}

// StopsTyping makes the user stop typing.
func (u *User) StopsTyping(room string) {
	u.s.t.Helper()
	u.must("stops typing in", room, u.typing(room, ablychat.TypingStopped))
}

// Enters makes the user present, with data that is encoded as JSON unless it is a string; nil means
// none. If the user is already present, Enters changes the data.
func (u *User) Enters(room string, data any) {
	u.s.t.Helper()
	u.must("enters", room, u.client.Enter(ablychat.ChannelName(room), data))
}

// Leaves ends the user's presence.
func (u *User) Leaves(room string) {
	u.s.t.Helper()
	u.must("leaves", room, u.client.Leave(ablychat.ChannelName(room)))
}

func (u *User) must(does, room string, err error) {
	u.s.t.Helper()
	if err != nil {
		u.s.t.Fatalf("bottest: %s %s %q: %v", u.id, does, room, err)
	}
}

// The functions below are used by the methods above and by the control API. They return errors.

func messages(room string, more ...string) string {
	path := "/chat/v4/rooms/" + url.PathEscape(room) + "/messages"
	for _, part := range more {
		path += "/" + url.PathEscape(part)
	}
	return path
}

func (u *User) send(room string, content ablychat.MessageContent) (serial string, err error) {
	b, err := u.client.Request(http.MethodPost, messages(room), body(content))
	if err != nil {
		return "", err
	}
	var answer struct{ Serial string }
	err = json.Unmarshal(b, &answer)
	return answer.Serial, err
}

// body returns the content of a message as the body of a request. Fields without a value are left
// out (CHA-M3b).
func body(c ablychat.MessageContent) map[string]any {
	b := map[string]any{"text": c.Text}
	if c.Metadata != nil {
		b["metadata"] = c.Metadata
	}
	if c.Headers != nil {
		b["headers"] = c.Headers
	}
	return b
}

func (u *User) update(room, serial string, to ablychat.MessageContent, description string) error {
	_, err := u.client.Request(http.MethodPut, messages(room, serial),
		map[string]any{"message": body(to), "description": description})
	return err
}

func (u *User) delete(room, serial, description string) error {
	_, err := u.client.Request(http.MethodPost, messages(room, serial, "delete"),
		map[string]any{"description": description})
	return err
}

func (u *User) react(room, serial string, r ablychat.MessageReaction) error {
	b := map[string]any{"type": reactionType(r), "name": r.Name}
	if r.Count != 0 {
		b["count"] = r.Count
	}
	_, err := u.client.Request(http.MethodPost, messages(room, serial, "reactions"), b)
	return err
}

func (u *User) unreact(room, serial string, r ablychat.MessageReaction) error {
	query := url.Values{"type": {reactionType(r)}, "name": {r.Name}}
	path := messages(room, serial, "reactions") + "?" + query.Encode()
	_, err := u.client.Request(http.MethodDelete, path, nil)
	return err
}

func reactionType(r ablychat.MessageReaction) string {
	if r.Type == "" {
		return string(ablychat.MessageReactionTypeDistinct)
	}
	return string(r.Type)
}

func (u *User) reactToRoom(room string, r ablychat.ReactionContent) error {
	data, err := json.Marshal(map[string]any{"name": r.Name, "metadata": orEmpty(r.Metadata)})
	if err != nil {
		return fmt.Errorf("the metadata can't be encoded as JSON: %w", err)
	}
	return u.client.Publish(ablychat.ChannelName(room), ablytest.Message{
		Name: chat.NameRoomReaction, Data: string(data), Encoding: "json",
		Extras: map[string]any{"headers": orEmpty(r.Headers), "ephemeral": true}})
}

func orEmpty(o map[string]any) map[string]any {
	if o == nil {
		return map[string]any{}
	}
	return o
}

func (u *User) typing(room string, what ablychat.TypingEventType) error {
	return u.client.Publish(ablychat.ChannelName(room),
		ablytest.Message{Name: string(what), Extras: map[string]any{"ephemeral": true}})
}
