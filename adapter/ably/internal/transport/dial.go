package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/coder/websocket"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// dial opens a WebSocket for ably-go, and waits for the first frame on it. ably-go calls it without
// a lock.
//
// If a program calls Close and Connect in quick succession, ably-go has two loops that dial. Each
// would end the socket of the other, again and again. So a dial that begins while another one runs,
// or while ably-go has a socket, ends its goroutine here. That goroutine holds no lock, and no
// caller waits for it.
func (t *Transport) dial(protocol string, u *url.URL, timeout time.Duration) (*socket, error) {
	client := t.client.Value()
	if client == nil {
		return nil, errors.New("the realtime client was garbage-collected")
	}
	t.mu.Lock()
	if t.busy {
		notify(t.spare)
		t.mu.Unlock()
		runtime.Goexit()
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	t.busy, t.dialling, t.abort = true, ctx, cancel
	t.mu.Unlock()
	t.tokenUsed(u.Query().Get("access_token"))
	s, err := t.open(ctx, client, protocol, u, timeout)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy = false
	if err == errSpare {
		runtime.Goexit()
	}
	if err == nil {
		s.given = true
		// ably-go records that it is reconnecting only after dial has returned. If CONNECTED came
		// before, ably-go would take it for the answer to another dial.
		s.goAhead = time.Now().Add(time.Millisecond)
		return s, nil
	}
	if t.state == ably.ConnectionStateClosing {
		return deadSocket(t), nil // after an error, ably-go would not close (RTN12f)
	}
	if !fallsBack(err) {
		t.setState(ably.ConnectionState{}) // so that await waits for the next event
	}
	return nil, err
}

// letLoopEnd is for a dial after a Close that stopped another loop of ably-go's. It waits until
// that loop has noticed, since the loop panics if it finds the connection up. The loop may end
// without notice, so letLoopEnd waits for at most 100 ms.
func (t *Transport) letLoopEnd(ctx context.Context) {
	t.mu.Lock()
	left := t.loopLeft
	t.loopLeft = false
	t.mu.Unlock()
	if !left {
		return
	}
	grace := time.NewTimer(100 * time.Millisecond)
	defer grace.Stop()
	select {
	case <-t.spare:
	case <-grace.C:
	case <-ctx.Done():
	}
}

func (t *Transport) open(
	ctx context.Context, client *ably.Realtime, protocol string, u *url.URL, timeout time.Duration,
) (*socket, error) {
	format := wire.JSON
	switch protocol {
	case "application/json":
	case "application/x-msgpack":
		format = wire.MsgPack
	default:
		return nil, fmt.Errorf("unknown protocol %q", protocol)
	}
	if err := t.replace(ctx, client); err != nil {
		return nil, err
	}
	ws, response, err := websocket.Dial(ctx, withoutRecover(u), &websocket.DialOptions{
		HTTPClient: t.options.HTTPClient,
		HTTPHeader: http.Header{"Ably-Agent": {t.agent}},
	})
	if err != nil {
		return nil, dialError(u.Host, response, err)
	}
	ws.SetReadLimit(t.options.ReadLimit)
	s := newSocket(t, ws, format, timeout)
	t.mu.Lock()
	t.sock = s
	s.start()
	t.mu.Unlock()
	select {
	case <-s.first:
	case <-ctx.Done():
		s.end(timeoutError{fmt.Errorf("no CONNECTED from %s: %w", u.Host, context.Cause(ctx))})
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case s.refused != nil:
		return nil, s.refused
	case s.ended && len(s.inbox) == 0:
		return nil, s.err
	}
	return s, nil
}

// replace ends the previous socket. Before that, it waits for ably-go's events of the previous
// connection: they must not be taken for events of the next one.
func (t *Transport) replace(ctx context.Context, client *ably.Realtime) error {
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if t.await(soon, client.Connection.State) != nil && ctx.Err() == nil {
		// The program has called OffAll on ably-go's connection, which removed t's listener.
		t.listen(client.Connection)
		t.mu.Lock()
		t.drop("a listener that OffAll removed", 1)
		t.setState(client.Connection.State())
		t.mu.Unlock()
	}
	if ctx.Err() != nil {
		return timeoutError{context.Cause(ctx)}
	}
	t.letLoopEnd(ctx)
	t.letSocketGo(ctx)
	t.mu.Lock()
	old := t.sock
	closing := old.usable() && old.closing != nil
	if old == nil || old.given && !closing {
		t.mu.Unlock()
		if old != nil {
			return errSpare // ably-go still reads it
		}
		return nil
	}
	t.sock = nil
	if closing {
		// Connect was called while ably-go waits for CLOSED (RTN11b). ably-go would wait, under its
		// lock, for the old socket. So this dial closes the old socket and fails, and ably-go then
		// connects again.
		t.again = true
		old.closedLocked()
	} else {
		old.endLocked(errReplaced)
		for _, r := range old.inbox { // ably-go doesn't read it any more
			if r.answers != nil {
				t.owed = append(t.owed, r)
			}
		}
	}
	t.unlock()
	if !closing {
		return nil
	}
	closed := func() ably.ConnectionState { return ably.ConnectionStateClosed }
	if err := t.await(ctx, closed); err != nil {
		return err
	}
	// The loop that reads the old socket must see CLOSED before the state changes again.
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
	}
	return errStillClosing
}

