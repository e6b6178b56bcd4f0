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

// Room shows what the server holds of a room, from all clients, read without the wire. Each call
// reads the present state. Methods may be called by any goroutine, but for those that fail the
// test.
type Room struct {
	s    *Server
	name string
}

// Name returns the room's name.
func (r *Room) Name() string { return r.name }

// Messages returns the messages of the room's history as they are now, with their reactions, oldest
// first. Those that were deleted are among them.
func (r *Room) Messages() []ablychat.Message {
	var all []ablychat.Message
	for _, body := range r.s.ChatRoom(r.name).Messages {
		all = append(all, chat.DecodeRESTMessage(body))
	}
	return all
}

// Message returns a message as it is now, with its reactions. It fails the test if there is none of
// that serial.
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

// Reactions returns the room reactions that were sent, oldest first, though no client can read them
// back. Reactions to a message are the message's.
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

// Typing returns the client ids of those who type, sorted, as a client with default options sees
// them.
func (r *Room) Typing() []string { return r.s.ChatRoom(r.name).Typing }

// Members returns the client ids of those who are present, sorted; a client that is present by two
// connections twice.
func (r *Room) Members() []string {
	var all []string
	for _, m := range r.Presence() {
		all = append(all, m.ClientID)
	}
	return all
}

// Presence returns those who are present, in the order of their client ids.
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

// Occupancy returns how many connections and members are in the room.
func (r *Room) Occupancy() ablychat.OccupancyData {
	room := r.s.ChatRoom(r.name)
	return ablychat.OccupancyData{Connections: room.Connections, PresenceMembers: len(room.Members)}
}

// Await waits until condition holds of the room: it is asked at once and after each change in the
// server. If ctx ends before, the error says what the room reads, and wraps the context's cause. In
// a bubble of virtual time too ctx should end some time: heartbeats go on for ever, and so would
// Await.
func (r *Room) Await(ctx context.Context, condition func(*Room) bool) error {
	err := r.s.Await(ctx, func(ablytest.State) bool { return condition(r) })
	if err != nil {
		return fmt.Errorf("bottest: room %q reads %s: %w", r.name, r.reads(), err)
	}
	return nil
}

// AwaitMessage waits until the room has a message that matches, in its present version, and returns
// the first of them. Errors are those of [Room.Await].
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

// reads says what the room holds, for errors.
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
		lines, more = lines[over:], fmt.Sprintf("%d messages, and ", over)
	}
	return fmt.Sprintf("[%s%s], with %q present and %q typing",
		more, strings.Join(lines, ", "), r.Members(), r.Typing())
}
