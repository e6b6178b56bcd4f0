package transport

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
)

// took returns how long a function takes by the bubble's clock.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

// A dial waits, for at most 100 ms, until ably-go has closed the socket on which it got CLOSED or
// ERROR: otherwise ably-go would close the next socket.
func TestADialWaitsUntilTheSocketIsLetGo(t *testing.T) {
	client, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	bubble.Test(t, limits, func(t *testing.T) {
		tr.mu.Lock()
		tr.stateChanged = make(chan struct{})
		tr.setState(ably.ConnectionStateInitialized)
		tr.mu.Unlock()
		for _, c := range []struct {
			name string
			last wire.Action // ably-go's last frame on the socket; 0 if it never got the socket
			let  time.Duration
			want time.Duration
		}{
			{"after CLOSED", wire.ActionClosed, 20 * time.Millisecond, 20 * time.Millisecond},
			{"after ERROR", wire.ActionError, 20 * time.Millisecond, 20 * time.Millisecond},
			{"after CLOSED, at most 100 ms", wire.ActionClosed, time.Hour, 100 * time.Millisecond},
			{"after DISCONNECTED", wire.ActionDisconnected, time.Hour, 0},
			{"for a socket that ably-go never got", wire.ActionHeartbeat, time.Hour, 0},
		} {
			s := newSocket(tr, nil, wire.JSON, time.Second)
			s.up, s.given = true, true
			tr.mu.Lock()
			tr.sock = s
			if c.last != 0 {
				s.giveLast(&wire.ProtocolMessage{Action: c.last}, errClosedByClient)
			} else {
				s.given = false
			}
			tr.mu.Unlock()
			for c.last != 0 {
				if v, err := s.receive(time.Time{}); err != nil {
					t.Fatal(err)
				} else if action, _ := tr.native.header(v); action == c.last {
					break
				}
			}
			let := time.AfterFunc(c.let, func() { close(s.letGo) })
			d := took(func() { err = tr.replace(t.Context(), client) })
			let.Stop()
			if d != c.want || err != nil {
				t.Errorf("%s: the dial waited for %v, want %v: %v", c.name, d, c.want, err)
			}
			tr.mu.Lock()
			if tr.sock != nil {
				t.Errorf("%s: the old socket was not replaced", c.name)
			}
			tr.mu.Unlock()
		}
	})
}

// A dial after Close waits, for at most 100 ms, for the loop of ably-go's that was about to dial
// again. The loop's signal is received once.
func TestADialWaitsForTheLoopThatEnds(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr := newTransport(Options{})
		wait := func() time.Duration { return took(func() { tr.letLoopEnd(t.Context()) }) }
		if d := wait(); d != 0 {
			t.Errorf("without an old loop, the dial waited for %v", d)
		}
		tr.loopLeft = true
		if d := wait(); d != 100*time.Millisecond {
			t.Errorf("for a loop that gives no signal, the dial waited for %v", d)
		}
		if d := wait(); d != 0 {
			t.Errorf("the second time, the dial waited for %v", d)
		}
		tr.loopLeft = true
		time.AfterFunc(30*time.Millisecond, func() { notify(tr.spare) })
		if d := wait(); d != 30*time.Millisecond {
			t.Errorf("for a loop that dials after 30 ms, the dial waited for %v", d)
		}
		tr.loopLeft = true
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if d := took(func() { tr.letLoopEnd(ctx) }); d != 10*time.Millisecond {
			t.Errorf("with a context that ends after 10 ms, the dial waited for %v", d)
		}
	})
}

// After a close, an old loop of ably-go's may still dial only if ably-go was waiting to dial again.
// A signal of an earlier loop is removed.
func TestWhichClosesLeaveALoop(t *testing.T) { bubble.Test(t, limits, testWhichClosesLeaveALoop) }

func testWhichClosesLeaveALoop(t *testing.T) {
	for previous, want := range map[ably.ConnectionState]bool{
		ably.ConnectionStateDisconnected: true, ably.ConnectionStateSuspended: true,
		ably.ConnectionStateConnected: false, ably.ConnectionStateClosing: false, ably.ConnectionStateConnecting: false,
	} {
		tr := newTransport(Options{})
		notify(tr.spare)
		notify(tr.spare)
		tr.stateChange(ably.ConnectionStateChange{Current: ably.ConnectionStateClosed, Previous: previous,
			Event: ably.ConnectionEventClosed})
		if tr.loopLeft != want || len(tr.spare) != 0 {
			t.Errorf("closed while %v: an old loop may still dial: %t; %d signals", previous, tr.loopLeft, len(tr.spare))
		}
		ends(t, tr)
	}
}

// SUSPENDED, CLOSED and FAILED end the socket, and the transport forgets the connection. The other
// states don't.
func TestStatesThatEndTheSocket(t *testing.T) { bubble.Test(t, limits, testStatesThatEndTheSocket) }

