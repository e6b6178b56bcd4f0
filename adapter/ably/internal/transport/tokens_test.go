package transport_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/transport"
)

// RSA10: the function in Options.Token gets each token that ably-go dials with, or sends to the
// server on a connection. It doesn't get a key.
func TestTokensAreReported(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		server := newServer(t)
		var mu sync.Mutex
		var given, reported []string
		callback := func(context.Context, ably.TokenParams) (ably.Tokener, error) {
			token, err := server.IssueToken(ablytest.TokenParams{ClientID: "ann"})
			must(t, err)
			mu.Lock()
			defer mu.Unlock()
			given = append(given, token.Token)
			return ably.TokenString(token.Token), nil
		}
		report := transport.Options{Token: func(token string) {
			mu.Lock()
			defer mu.Unlock()
			reported = append(reported, token)
		}}
		w := newWorldOn(t, server, report, ably.WithKey(""), ably.WithAuthCallback(callback))
		w.connect()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := w.client.Auth.Authorize(ctx, &ably.TokenParams{ClientID: "ann"})
		must(t, err)
		mu.Lock()
		if len(given) != 2 || !slices.Equal(given, reported) {
			t.Errorf("reported %q, expected %q", reported, given)
		}
		reported = nil
		mu.Unlock()
		byKey := newWorldOn(t, server, report)
		byKey.connect()
		mu.Lock()
		defer mu.Unlock()
		if reported != nil {
			t.Errorf("with a key, %q are reported", reported)
		}
	})
}
