package lifecycle

import (
	"errors"
	"fmt"
	"strings"
)

// ErrorCode is an Ably error code. A code is itself an error value to compare with:
// [errors.Is](err, ErrRoomInInvalidState) is true for every err whose chain has an [*ErrorInfo]
// with that code. Codes from 102000 to 103000 belong to Ably Chat (CHA-GP5).
type ErrorCode int

// The codes that this library returns or that Ably Chat defines. Each comment begins with the HTTP
// status.
const (
	// 400: generic, never returned by this library (CHA-GP5)
	ErrBadRequest ErrorCode = 40000
	// 400: a bad argument or option (CHA-RC2a)
	ErrInvalidArgument ErrorCode = 40003
	// 400: the client id is missing or not valid
	ErrInvalidClientID ErrorCode = 40012
	// 400: the object was disposed (CHA-RC1f8)
	ErrResourceDisposed ErrorCode = 40014
	// 422: a rule of the service rejected the message
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
	// 400: the room was released while a get waited for it (CHA-RC1g4)
	ErrRoomReleasedBeforeOperationCompleted ErrorCode = 102106
	// 400: a get with options other than the room's (CHA-RC1f1)
	ErrRoomExistsWithDifferentOptions ErrorCode = 102107
	// 400: the call needs an option that is off
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

// Error makes a code an error value, as [errors.Is] needs it.
func (c ErrorCode) Error() string { return fmt.Sprintf("%s (%d)", c.String(), int(c)) }

// StatusCode returns the HTTP status that Ably uses with the code. For its own codes, the Chat
// specification states it. For others, it is the first three digits of the code if these are an
// HTTP error status (40003, 42211, 50003), else 400.
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
// library (CHA-GP6), and a cause. Find it in an error with [errors.As]; compare its code with
// [errors.Is]. It must not be changed once another goroutine may read it.
type ErrorInfo struct {
	Code       ErrorCode // Ably's code
	StatusCode int       // the HTTP status of the code
	Message    string    // "unable to <operation>; <reason>"
	Cause      error     // the error that caused it, or nil
}

// NewErrorInfo returns an error with the given code and the code's HTTP status. It may be called
// concurrently.
func NewErrorInfo(code ErrorCode, message string, cause error) *ErrorInfo {
	return &ErrorInfo{Code: code, StatusCode: code.StatusCode(), Message: message, Cause: cause}
}

// Error returns the message, the code and the cause, without those that the message already
// contains.
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

// Is reports whether target is the error's [ErrorCode]; [errors.Is] calls it.
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

// AsErrorInfo returns the first [*ErrorInfo] in err's chain. If there is none, it returns one with
// the code [ErrChannelOperationFailed] and the cause err. It returns nil if err is nil or a nil
// *ErrorInfo. It may be called concurrently.
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

// asError returns info as an error, and a nil error for a nil info.
func asError(info *ErrorInfo) error {
	if info == nil {
		return nil
	}
	return info
}

func invalidArgument(format string, args ...any) *ErrorInfo {
	return NewErrorInfo(ErrInvalidArgument, fmt.Sprintf(format, args...), nil)
}

// PanicError is the error of an operation during which the backend or the channel panicked or ended
// its goroutine.
type PanicError struct {
	Operation string // what was running
	Value     any    // the value of the panic; nil if the goroutine ended without one
	Stack     string // the stack of the panic, for a log
}

// Error names the operation and the value.
func (e *PanicError) Error() string {
	if e.Value == nil {
		return e.Operation + " ended its goroutine"
	}
	return fmt.Sprintf("%s panicked: %v", e.Operation, e.Value)
}

// Unwrap returns the value of the panic, if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
