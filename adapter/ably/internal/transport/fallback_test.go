package transport_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport"
)

// RTN17f: after some answers to a handshake ably-go tries another host. After other answers, its
// error names the host, but not the address, which contains secrets.
func TestWhichAnswersFallBack(t *testing.T) {
	for _, c := range []struct {
		status    int
		by        string
		fallsBack bool
	}{
		{500, "", true}, {503, "", true}, {504, "", true}, {505, "", false}, {599, "", false},
		{400, "CloudFront", true}, {403, "CloudFront", true}, {499, "CloudFront", true}, {400, "", false}, {499, "", false},
		{404, "nginx", false}, {302, "CloudFront", false}, {200, "", false},
	} {
		bubbled(t, fmt.Sprint(c.status, c.by), func(t *testing.T) {
			server := newServer(t)
			bad := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Server", c.by)
				w.WriteHeader(c.status)
			}))
			network := func(ctx context.Context, network, address string) (net.Conn, error) {
				to := strings.TrimPrefix(bad.URL, "http://")
				if host, _, _ := net.SplitHostPort(address); host == "up.example" {
					to = server.Addr()
				}
				return dialer(ctx, network, to)
			}
			internet := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
				rec := httptest.NewRecorder()
				fmt.Fprintln(rec, "yes")
				return rec.Result(), nil
			})}
			w := newWorldOn(t, server, transport.Options{DialContext: network}, ably.WithHTTPClient(internet),
				ably.WithEndpoint("down.example"), ably.WithFallbackHosts([]string{"up.example"}))
			w.client.Connect()
			time.Sleep(time.Second)
			if c.fallsBack {
				w.state(ably.ConnectionStateConnected)
				return
			}
			w.state(ably.ConnectionStateDisconnected)
			reason := w.client.Connection.ErrorReason().Error()
			if want := fmt.Sprintf("connect to down.example:%d: HTTP status %d, expected 101", server.Port(), c.status); !strings.Contains(reason, want) ||
				strings.Contains(reason, "key=") {
				t.Errorf("the connection is DISCONNECTED with the reason %q", reason)
			}
		})
	}
}

// ably-go gives up a server that accepts the WebSocket and doesn't send CONNECTED within the
// request timeout; it then tries another host (RTN14c, RTN17f).
func TestAServerThatNeverSaysConnected(t *testing.T) {
	bubbled(t, "", func(t *testing.T) {
		server := newServer(t)
		w := newWorldOn(t, server, transport.Options{}, script(t), ably.WithRealtimeRequestTimeout(3*time.Second))
		began := time.Now()
		w.client.Connect()
		w.state(ably.ConnectionStateConnecting)
		w.state(ably.ConnectionStateDisconnected)
		if d := time.Since(began); d < 3*time.Second || d > 4*time.Second {
			t.Errorf("ably-go gave up after %v", d)
		}
		if reason := w.client.Connection.ErrorReason().Error(); !strings.Contains(reason, "no CONNECTED from 127.") {
			t.Errorf("ably-go gave up with the reason %q", reason)
		}
	})
}
