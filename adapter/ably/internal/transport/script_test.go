package transport_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"
)

// connectedFrame is the CONNECTED of a server that answers nothing.
const connectedFrame = `{"action":4,"connectionId":"c","connectionDetails":{"connectionKey":"k","clientId":"ann",` +
	`"maxMessageSize":65536,"maxIdleInterval":15000,"connectionStateTtl":120000}}`

// script makes a client dial a server that sends the first list of frames, in JSON, on its first
// WebSocket, the second list on the second, and so on. The server sends nothing else, and answers
// nothing.
func script(t testing.TB, sockets ...[]string) ably.ClientOption {
	t.Helper()
	n := make(chan int, 1)
	n <- 0
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		i := <-n
		n <- i + 1
		if i < len(sockets) {
			for _, frame := range sockets[i] {
				_ = c.Write(r.Context(), websocket.MessageText, []byte(frame))
			}
		}
		for err == nil {
			_, _, err = c.Read(context.Background())
		}
	}))
	return both(at(t, s.Listener.Addr()), ably.WithUseBinaryProtocol(false))
}
