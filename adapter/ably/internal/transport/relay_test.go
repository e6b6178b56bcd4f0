package transport_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/ablytest"
)

// relay stands between clients and a server and puts raw frames in.
type relay struct {
	server  *ablytest.Server
	http    *httptest.Server
	mu      sync.Mutex
	clients []*websocket.Conn
	drop    func(toServer bool, frame []byte) bool
	headers []http.Header
	queries []string
}

func newRelay(t testing.TB, server *ablytest.Server) *relay {
	r := &relay{server: server}
	r.http = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.http.Close)
	return r
}

// options has a client use the relay.
func (r *relay) options() ably.ClientOption {
	return ably.WithPort(r.http.Listener.Addr().(*net.TCPAddr).Port)
}

func (r *relay) serve(w http.ResponseWriter, req *http.Request) {
	client, err := websocket.Accept(w, req, nil)
	if err != nil {
		return
	}
	defer client.CloseNow()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	upstream, _, err := websocket.Dial(ctx, "ws://"+r.server.Addr()+"/?"+req.URL.RawQuery, nil)
	if err != nil {
		return
	}
	defer upstream.CloseNow()
	r.mu.Lock()
	r.clients = append(r.clients, client)
	r.headers = append(r.headers, req.Header)
	r.queries = append(r.queries, req.URL.RawQuery)
	r.mu.Unlock()
	var pumps sync.WaitGroup
	pump := func(from, to *websocket.Conn, toServer bool) {
		defer cancel()
		for {
			kind, b, err := from.Read(ctx)
			if err != nil {
				return
			}
			r.mu.Lock()
			drop := r.drop
			r.mu.Unlock()
			if drop != nil && drop(toServer, b) {
				continue
			}
			if to.Write(ctx, kind, b) != nil {
				return
			}
		}
	}
	pumps.Go(func() { pump(client, upstream, true) })
	pump(upstream, client, false)
	pumps.Wait()
}

// inject sends a frame, given as JSON has it, to the newest client.
func (r *relay) inject(t testing.TB, binary bool, frame map[string]any) {
	t.Helper()
	r.mu.Lock()
	client := r.clients[len(r.clients)-1]
	r.mu.Unlock()
	kind, b := encodeRaw(t, binary, frame)
	must(t, client.Write(soon(t), kind, b))
}

func encodeRaw(t testing.TB, binary bool, frame map[string]any) (kind websocket.MessageType, b []byte) {
	h := codec.Handle(&codec.JsonHandle{})
	kind = websocket.MessageText
	if binary {
		m := &codec.MsgpackHandle{}
		m.WriteExt = true
		h, kind = m, websocket.MessageBinary
	}
	must(t, codec.NewEncoderBytes(&b, h).Encode(frame))
	return kind, b
}

// refuser answers each WebSocket with one raw frame.
func refuser(t testing.TB, frame string) ably.ClientOption {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_ = c.Write(r.Context(), websocket.MessageText, []byte(frame))
		_, _, _ = c.Read(context.Background())
	}))
	t.Cleanup(s.Close)
	return ably.WithPort(s.Listener.Addr().(*net.TCPAddr).Port)
}
