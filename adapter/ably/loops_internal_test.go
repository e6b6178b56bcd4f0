package ablychat

import (
	"context"
	"iter"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/internal/listen"
)

// leaving has the ways to end a loop at its first event.
var leaving = map[string]func(iter.Seq[error]){
	"break": func(events iter.Seq[error]) {
		for range events {
			break
		}
	},
	"return": func(events iter.Seq[error]) {
		for range events {
			return
		}
	},
	"panic": func(events iter.Seq[error]) {
		defer func() { _ = recover() }()
		for range events {
			panic("in the body")
		}
	},
}

// watched is a sequence of events, with its list of listeners.
type watched struct {
	open    func(context.Context) iter.Seq[error]
	publish func()
	len     func() int
}

func watch[E any](l *listen.List[E], events func(context.Context) iter.Seq2[E, error]) watched {
	var none E
	return watched{loop(events), func() { l.Publish(none) }, l.Len}
}

// loop returns a function that opens a sequence, reduced to its errors.
func loop[E any](events func(context.Context) iter.Seq2[E, error]) func(context.Context) iter.Seq[error] {
	return func(ctx context.Context) iter.Seq[error] {
		all := events(ctx)
		return func(yield func(error) bool) {
			for _, err := range all {
				if !yield(err) {
					return
				}
			}
		}
	}
}

// TestNothingStaysOfALoop: after a loop ends before its context does, no listener, goroutine or
// memory of the loop remains. TestNothingStaysOfAStatusLoop (lifecycle) tests loops over statuses
// and discontinuities.
func TestNothingStaysOfALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // fails if a goroutine remains
		realtime, err := NewRealtime(ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
		if err != nil {
			t.Fatal(err)
		}
		client, err := New(realtime)
		if err != nil {
			t.Fatal(err)
		}
		r, err := client.Rooms().Get(t.Context(), "lobby", WithOccupancyEvents(true), WithRawMessageReactions(true))
		if err != nil {
			t.Fatal(err)
		}
		m, c := r.Messages(), client.Connection()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		since := watch(&m.listeners, func(ctx context.Context) iter.Seq2[MessageEvent, error] {
			return m.EventsSince(ctx, "")
		}).open
		for name, w := range map[string]watched{
			"Messages.Events": watch(&m.listeners, m.Events),
			"Messages.EventsSince": {since, func() {
				m.subscriptions.since.Publish(sinceItem{event: MessageEvent{Message: Message{
					Serial: "1", Version: MessageVersion{Serial: "1"}}}})
			}, m.subscriptions.since.Len},
			"MessageReactions.Events":    watch(&m.reactions.summaries, m.reactions.Events),
			"MessageReactions.RawEvents": watch(&m.reactions.raws, m.reactions.RawEvents),
			"RoomReactions.Events":       watch(&r.reactions.listeners, r.reactions.Events),
			"Typing.Events": {loop(r.typing.Events), func() {
				r.typing.listeners.Publish(typingNews{after: &typersAt{}})
			}, r.typing.listeners.Len},
			"Presence.Events":   watch(&r.presence.listeners, r.presence.Events),
			"Occupancy.Events":  watch(&r.occupancy.listeners, r.occupancy.Events),
			"Connection.Events": watch(&c.listeners, c.Events),
		} {
			for how, leave := range leaving {
				rounds := func(n int) uint64 {
					for range n {
						events := w.open(ctx)
						w.publish()
						w.publish() // an event that waits for the loop
						leave(events)
					}
					runtime.GC()
					var stats runtime.MemStats
					runtime.ReadMemStats(&stats)
					return stats.HeapAlloc
				}
				before := rounds(100)
				if n := w.len(); n != 0 {
					t.Fatalf("%s, ended by %s, leaves %d listeners registered", name, how, n)
				}
				const more = 5000
				if after := rounds(more); after > before+100*more {
					t.Errorf("%s, ended by %s, leaks %d bytes for each loop", name, how, (after-before)/more)
				}
			}
		}
		if err := client.Dispose(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
