package ablychat

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"
)

// TestARecoveryEndsWithTheRoom: while missed messages are fetched, the room ends. The loop then
// ends at once, at whichever point of the fetch it is, with the error of the release or disposal.
func TestARecoveryEndsWithTheRoom(t *testing.T) {
	down := func(*http.Request) (int, string, error) {
		return 500, `{"error":{"code":50000,"message":"down"}}`, nil
	}
	silent := func(r *http.Request) (int, string, error) {
		<-r.Context().Done()
		return 0, "", r.Context().Err()
	}
	type way func(*Room) (ended func() error)
	ways := map[string]way{
		"events": func(r *Room) func() error {
			events, last := r.Messages().EventsSince(context.Background(), "s"), make(chan error, 1)
			go func() {
				for _, err := range events {
					if err != nil {
						last <- err
					}
				}
			}()
			return func() error { return <-last }
		},
		"subscription": func(r *Room) func() error {
			s, err := r.Messages().SubscribeSince("s", func(MessageEvent) {})
			if err != nil {
				panic(err)
			}
			return func() error {
				<-s.Done()
				return s.Err()
			}
		},
	}
	for state, c := range map[string]struct {
		rest      rest
		connected ably.ConnectionState
	}{
		"pausing":                    {down, ably.ConnectionStateConnected},
		"waiting for the connection": {down, ably.ConnectionStateDisconnected},
		"reading":                    {silent, ably.ConnectionStateConnected},
	} {
		for end, want := range map[string]error{
			"released": ErrRoomInInvalidState, "disposed": ErrResourceDisposed,
		} {
			for how, follow := range ways {
				t.Run(state+"/"+end+"/"+how, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						client, room := offline(t, c.rest, withKey)
						defer client.Close()
						client.connection.changed(ably.ConnectionStateChange{Current: c.connected}, nil)
						ended := follow(room)
						room.messages.subscriptions.attached("p", false)
						time.Sleep(5 * time.Second) // until the pauses between attempts are long
						begin := time.Now()
						var err error
						if end == "released" {
							err = client.Rooms().Release(t.Context(), "lobby")
						} else {
							err = client.Dispose(t.Context())
						}
						if err != nil {
							t.Error(err)
						}
						err = ended()
						if late := time.Since(begin); late != 0 {
							t.Errorf("the loop ended %v after the room", late)
						}
						if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "unable to receive messages; ") {
							t.Errorf("the loop ended with %v", err)
						}
					})
				})
			}
		}
	}
}

// TestARecoveryWithoutAToken: if the program's own server gives no token for a while, the loop goes
// on, and one warning is logged. If the token can't be renewed, the loop ends.
func TestARecoveryWithoutAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		failures, valid := 0, false
		client, room := offline(t, func(*http.Request) (int, string, error) {
			if !valid {
				return 401, `{"error":{"code":40142,"statusCode":401,"message":"expired"}}`, nil
			}
			return 200, `[{"serial":"t","text":"between us","version":{"serial":"t"}}]`, nil
		}, WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))),
			Ably(ably.WithLogLevel(ably.LogNone), ably.WithAuthCallback(
				func(context.Context, ably.TokenParams) (ably.Tokener, error) {
					if failures--; failures >= 0 {
						return nil, errors.New("the sign-in server is down")
					}
					valid = true
					return ably.TokenString("hush"), nil
				})))
		defer client.Close()
		for gap := range 2 {
			failures, valid = 4, false
			events := room.Messages().EventsSince(t.Context(), "s")
			room.messages.subscriptions.attached("p", false)
			for e, err := range events {
				if err != nil || e.Message.Serial != "t" || !e.Recovered {
					t.Fatalf("got %v, %v; expected the recovered message t", e, err)
				}
				break
			}
			text := log.String()
			if n := strings.Count(text, "missed messages could not be fetched; the fetch will be retried"); n != 1 ||
				!strings.Contains(text, "room=lobby") || !strings.Contains(text, "the sign-in server is down") ||
				strings.Contains(text, "between us") || strings.Contains(text, "hush") {
				t.Errorf("%d warnings in gap %d; expected one, and no secret in the log:\n%s", n, gap, text)
			}
			log.Reset()
		}
	})
	synctest.Test(t, func(t *testing.T) {
		client, room := offline(t, func(*http.Request) (int, string, error) {
			return 401, `{"error":{"code":40142,"statusCode":401,"message":"expired"}}`, nil
		}, Ably(ably.WithToken("hush")))
		defer client.Close()
		events := room.Messages().EventsSince(t.Context(), "s")
		room.messages.subscriptions.attached("p", false)
		for _, err := range events {
			if !errors.Is(err, ErrorCode(40171)) || !errors.Is(err, ErrorCode(40142)) {
				t.Errorf("the loop ended with %v", err)
			}
		}
	})
}

// TestWhatWasReadIsForgotten: a fetched version that comes again as an event is left out. The
// fetched versions are removed when an event is newer than all of them.
func TestWhatWasReadIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, room := offline(t, func(*http.Request) (int, string, error) {
			var items []string // newest first
			for n := 999; n >= 0; n-- {
				items = append(items, fmt.Sprintf(`{"serial":"m%03d","version":{"serial":"v%03d"}}`, n, n))
			}
			return 200, "[" + strings.Join(items, ",") + "]", nil
		}, withKey)
		defer client.Close()
		r := &recovery{messages: room.Messages(), after: "a"}
		var got []string
		take := func(item sinceItem) {
			r.take(t.Context(), item, nil, func(e MessageEvent, err error) bool {
				got = append(got, e.Message.Serial+"/"+e.Message.Version.Serial)
				return err == nil
			})
		}
		live := func(serial, version string) {
			take(sinceItem{event: MessageEvent{Message: Message{
				Serial: serial, Version: MessageVersion{Serial: version}}}})
		}
		take(sinceItem{point: "p", lost: true})
		if len(got) != 1000 || len(r.read) != 1000 {
			t.Fatalf("fetched %d messages and stores %d serials, expected 1000 of each", len(got), len(r.read))
		}
		got = nil
		live("m005", "v005")
		live("m007", "v006") // a version older than the fetched one
		live("m000", "v500") // a newer version of a fetched message
		live("other", "v100")
		live("m001", "w")
		if want := []string{"m000/v500", "other/v100", "m001/w"}; !slices.Equal(got, want) {
			t.Errorf("got %q, expected %q", got, want)
		}
		if r.read != nil {
			t.Errorf("%d serials are still stored", len(r.read))
		}
	})
}
