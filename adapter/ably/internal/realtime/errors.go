package realtime

import (
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// The codes of errors that this package returns. The codes are Ably's.
const (
	codeNoAnswer     lifecycle.ErrorCode = 90007
	codeInvalidState lifecycle.ErrorCode = 90001
	codeSuspended    lifecycle.ErrorCode = 80002
	codeFailed       lifecycle.ErrorCode = 80000
	codeClosed       lifecycle.ErrorCode = 80017
)

var (
	errNoAnswer = &lifecycle.ErrorInfo{Code: codeNoAnswer, StatusCode: 408,
		Message: "the service did not answer within the request timeout"}
	errNoConnection = &lifecycle.ErrorInfo{Code: codeNoAnswer, StatusCode: 408,
		Message: "there was no connection within the request timeout"}
	errGivenBack = lifecycle.NewErrorInfo(lifecycle.ErrRoomInInvalidState, "the room is released", nil)
	errDisposed  = lifecycle.NewErrorInfo(lifecycle.ErrResourceDisposed,
		"the chat client was disposed of", nil)
	errSuperseded = lifecycle.NewErrorInfo(lifecycle.ErrChannelOperationFailed,
		"another operation replaced this one", nil)
	errNoReason = lifecycle.NewErrorInfo(lifecycle.ErrChannelOperationFailed,
		"the service gave no reason", nil)
	errNoClientID = lifecycle.NewErrorInfo(lifecycle.ErrInvalidClientID,
		"the client has no id: give one with ably.WithClientID, or in its token", nil)
)

// ended has the error of an attach, for each state of the connection in which no attach is
// possible.
var ended = map[fsm.ConnectionState]*lifecycle.ErrorInfo{
	fsm.ConnectionSuspended: lifecycle.NewErrorInfo(codeSuspended, "the connection is suspended",
		nil),
	fsm.ConnectionClosing: lifecycle.NewErrorInfo(codeClosed, "the connection is closing", nil),
	fsm.ConnectionClosed:  lifecycle.NewErrorInfo(codeClosed, "the connection is closed", nil),
	fsm.ConnectionFailed:  lifecycle.NewErrorInfo(codeFailed, "the connection failed", nil),
}

// unconnected returns the reason why the connection is in a state, with the code of ably-go's
// reason if there is one. It returns nil if there is no reason.
func unconnected(state fsm.ConnectionState, reason *lifecycle.ErrorInfo) *lifecycle.ErrorInfo {
	plain := ended[state]
	switch {
	case plain == nil:
		return reason
	case reason == nil || state == fsm.ConnectionClosed: // ably-go's reason is an older one
		return plain
	}
	return &lifecycle.ErrorInfo{Code: reason.Code, StatusCode: reason.StatusCode,
		Message: plain.Message + ": " + reason.Message, Cause: reason.Cause}
}

// fromWire converts an error of the service; nil stays nil.
func fromWire(e *wire.ErrorInfo) *lifecycle.ErrorInfo {
	if e == nil {
		return nil
	}
	code := lifecycle.ErrorCode(e.Code)
	if code == 0 {
		code = lifecycle.ErrChannelOperationFailed
	}
	info := lifecycle.NewErrorInfo(code, e.Message, nil)
	if e.StatusCode != 0 {
		info.StatusCode = e.StatusCode
	}
	if e.Cause != nil {
		info.Cause = fromWire(e.Cause)
	}
	return info
}

// asInfo converts an error of the transport; nil stays nil.
func asInfo(err error) *lifecycle.ErrorInfo {
	if e, ok := err.(*wire.ErrorInfo); ok {
		return fromWire(e)
	}
	return lifecycle.AsErrorInfo(err)
}

// Unable returns e with a message that names the operation that failed; nil stays nil.
func Unable(operation string, e *lifecycle.ErrorInfo) *lifecycle.ErrorInfo {
	if e == nil {
		return nil
	}
	return &lifecycle.ErrorInfo{Code: e.Code, StatusCode: e.StatusCode,
		Message: "unable to " + operation + "; " + e.Message, Cause: e.Cause}
}

// unable is [Unable] with a result of type error, which is nil for nil.
func unable(operation string, e *lifecycle.ErrorInfo) error {
	if e == nil {
		return nil
	}
	return Unable(operation, e)
}
