package bottest

import (
	"context"
	"fmt"
	"strings"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
)

// Room reads the state of a room from the server, without the wire. Each call reads the present
// state. The methods may be called by any goroutine, except those that fail the test.
type Room struct {
	s    *Server
	name string
}

// Name returns the room's name.
func (r *Room) Name() string { return r.name }

// Messages returns the last version of each message in the room's history, with its reactions,
// oldest first. Deleted messages are included.
func (r *Room) Messages() []ablychat.Message {
	var all []ablychat.Message
	for _, body := range r.s.ChatRoom(r.name).Messages {
		all = append(all, chat.DecodeRESTMessage(body))
	}
	return all
}

// Message returns the last version of a message, with its reactions. It fails the test if there is
// no message with this serial.
func (r *Room) Message(serial string) ablychat.Message {
	r.s.t.Helper()
	for _, m := range r.Messages() {
		if m.Serial == serial {
			return m
		}
	}
	r.s.t.Fatalf("bottest: room %q has no message %q", r.name, serial)
	return ablychat.Message{}
}

// Texts returns the texts of the messages that are not deleted, oldest first.
func (r *Room) Texts() []string {
	var all []string
	for _, m := range r.Messages() {
		if !m.IsDeleted() {
			all = append(all, m.Text)
		}
	}
	return all
}

// Reactions returns the room reactions that were sent, oldest first. Clients can't read them from a
// history. The reactions to a message are in the message.
func (r *Room) Reactions() []ablychat.RoomReaction {
	var all []ablychat.RoomReaction
	for _, o := range r.s.ChatRoom(r.name).Reactions {
		one := ablychat.RoomReaction{}
		one.Name, _ = o["name"].(string)
		one.ClientID, _ = o["clientId"].(string)
		one.UserClaim, _ = o["userClaim"].(string)
		one.Metadata, _ = o["metadata"].(map[string]any)
		one.Headers, _ = o["headers"].(map[string]any)
		at, _ := o["createdAt"].(int64)
		one.CreatedAt = time.UnixMilli(at)
		all = append(all, one)
	}
	return all
}

// Typing returns the clientIds of the clients that are typing, sorted, as a client with default
// options sees them.
func (r *Room) Typing() []string { return r.s.ChatRoom(r.name).Typing }

// Members returns the clientIds of the clients that are present, sorted. A client is listed once
// for each connection on which it is present.
func (r *Room) Members() []string {
	var all []string
	for _, m := range r.Presence() {
		all = append(all, m.ClientID)
	}
	return all
}

// Presence returns the members that are present, sorted by clientId.
func (r *Room) Presence() []ablychat.PresenceMember {
	var all []ablychat.PresenceMember
	for _, o := range r.s.ChatRoom(r.name).Members {
		m := ablychat.PresenceMember{Data: o["data"]}
		m.ClientID, _ = o["clientId"].(string)
		m.ConnectionID, _ = o["connectionId"].(string)
		m.Extras, _ = o["extras"].(map[string]any)
		m.UserClaim, _ = m.Extras["userClaim"].(string)
		at, _ := o["updatedAt"].(int64)
		m.UpdatedAt = time.UnixMilli(at)
		all = append(all, m)
	}
	return all
}

// Occupancy returns how many connections and presence members the room has.
func (r *Room) Occupancy() ablychat.OccupancyData {
	room := r.s.ChatRoom(r.name)
	return ablychat.OccupancyData{Connections: room.Connections, PresenceMembers: len(room.Members)}
}

// Await waits until condition returns true for the room. It calls condition at once and after each
// change in the server. If ctx ends first, the error describes the room and wraps the context's
// cause. In a bubble of virtual time, ctx should have a timeout too: otherwise a condition that
// never becomes true makes Await wait for ever, since heartbeats keep the time moving.
func (r *Room) Await(ctx context.Context, condition func(*Room) bool) error {
	err := r.s.Await(ctx, func(ablytest.State) bool { return condition(r) })
	if err != nil {
		return fmt.Errorf("bottest: room %q has %s: %w", r.name, r.reads(), err)
	}
	return nil
}

// AwaitMessage waits until the room has a message whose last version matches, and returns the first
// one. Its errors are those of [Room.Await].
func (r *Room) AwaitMessage(
	ctx context.Context, match func(ablychat.Message) bool,
) (found ablychat.Message, err error) {
	err = r.Await(ctx, func(r *Room) bool {
		for _, m := range r.Messages() {
			if match(m) {
				found = m
				return true
			}
		}
		return false
	})
	return found, err
}

// reads describes the state of the room, for errors.
func (r *Room) reads() string {
	const most = 10
	var lines []string
	for _, m := range r.Messages() {
		text := fmt.Sprintf("%s: %q", m.ClientID, m.Text)
		if m.IsDeleted() {
			text = fmt.Sprintf("%s: (deleted by %s)", m.ClientID, m.DeletedBy())
		}
		lines = append(lines, text)
	}
	more := ""
	if over := len(lines) - most; over > 0 {
		lines, more = lines[over:], fmt.Sprintf("%d earlier messages, then ", over)
	}
	return fmt.Sprintf("[%s%s], with %q present and %q typing",
		more, strings.Join(lines, ", "), r.Members(), r.Typing())
}