func testStatesThatEndTheSocket(t *testing.T) {
	for state, over := range map[ably.ConnectionState]bool{
		ably.ConnectionStateConnected: false, ably.ConnectionStateDisconnected: false,
		ably.ConnectionStateClosing: false, ably.ConnectionStateSuspended: true,
		ably.ConnectionStateClosed: true, ably.ConnectionStateFailed: true,
	} {
		tr := newTransport(Options{})
		s := newSocket(tr, nil, wire.JSON, time.Second)
		s.up, s.given, tr.sock, tr.info = true, true, s, Connection{ID: "c"}
		tr.stateChange(ably.ConnectionStateChange{Current: state})
		if s.ended != over || s.given == over || (tr.info.ID == "") != over {
			t.Errorf("%v: the socket ended: %t, ably-go has it: %t, the connection is %q",
				state, s.ended, s.given, tr.info.ID)
		}
		ends(t, tr)
	}
}

// RTN11b: after a Connect while the connection was closing, the transport makes ably-go connect at
// the next DISCONNECTED, and only at that one.
func TestItConnectsAgainOnce(t *testing.T) { bubble.Test(t, limits, testItConnectsAgainOnce) }

func testItConnectsAgainOnce(t *testing.T) {
	tr := newTransport(Options{})
	tr.again = true
	tr.stateChange(ably.ConnectionStateChange{Current: ably.ConnectionStateDisconnected})
	if tr.again {
		t.Error("the transport will also connect after the next DISCONNECTED")
	}
	ends(t, tr)
}

// Errors that the transport itself returns have Ably's codes, each with its status.
func TestErrorsThatAreMadeHere(t *testing.T) {
	for _, e := range []*wire.ErrorInfo{
		errSkipped, errTooLarge(9), errTooMany(9), errRoomChannel, errWithoutReason,
		(&Event{Kind: Suspended}).reason(), (&Event{Kind: Closed}).reason(), (&Event{Kind: Closing}).reason(),
		(&Event{Kind: Failed}).reason(),
	} {
		status := e.Code / 100
		if status >= 800 {
			status = 400
		}
		if e.StatusCode != status || e.Message == "" {
			t.Errorf("%+v does not have the status %d", e, status)
		}
	}
	codes := map[EventKind]int{Suspended: 80002, Closing: 80017, Closed: 80017, Failed: 80000}
	for kind, code := range codes {
		if e := (&Event{Kind: kind}).reason(); e.Code != code {
			t.Errorf("%v has the code %d", kind, e.Code)
		}
	}
	given := newError(1, 2, "given")
	if e := (&Event{Kind: Failed, Reason: given}).reason(); e != given {
		t.Errorf("the reason is %+v", e)
	}
	if e := reasonOf(given, 3, 4); e != given {
		t.Errorf("the reason is %+v", e)
	}
	if e := reasonOf(errSpare, 3, 4); e.Code != 3 || e.StatusCode != 4 || e.Message != errSpare.Error() {
		t.Errorf("the reason is %+v", e)
	}
}

// RSA4, RTN14b: isTokenError recognizes the errors about a token that may be renewed.
func TestErrorsOfTokens(t *testing.T) {
	for e, want := range map[*wire.ErrorInfo]bool{
		nil: false, newError(40140, 401, ""): true, newError(40149, 401, ""): true, newError(40142, 401, ""): true,
		newError(40139, 401, ""): false, newError(40150, 401, ""): false, newError(40142, 403, ""): false,
		newError(40300, 401, ""): false, newError(0, 401, ""): false,
	} {
		if isTokenError(e) != want {
			t.Errorf("%v: %t", e, !want)
		}
	}
}

// fromAbly keeps code, status and message of an error. An error of ably-go's that wraps none has an
// empty message.
func TestErrorsOfAblyGo(t *testing.T) {
	if fromAbly(nil) != nil {
		t.Error("nil is converted to an error")
	}
	e := fromAbly(&ably.ErrorInfo{Code: 40142, StatusCode: 401, HRef: "h", Cause: &ably.ErrorInfo{Code: 1}})
	if e.Code != 40142 || e.StatusCode != 401 || e.Href != "h" || e.Message != "" || e.Cause.Code != 1 || e.Cause.Cause != nil {
		t.Errorf("got %+v", e)
	}
}

// A dial with a format that the transport doesn't have fails.
func TestAnUnknownProtocol(t *testing.T) {
	_, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	if s, err := tr.open(t.Context(), tr.client.Value(), "text/html", &url.URL{}, time.Second); s != nil || err == nil ||
		!strings.Contains(err.Error(), "text/html") {
		t.Errorf("got %v, %v", s, err)
	}
}
