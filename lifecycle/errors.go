package lifecycle

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorCode is an Ably error code. A code is itself an error value to compare with:
// [errors.Is](err, RoomInInvalidState) holds for every err whose chain has an [*ErrorInfo] of that
// code. Codes from 102000 to 103000 are of Ably Chat (CHA-GP5).
type ErrorCode int

// The codes that this library raises or that Ably Chat defines. The comment gives the status code.
const (
	// 400: generic, never raised by this library (CHA-GP5)
	ErrBadRequest ErrorCode = 40000
	// 400: a bad argument or option (CHA-RC2a)
	ErrInvalidArgument ErrorCode = 40003
	// 400: the client id is missing or not valid
	ErrInvalidClientID ErrorCode = 40012
	// 400: the object was disposed (CHA-RC1f8)
	ErrResourceDisposed ErrorCode = 40014
	// 422: the service's rule rejected the message
	ErrMessageRejectedByBeforePublishRule ErrorCode = 42211
	// 422: moderation rejected the message
	ErrMessageRejectedByModeration ErrorCode = 42213
	// 400: not connected to Ably (CHA-T4f, CHA-ER3g)
	ErrDisconnected ErrorCode = 80003
	// 400: a channel operation failed without a code of its own
	ErrChannelOperationFailed ErrorCode = 90000
	// 400: presence could not be entered again after a re-attach
	ErrPresenceAutoReentryFailed ErrorCode = 91004
	// 500: continuity was lost (CHA-RL12b)
	ErrRoomDiscontinuity ErrorCode = 102100
	// 400: a get that waits was hit by a release (CHA-RC1g4)
	ErrRoomReleasedBeforeOperationCompleted ErrorCode = 102106
	// 400: a get with other options (CHA-RC1f1)
	ErrRoomExistsWithDifferentOptions ErrorCode = 102107
	// 400: the option that the call needs is off
	ErrFeatureNotEnabledInRoom ErrorCode = 102108
	// 400: not possible in the room's status (CHA-RL1l, CHA-RL2l, CHA-RL2m)
	ErrRoomInInvalidState ErrorCode = 102112
	// 500: the operation could not be put in order
	ErrOperationSerializationFailed ErrorCode = 102113
)

var errorCodeNames = map[ErrorCode]string{
	ErrBadRequest:                           "BadRequest",
	ErrInvalidArgument:                      "InvalidArgument",
	ErrInvalidClientID:                      "InvalidClientID",
	ErrResourceDisposed:                     "ResourceDisposed",
	ErrMessageRejectedByBeforePublishRule:   "MessageRejectedByBeforePublishRule",
	ErrMessageRejectedByModeration:          "MessageRejectedByModeration",
	ErrDisconnected:                         "Disconnected",
	ErrChannelOperationFailed:               "ChannelOperationFailed",
	ErrPresenceAutoReentryFailed:            "PresenceAutoReentryFailed",
	ErrRoomDiscontinuity:                    "RoomDiscontinuity",
	ErrRoomReleasedBeforeOperationCompleted: "RoomReleasedBeforeOperationCompleted",
	ErrRoomExistsWithDifferentOptions:       "RoomExistsWithDifferentOptions",
	ErrFeatureNotEnabledInRoom:              "FeatureNotEnabledInRoom",
	ErrRoomInInvalidState:                   "RoomInInvalidState",
	ErrOperationSerializationFailed:         "OperationSerializationFailed",
}

// String returns the code's name in Ably's list, or its number.
func (c ErrorCode) String() string {
	if name, ok := errorCodeNames[c]; ok {
		return name
	}
	return fmt.Sprintf("ErrorCode(%d)", int(c))
}

// Error makes a code an error value, so that [errors.Is] can be asked for it.
func (c ErrorCode) Error() string { return fmt.Sprintf("%s (%d)", c.String(), int(c)) }

// StatusCode returns the HTTP status that goes with the code, as Ably gives it: the code's first
// three digits where these are the status of an error (40003, 42211, 50003), what the Chat
// specification states for its own codes, and 400 for all others.
func (c ErrorCode) StatusCode() int {
	switch status := int(c) / 100; {
	case c == ErrRoomDiscontinuity || c == ErrOperationSerializationFailed:
		return 500
	case status >= 400 && status < 600:
		return status
	}
	return 400
}

// ErrorInfo is Ably's error: a code, an HTTP status, a message for the developer who uses the
// library (CHA-GP6), and a cause. It is found in an error with [errors.As]; its code is compared
// with [errors.Is]. It must not be changed once it is handed out.
type ErrorInfo struct {
	Code       ErrorCode // Ably's code
	StatusCode int       // the HTTP status that goes with it
	Message    string    // "unable to <operation>; <reason>"
	Cause      error     // what led to it, or nil
}

// NewErrorInfo returns an error with the code's own status. It may be called concurrently.
func NewErrorInfo(code ErrorCode, message string, cause error) *ErrorInfo {
	return &ErrorInfo{Code: code, StatusCode: code.StatusCode(), Message: message, Cause: cause}
}

// Error prints the message, the code and the cause, unless the message says that already.
func (e *ErrorInfo) Error() string {
	if e == nil {
		return "<nil>"
	}
	s := fmt.Sprintf("%s (code %d, status %d)", e.Message, int(e.Code), e.StatusCode)
	if e.Cause == nil {
		return s
	}
	if cause := e.Cause.Error(); !strings.Contains(e.Message, cause) {
		s += ": " + cause
	}
	return s
}

// Is reports whether target is this error's [ErrorCode]; [errors.Is] calls it.
func (e *ErrorInfo) Is(target error) bool {
	code, ok := target.(ErrorCode)
	return ok && e != nil && e.Code == code
}

// Unwrap returns the cause.
func (e *ErrorInfo) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Cause
}

// AsErrorInfo returns the first [*ErrorInfo] in err's chain; for another error, one with the code
// [ErrChannelOperationFailed] whose cause is err; for nil, and for a nil *ErrorInfo that became an
// error, nil. It may be called concurrently.
func AsErrorInfo(err error) *ErrorInfo {
	info, ok := err.(*ErrorInfo)
	if err == nil || ok {
		return info
	}
	if errors.As(err, &info) && info != nil {
		return info
	}
	return NewErrorInfo(ErrChannelOperationFailed, "unable to complete the channel operation", err)
}

// asError makes an error of an info; nil of nil, which a nil *ErrorInfo in an error would not be.
func asError(info *ErrorInfo) error {
	if info == nil {
		return nil
	}
	return info
}

func invalidArgument(format string, args ...any) *ErrorInfo {
	return NewErrorInfo(ErrInvalidArgument, fmt.Sprintf(format, args...), nil)
}

// PanicError is what an operation ends with when the backend or the channel under it panicked or
// ended its goroutine.
type PanicError struct {
	Operation string // what was running
	Value     any    // what it panicked with; nil when it ended its goroutine instead
	Stack     string // the stack of the panic, for a log
}

// Error names the operation and the value.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return e.Operation + " ended its goroutine"
	}
	return fmt.Sprintf("%s panicked: %v", e.Operation, e.Value)
}

// Unwrap returns the value when the operation panicked with an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
