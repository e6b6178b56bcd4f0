package bottest_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// ably-go holds a lock while it gets a token, and a bubble's clock doesn't move while a goroutine
// waits for a lock. The kit creates, uses and closes clients without that lock; otherwise these
// bubbles would hang.
func TestAClientThatWaitsForATokenDoesntStopTheClock(t *testing.T) {
	for name, option := range map[string]ably.ClientOption{
		"by a request": ably.WithUseTokenAuth(true),
		"by a callback": ably.WithAuthCallback(func(ctx context.Context, _ ably.TokenParams) (ably.Tokener, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *bottest.Server) {
				server.Slow(time.Second)
				client, err := ablychat.Connect(server.Options("bot", option)...)
				succeeds(t, err)
				synctest.Wait()
				if status := client.Connection().Status(); status != ablychat.ConnectionConnecting {
					t.Errorf("the connection is %v", status)
				}
				if _, err := client.Rooms().Get(t.Context(), "lobby"); err != nil {
					t.Error(err)
				}
				began := time.Now()
				if err := client.Close(); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("Close took %v", took)
				}
			})
		})
	}
}
