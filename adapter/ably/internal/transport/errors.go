package transport

import (
	"errors"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
)

// ErrNotSent reports that a frame was not written, and will not be: there is no connection, or it
// ended before the frame could be written. The caller sends such a frame again by rules of its own:
// PRESENCE waits until the channel is attached again (RTL3d2); ATTACH and DETACH are built again.
var ErrNotSent = errors.New("not sent: there is no connection")

// Reasons for the end of a socket.
var (
	errClosedByClient = errors.New("the client closed the socket")
	errSpare          = errors.New("ably-go already has a connection, and dialled again")
	errReplaced       = errors.New("another socket replaced this one")
	errQueueFull      = errors.New("too many frames wait to be written to the connection")
	errSlow           = timeoutError{errors.New("a frame could not be written within the request timeout")}
	errIdle           = timeoutError{errors.New("nothing was received within the idle time that the server allows")}
	errStillClosing   = errors.New("the connection was closing")
)

// The codes of errors that the transport itself returns. The codes are Ably's.
const (
	codeBadRequest        = 40000
	codeMessageTooLarge   = 40009
	codeConnectionFailed  = 80000
	codeConnectionSuspend = 80002
	codeDisconnected      = 80003
	codeConnectionClosed  = 80017
	codeInternal          = 50000
)

func newError(code, status int, message string) *wire.ErrorInfo {
	return &wire.ErrorInfo{Code: code, StatusCode: status, Message: message}
}

// timeoutError is a net.Error that reports a timeout. After a dial that fails with one, ably-go
// tries its fallback hosts.
type timeoutError struct{ error }

func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }
func (e timeoutError) Unwrap() error   { return e.error }

// isTokenError reports whether e is about a token that may be renewed (RTN14b, RTN15h).
func isTokenError(e *wire.ErrorInfo) bool {
	return e != nil && e.StatusCode == 401 && 40140 <= e.Code && e.Code < 40150
}

// fromAbly converts an error of ably-go's; nil stays nil.
func fromAbly(e *ably.ErrorInfo) *wire.ErrorInfo {
	if e == nil {
		return nil
	}
	return &wire.ErrorInfo{
		Code: int(e.Code), StatusCode: e.StatusCode, Message: e.Message(), Href: e.HRef,
		Cause: fromAbly(e.Cause),
	}
}
