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
	ConnectionInitialized  ConnectionStatus = iota // not connecting yet (CHA-CS1a)
	ConnectionConnecting                           // connecting (CHA-CS1b)
	ConnectionConnected                            // connected (CHA-CS1c)
	ConnectionDisconnected                         // not connected for a short time; retried (CHA-CS1d)
	ConnectionSuspended                            // not connected for a long time; retried (CHA-CS1e)
	ConnectionFailed                               // for a reason that can't be retried (CHA-CS1f)
	ConnectionClosing                              // closed by the user, not at its end yet (CHA-CS1g)
	ConnectionClosed                               // closed by the user (CHA-CS1h)
)

var connectionStatusNames = [...]string{"initialized", "connecting", "connected", "disconnected",
	"suspended", "failed", "closing", "closed"}

// String returns the status's name, in lower case.
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
	RetryIn  time.Duration    // until the next attempt to connect; 0 for none or not known
}

// String prints the change with its error, if it has one.
func (c ConnectionStatusChange) String() string {
	s := c.Previous.String() + " -> " + c.Current.String()
	if c.Error != nil {
		s += ": " + c.Error.Error()
	}
	return s
}

// Connection is a chat client's view of its connection to Ably (CHA-CS). It is got from
// [Client.Connection]. All methods may be called concurrently, and from within listeners.
type Connection struct {
	client    *Client
	last      atomic.Pointer[ConnectionStatusChange]
	listeners listen.List[ConnectionStatusChange]
}

var connectionEvents = events{name: "connection status changes", all: true}

// Connection returns the client's connection; it is always the same value.
func (c *Client) Connection() *Connection { return &c.connection }

// Status returns the connection's status (CHA-CS2a). It is never older than a change that a
// listener has received, and rooms know of it.
func (c *Connection) Status() ConnectionStatus { return c.last.Load().Current }

// Error returns the error that belongs to the present status, or nil (CHA-CS2b).
func (c *Connection) Error() error { return c.last.Load().Error }

// Subscribe registers a listener for changes of the status (CHA-CS4d). It receives all of them.
//
// Errors: [ErrInvalidArgument] for a nil listener; [ErrResourceDisposed] once the client is
// disposed of.
func (c *Connection) Subscribe(listener func(ConnectionStatusChange)) (*Subscription, error) {
	return subscribe(c.client, &c.listeners, connectionEvents, listener)
}

// Events is [Connection.Subscribe] for a loop: every change from the call on, until the context's
// error or [ErrResourceDisposed]. All else is as for [Room.StatusEvents].
func (c *Connection) Events(ctx context.Context) iter.Seq2[ConnectionStatusChange, error] {
	return sequence(ctx, c.client, &c.listeners, connectionEvents)
}

// WaitForStatus returns when the connection has a status: at once if it has, and also when it had
// the status meanwhile and has another one by now.
//
// Errors: [ErrDisconnected] when the connection is failed or closed, with the error of that for a
// cause, if that isn't what it waits for; [ErrResourceDisposed]; the context's.
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

// over reports whether there is no connection and none is tried for.
func (s ConnectionStatus) over() bool {
	switch s {
	case ConnectionInitialized, ConnectionFailed, ConnectionClosed:
		return true
	}
	return false
}

// back returns when there is a connection, or when none is tried for any more.
func (c *Connection) back(ctx context.Context) error {
	now := func() ConnectionStatusChange { return *c.last.Load() }
	return listen.Await(ctx, &c.listeners, c.client.listening(connectionEvents), now,
		func(change ConnectionStatusChange) (bool, error) {
			return change.Current == ConnectionConnected || change.Current.over(), nil
		})
}

// begin sets the status that the client finds, unless it has changed by now (CHA-CS3).
func (c *Connection) begin(last ably.ConnectionStateChange, reason *lifecycle.ErrorInfo) {
	last.Previous, last.RetryIn = last.Current, 0
	first := statusChange(last, reason)
	c.last.CompareAndSwap(nil, &first)
}

// changed passes a change on to the listeners (CHA-CS5c). The rooms' channels have taken it.
func (c *Connection) changed(change ably.ConnectionStateChange, reason *lifecycle.ErrorInfo) {
	next := statusChange(change, reason)
	if last := c.last.Swap(&next); last != nil && last.Current == next.Current {
		return // the client began with it
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

// connectionReason makes an error of ours from ably-go's; known is the same with its message, or
// nil.
func connectionReason(err *ably.ErrorInfo, known *lifecycle.ErrorInfo) error {
	switch {
	case err == nil:
		return nil
	case err.Unwrap() == nil && known != nil:
		return fromAbly("connect", known)
	}
	return fromAbly("connect", err)
}
