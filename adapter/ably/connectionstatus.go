package ablychat

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/internal/listen"
	"ablyrooms.example/lifecycle"
)

// ConnectionStatus is the status of the client's connection to Ably (CHA-CS1).
type ConnectionStatus uint8

// The statuses of a connection.
const (
	ConnectionInitialized ConnectionStatus = iota // not connecting yet (CHA-CS1a)
	ConnectionConnecting                          // connecting (CHA-CS1b)
	ConnectionConnected                           // connected (CHA-CS1c)
	// disconnected for a short time; the client retries (CHA-CS1d)
	ConnectionDisconnected
	// disconnected for a long time; the client retries (CHA-CS1e)
	ConnectionSuspended
	ConnectionFailed // failed, for a reason that a retry can't mend (CHA-CS1f)
	// the user has begun to close it (CHA-CS1g)
	ConnectionClosing
	ConnectionClosed // closed by the user (CHA-CS1h)
)

var connectionStatusNames = [...]string{"initialized", "connecting", "connected", "disconnected",
	"suspended", "failed", "closing", "closed"}

// String returns the name of the status, in lower case.
func (s ConnectionStatus) String() string {
	if int(s) < len(connectionStatusNames) {
		return connectionStatusNames[s]
	}
	return "unknown"
}

var connectionStatuses = map[ably.ConnectionState]ConnectionStatus{
	ably.ConnectionStateInitialized:  ConnectionInitialized,
	ably.ConnectionStateConnecting:   ConnectionConnecting,
	ably.ConnectionStateConnected:    ConnectionConnected,
	ably.ConnectionStateDisconnected: ConnectionDisconnected,
	ably.ConnectionStateSuspended:    ConnectionSuspended,
	ably.ConnectionStateFailed:       ConnectionFailed,
	ably.ConnectionStateClosing:      ConnectionClosing,
	ably.ConnectionStateClosed:       ConnectionClosed,
}

func connectionStatus(s ably.ConnectionState) ConnectionStatus { return connectionStatuses[s] }

// ConnectionStatusChange is a change of a connection's status (CHA-CS4).
type ConnectionStatusChange struct {
	Current  ConnectionStatus // the new status (CHA-CS4a)
	Previous ConnectionStatus // the status before (CHA-CS4b)
	Error    error            // the error that belongs to the new status, or nil (CHA-CS4c)
	RetryIn  time.Duration    // the time until the next attempt to connect; 0 for none or unknown
}

// String returns the change as text, with its error if there is one.
func (c ConnectionStatusChange) String() string {
	s := c.Previous.String() + " -> " + c.Current.String()
	if c.Error != nil {
		s += ": " + c.Error.Error()
	}
	return s
}

// Connection is a chat client's view of its connection to Ably (CHA-CS). [Client.Connection]
// returns it. All methods may be called concurrently, and from within listeners.
type Connection struct {
	client    *Client
	last      atomic.Pointer[ConnectionStatusChange]
	listeners listen.List[ConnectionStatusChange]
}

var connectionEvents = events{name: "connection status changes", all: true}

// Connection returns the client's connection; it is always the same value.
func (c *Client) Connection() *Connection { return &c.connection }

// Status returns the connection's status (CHA-CS2a). It is at least as new as any change that a
// listener has received. When Status returns a status, the client's rooms have already reacted to
// it.
func (c *Connection) Status() ConnectionStatus { return c.last.Load().Current }

// Error returns the error that belongs to the current status, or nil (CHA-CS2b).
func (c *Connection) Error() error { return c.last.Load().Error }

// Subscribe registers a listener for changes of the status (CHA-CS4d). The listener receives every
// change: none is dropped.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrResourceDisposed] once the client is
// disposed of.
func (c *Connection) Subscribe(listener func(ConnectionStatusChange)) (*Subscription, error) {
	return subscribe(c.client, &c.listeners, connectionEvents, listener)
}

// Events is [Connection.Subscribe] for a loop. It yields every change after the call, and ends with
// the context's error or [ErrResourceDisposed]. In all else it works like [Room.StatusEvents].
func (c *Connection) Events(ctx context.Context) iter.Seq2[ConnectionStatusChange, error] {
	return sequence(ctx, c.client, &c.listeners, connectionEvents)
}

// WaitForStatus waits until the connection has the status want, and returns nil. It also returns
// nil if the connection had that status during the wait and has another one now.
//
// Errors: [ErrDisconnected] if the connection is failed or closed and want is another status, with
// the connection's error as cause; [ErrResourceDisposed]; the context's error.
func (c *Connection) WaitForStatus(ctx context.Context, want ConnectionStatus) error {
	operation := "wait for connection status " + want.String()
	if err := c.client.gone(operation); err != nil {
		return err
	}
	now := func() ConnectionStatusChange { return *c.last.Load() }
	return listen.Await(ctx, &c.listeners, c.client.listening(connectionEvents), now,
		func(change ConnectionStatusChange) (bool, error) {
			switch change.Current {
			case want:
				return true, nil
			case ConnectionFailed, ConnectionClosed:
				return false, lifecycle.NewErrorInfo(ErrDisconnected,
					"unable to "+operation+"; the connection is "+change.Current.String(), change.Error)
			}
			return false, nil
		})
}

// over reports whether there is no connection and the client does not try to connect.
func (s ConnectionStatus) over() bool {
	switch s {
	case ConnectionInitialized, ConnectionFailed, ConnectionClosed:
		return true
	}
	return false
}

// back waits until there is a connection, or until the client no longer tries to connect.
func (c *Connection) back(ctx context.Context) error {
	now := func() ConnectionStatusChange { return *c.last.Load() }
	return listen.Await(ctx, &c.listeners, c.client.listening(connectionEvents), now,
		func(change ConnectionStatusChange) (bool, error) {
			return change.Current == ConnectionConnected || change.Current.over(), nil
		})
}

// begin sets the first status of the client, unless changed has set one already (CHA-CS3).
func (c *Connection) begin(last ably.ConnectionStateChange, reason *lifecycle.ErrorInfo) {
	last.Previous, last.RetryIn = last.Current, 0
	first := statusChange(last, reason)
	c.last.CompareAndSwap(nil, &first)
}

// changed passes a change on to the listeners (CHA-CS5c). The rooms' channels have received it
// before.
func (c *Connection) changed(change ably.ConnectionStateChange, reason *lifecycle.ErrorInfo) {
	next := statusChange(change, reason)
	if last := c.last.Swap(&next); last != nil && last.Current == next.Current {
		return // begin has set this status already
	}
	c.listeners.Publish(next)
}

func statusChange(
	change ably.ConnectionStateChange, reason *lifecycle.ErrorInfo,
) ConnectionStatusChange {
	return ConnectionStatusChange{
		Current: connectionStatus(change.Current), Previous: connectionStatus(change.Previous),
		Error: connectionReason(change.Reason, reason), RetryIn: change.RetryIn,
	}
}

// connectionReason converts an error of ably-go. known is the same error with the service's
// message, or nil: ably-go's error may have lost the message.
func connectionReason(err *ably.ErrorInfo, known *lifecycle.ErrorInfo) error {
	switch {
	case err == nil:
		return nil
	case err.Unwrap() == nil && known != nil:
		return fromAbly("connect", known)
	}
	return fromAbly("connect", err)
}
