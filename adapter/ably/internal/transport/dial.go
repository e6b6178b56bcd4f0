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

// dial opens a WebSocket for ably-go and waits for the first frame on it. ably-go calls it
// without a lock.
//
// Close and Connect in quick succession leave ably-go with two loops that connect, each of
// which would end the socket of the other for ever. The goroutine of a dial that is one too many
// ends here; it holds nothing, and no caller waits for it.
func (t *Transport) dial(protocol string, u *url.URL, timeout time.Duration) (*socket, error) {
	client := t.client.Value()
	if client == nil {
		return nil, errors.New("the realtime client is gone")
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
		// ably-go notes that it reconnects only after this returns, and would take a CONNECTED
		// that comes before for another one.
		s.goAhead = time.Now().Add(time.Millisecond)
		return s, nil
	}
	if t.state == ably.ConnectionStateClosing {
		return deadSocket(t), nil // else ably-go forgets that it is to close (RTN12f)
	}
	if !fallsBack(err) {
		t.setState(ably.ConnectionState{}) // what ably-go says next is new
	}
	return nil, err
}

// letLoopEnd waits until a loop of ably-go's that was to try again has seen that it isn't. It
// panics when it comes too late for that, and finds the connection up. It ends without a sign,
// or dials.
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

// replace ends the socket before, after all that ably-go has to say of it has come: an event
// of an earlier connection must not be taken for one of the next.
func (t *Transport) replace(ctx context.Context, client *ably.Realtime) error {
	soon, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	if t.await(soon, client.Connection.State) != nil && ctx.Err() == nil {
		// The program has called OffAll on ably-go's connection.
		t.listen(client.Connection)
		t.mu.Lock()
		t.drop("a listener that was taken away", 1)
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
			return errSpare // ably-go reads it still
		}
		return nil
	}
	t.sock = nil
	if closing {
		// Connect was called while ably-go waits for CLOSED (RTN11b). It would wait for the old
		// socket under its lock; so the old one is closed first, and then connecting begins again.
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

// letSocketGo waits until ably-go has closed the socket on which it got CLOSED or ERROR. It does so
// after it says that it is closed or failed, without a lock: were it given another socket by
// then, it would close that one.
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

// await waits until the state that ably-go's events have come to is the one that state returns.
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

// openBy has WebSockets opened by a copy of an HTTP transport: by its dialer, proxy and TLS
// configuration.
func (t *Transport) openBy(over *http.Transport) {
	over = over.Clone()
	over.DisableKeepAlives = true
	if over.DialContext != nil {
		t.options.DialContext, over.DialContext = over.DialContext, t.dialNetwork
	}
	t.options.HTTPClient = &http.Client{Transport: over}
}

// dialNetwork dials by the caller's function. The context that net/http gives it outlasts the
// request; the dial's doesn't.
func (t *Transport) dialNetwork(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	t.mu.Lock()
	dialling := t.dialling
	t.mu.Unlock()
	defer context.AfterFunc(dialling, cancel)()
	return t.options.DialContext(ctx, network, address)
}

// withoutRecover takes the key of a connection to be recovered out of the address: it counts
// neither the rooms' messages nor those of a connection that was ours.
func withoutRecover(u *url.URL) string {
	q := u.Query()
	q.Del("recover")
	c := *u
	c.RawQuery = q.Encode()
	return c.String()
}

// dialError returns the error of a handshake without the address, which has keys and tokens.
// After a status by which another host might do ably-go tries one (RTN17f).
func dialError(host string, response *http.Response, err error) error {
	var address *url.Error
	if errors.As(err, &address) {
		err = address.Err
	}
	if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("connect to %s: HTTP status %d", host, response.StatusCode)
		if response.StatusCode >= 500 && response.StatusCode <= 504 ||
			response.StatusCode >= 400 && response.Header.Get("Server") == "CloudFront" {
			return timeoutError{err}
		}
		return err
	}
	return fmt.Errorf("connect to %s: %w", host, err)
}

// fallsBack reports whether ably-go may try another host after the error, without a change of
// its state.
func fallsBack(err error) bool {
	var network net.Error
	var dns *net.DNSError
	return errors.As(err, &network) && network.Timeout() || errors.As(err, &dns)
}

// asDialError returns a refusal as an error of ably-go's. It has no room for the message.
func asDialError(e *wire.ErrorInfo) error {
	return &ably.ErrorInfo{Code: ably.ErrorCode(e.Code), StatusCode: e.StatusCode, HRef: e.Href}
}
