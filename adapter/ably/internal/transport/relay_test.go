package transport_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/ablytest"
)

// relay relays between clients and a server, and can insert raw frames.
type relay struct {
	t       testing.TB
	server  *ablytest.Server
	http    *httptest.Server
	mu      sync.Mutex
	clients []*websocket.Conn
	drop    func(toServer bool, frame []byte) bool
	headers []http.Header
	queries []string
	kinds   []websocket.MessageType // the types of the WebSocket messages that clients sent
}

func newRelay(t testing.TB, server *ablytest.Server) *relay {
	t.Helper()
	r := &relay{t: t, server: server}
	r.http = serve(t, http.HandlerFunc(r.serve))
	return r
}

// serve serves HTTP until the end of the test, on the network that the caller is in.
func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := &httptest.Server{Listener: listen(t), Config: &http.Server{Handler: h}}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// at makes a client dial the host and port of an address.
func at(t testing.TB, address net.Addr) ably.ClientOption {
	t.Helper()
	host, text, err := net.SplitHostPort(address.String())
	must(t, err)
	port, err := strconv.Atoi(text)
	must(t, err)
	return both(ably.WithEndpoint(host), ably.WithPort(port))
}

// both returns an option that applies two options.
func both[F ~func(O), O any](a, b F) F { return func(o O) { a(o); b(o) } }

// options makes a client use the relay.
func (r *relay) options() ably.ClientOption { return at(r.t, r.http.Listener.Addr()) }

func (r *relay) serve(w http.ResponseWriter, req *http.Request) {
	conn, err := websocket.Accept(w, req, nil)
	if err != nil {
		return
	}
	defer conn.CloseNow()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	upstream, _, err := websocket.Dial(ctx, "ws://"+r.server.Addr()+"/?"+req.URL.RawQuery, &websocket.DialOptions{HTTPClient: client})
	if err != nil {
		return
	}
	defer upstream.CloseNow()
	r.mu.Lock()
	r.clients = append(r.clients, conn)
	r.headers = append(r.headers, req.Header)
	r.queries = append(r.queries, req.URL.RawQuery)
	r.mu.Unlock()
	var pumps sync.WaitGroup
	pump := func(from, to *websocket.Conn, toServer bool) {
		defer cancel()
		for {
			kind, b, err := from.Read(ctx)
			r.mu.Lock()
			drop := r.drop
			if toServer && err == nil {
				r.kinds = append(r.kinds, kind)
			}
			r.mu.Unlock()
			if err != nil {
				return
			}
			if drop != nil && drop(toServer, b) {
				continue
			}
			if to.Write(ctx, kind, b) != nil {
				return
			}
		}
	}
	pumps.Go(func() { pump(conn, upstream, true) })
	pump(upstream, conn, false)
	pumps.Wait()
}

// inject sends a frame, given as decoded JSON, to the newest client.
func (r *relay) inject(t testing.TB, binary bool, frame map[string]any) {
	t.Helper()
	r.mu.Lock()
	conn := r.clients[len(r.clients)-1]
	r.mu.Unlock()
	kind, b := encodeRaw(t, binary, frame)
	must(t, conn.Write(soon(t), kind, b))
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

// refuser makes a client dial a server that sends one raw frame on each WebSocket.
func refuser(t testing.TB, frame string) ably.ClientOption {
	t.Helper()
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer c.CloseNow()
		_ = c.Write(r.Context(), websocket.MessageText, []byte(frame))
		_, _, _ = c.Read(context.Background())
	}))
	return at(t, s.Listener.Addr())
}
