package ablychat

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// CHA-CS2, CHA-O7, CHA-T18: inside a listener, a getter returns the state of the event or a later
// one.
func TestGettersAreUpToDateInListeners(t *testing.T) {
	t.Run("typing", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			typing, _ := newTestTyping(1)
			told := 0
			typing.listeners.Add(typing.telling(func(e chat.TypingEvent) {
				told++
				if now := typing.CurrentTypers(); !slices.Equal(now, e.CurrentTypers) {
					t.Errorf("the listener received %v, but the typers are %v", e, now)
				}
			}), listen.Config{})
			for _, name := range []string{"typing.started", "typing.stopped", "typing.started"} {
				typing.receive(chat.WireMessage{Name: name, ClientID: "ann"})
				synctest.Wait()
			}
			typing.dispose()
			if told < 3 {
				t.Errorf("received %d events, expected at least 3", told)
			}
		})
	})
	t.Run("occupancy", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			options := lifecycle.DefaultRoomOptions()
			options.Occupancy.EnableEvents = true
			realtime, err := NewRealtime(ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
			if err != nil {
				t.Fatal(err)
			}
			client, err := New(realtime)
			if err != nil {
				t.Fatal(err)
			}
			room, err := backend{client}.Open(t.Context(), "my room", options)
			if err != nil {
				t.Fatal(err)
			}
			var told []int
			if _, err := room.Occupancy().Subscribe(func(o chat.OccupancyData) {
				told = append(told, o.Connections)
				if now, known, err := room.Occupancy().Current(); now != o || !known || err != nil {
					t.Errorf("the listener received %v, but Current returned %v, %t, %v", o, now, known, err)
				}
			}); err != nil {
				t.Fatal(err)
			}
			for n := 1; n <= 3; n++ {
				room.occupancy.receive(chat.WireMessage{Data: map[string]any{
					"metrics": map[string]any{"connections": float64(n)}}})
				synctest.Wait()
			}
			if !slices.Equal(told, []int{1, 2, 3}) {
				t.Errorf("received the numbers %v, expected 1, 2, 3", told)
			}
		})
	})
	t.Run("connection", func(t *testing.T) {
		server := ablytest.NewServer(t)
		realtime, err := NewRealtime(server.ClientOptions(ably.WithAutoConnect(false))...)
		if err != nil {
			t.Fatal(err)
		}
		client, err := New(realtime)
		if err != nil {
			t.Fatal(err)
		}
		told := make(chan ConnectionStatus, 10)
		client.Connection().Subscribe(func(c ConnectionStatusChange) {
			// a later status is allowed, the previous one is not
			if now := client.Connection().Status(); now == c.Previous {
				t.Errorf("the listener received %v, but the status is %v", c, now)
			}
			told <- c.Current
		})
		until := func(want ConnectionStatus) {
			for now := range told {
				if now == want {
					return
				}
			}
		}
		realtime.Connect()
		until(ConnectionConnected)
		realtime.Close()
		until(ConnectionClosed)
		if err := client.Dispose(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
