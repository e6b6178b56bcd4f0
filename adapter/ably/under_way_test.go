package ablychat_test

import (
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// TestWhatIsUnderWayEndsToo: when the room ends, every blocked call and every event loop returns
// the error of that release or disposal. This includes a loop whose body is running.
// TestARecoveryEndsWithTheRoom tests loops that fetch missed messages.
func TestWhatIsUnderWayEndsToo(t *testing.T) {
	for end, want := range map[string]error{
		"released": ablychat.ErrRoomInInvalidState, "disposed": ablychat.ErrResourceDisposed,
	} {
		t.Run(end, func(t *testing.T) {
			inMemory(t, func(t *testing.T, server *ablytest.Server) {
				client := connected(t, server)
				defer client.Close()
				room := must(client.Rooms().Get(t.Context(), "lobby", everything...))
				other := must(client.Rooms().Get(t.Context(), "other"))
				m := room.Messages()
				for range 2 {
					must(m.Send(t.Context(), ablychat.Text("x")))
				}
				page := must(m.History(t.Context(), ablychat.HistoryQuery{Limit: 1}))
				unplaced := must(other.Messages().Subscribe(func(ablychat.MessageEvent) {}))
				// The body of each loop blocks at its first event until the room has ended.
				over := make(chan struct{})
				inBody := func(errs iter.Seq[error]) func() error {
					return func() (last error) {
						for last = range errs {
							<-over
						}
						return last
					}
				}
				underWay := map[string]func() error{
					"MessageSubscription.HistoryBeforeSubscribe": func() error {
						return second(unplaced.HistoryBeforeSubscribe(t.Context(), ablychat.HistoryQuery{}))
					},
					"Room.WaitForStatus":   func() error { return other.WaitForStatus(t.Context(), ablychat.RoomAttached) },
					"Page.All":             inBody(loopOf(page.All(t.Context()))),
					"Room.StatusEvents":    inBody(loopOf(room.StatusEvents(t.Context()))),
					"Messages.Events":      inBody(loopOf(m.Events(t.Context()))),
					"Messages.EventsSince": inBody(loopOf(m.EventsSince(t.Context(), ""))),
					"RoomReactions.Events": inBody(loopOf(room.Reactions().Events(t.Context()))),
					"Typing.Events":        inBody(loopOf(room.Typing().Events(t.Context()))),
					"Presence.Events":      inBody(loopOf(room.Presence().Events(t.Context()))),
					"Occupancy.Events":     inBody(loopOf(room.Occupancy().Events(t.Context()))),
				}
				if end == "disposed" {
					underWay["Connection.WaitForStatus"] = func() error {
						return client.Connection().WaitForStatus(t.Context(), ablychat.ConnectionSuspended)
					}
				}
				type result struct {
					name string
					err  error
				}
				results := make(chan result, len(underWay))
				for name, call := range underWay {
					go func() { results <- result{name, call()} }()
				}
				for _, err := range []error{room.Attach(t.Context()), room.Presence().Enter(t.Context(), nil),
					room.Typing().Keystroke(t.Context()),
					room.Reactions().Send(t.Context(), ablychat.ReactionContent{Name: "x"}),
					second(m.Send(t.Context(), ablychat.Text("y")))} {
					if err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				if len(results) > 0 {
					t.Fatalf("a call or a loop ended before the room ended: %v", <-results)
				}
				var err error
				if end == "disposed" {
					err = client.Dispose(t.Context())
				} else {
					err = errors.Join(client.Rooms().Release(t.Context(), "lobby"),
						client.Rooms().Release(t.Context(), "other"))
				}
				if err != nil {
					t.Error(err)
				}
				begin := time.Now()
				close(over)
				for range underWay {
					if r := <-results; !errors.Is(r.err, want) {
						t.Errorf("%s ended with %v", r.name, r.err)
					}
				}
				if late := time.Since(begin); late != 0 {
					t.Errorf("the calls and loops ended %v after the room", late)
				}
			})
		})
	}
}