// letSocketGo waits until ably-go has closed the socket on which it got CLOSED or ERROR. ably-go
// does so without a lock, after it has reported that it is closed or failed. If it had a new socket
// by then, it would close the new one.
func (t *Transport) letSocketGo(ctx context.Context) {
	t.mu.Lock()
	old := t.sock
	over := old != nil && old.over
	t.mu.Unlock()
	if !over {
		return
	}
	grace := time.NewTimer(100 * time.Millisecond)
	defer grace.Stop()
	select {
	case <-old.letGo:
	case <-grace.C:
	case <-ctx.Done():
	}
}

// await waits until ably-go's events have reached the state that the function returns.
func (t *Transport) await(ctx context.Context, state func() ably.ConnectionState) error {
	for {
		want := state()
		t.mu.Lock()
		changed, now := t.stateChanged, t.state
		t.mu.Unlock()
		if now == want {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return timeoutError{context.Cause(ctx)}
		}
	}
}

// openBy makes a copy of an HTTP transport open the WebSockets, with its dialer, proxy and TLS
// configuration.
func (t *Transport) openBy(over *http.Transport) {
	over = over.Clone()
	over.DisableKeepAlives = true
	if over.DialContext != nil {
		t.options.DialContext, over.DialContext = over.DialContext, t.dialNetwork
	}
	t.options.HTTPClient = &http.Client{Transport: over}
}

// dialNetwork calls the caller's dial function. The context that net/http passes to it outlives the
// request; dialNetwork cancels it when the dial of ably-go's ends.
func (t *Transport) dialNetwork(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.mu.Lock()
	dialling := t.dialling
	t.mu.Unlock()
	defer context.AfterFunc(dialling, cancel)()
	return t.options.DialContext(ctx, network, address)
}

// withoutRecover removes the recovery key from the address. The serials of a recovered connection
// would count neither the rooms' messages nor the messages of an earlier connection of this
// transport.
func withoutRecover(u *url.URL) string {
	q := u.Query()
	q.Del("recover")
	c := *u
	c.RawQuery = q.Encode()
	return c.String()
}

// dialError returns the error of a handshake, without the address, which contains keys and tokens.
// If another host may succeed after this status, the error makes ably-go try one (RTN17f).
func dialError(host string, response *http.Response, err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("connect to %s: HTTP status %d, expected 101", host, response.StatusCode)
		if response.StatusCode >= 500 && response.StatusCode <= 504 ||
			response.StatusCode >= 400 && response.Header.Get("Server") == "CloudFront" {
			return timeoutError{err}
		}
		return err
	}
	return fmt.Errorf("connect to %s: %w", host, err)
}

// fallsBack reports whether ably-go may try another host after the error. ably-go's state doesn't
// change then.
func fallsBack(err error) bool {
	var network net.Error
	var dns *net.DNSError
	return errors.As(err, &network) && network.Timeout() || errors.As(err, &dns)
}

// asDialError returns a refusal as an error of ably-go's. The message is lost: ably-go's type has
// no exported field for it.
func asDialError(e *wire.ErrorInfo) error {
	return &ably.ErrorInfo{Code: ably.ErrorCode(e.Code), StatusCode: e.StatusCode, HRef: e.Href}
}
