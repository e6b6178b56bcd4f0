package ablytest

import (
	"fmt"
	"net/http"
)

// ErrorInfo is Ably's error (TI1), on the socket and in HTTP bodies. It is also a Go error. The
// messages of errors that the server makes contain no secret of a key and no token.
type ErrorInfo struct {
	Code       int               `json:"code"`
	StatusCode int               `json:"statusCode"`
	Message    string            `json:"message"`
	Href       string            `json:"href,omitempty"`
	Detail     map[string]string `json:"detail,omitempty"`
}

// NewError returns an error with Ably's code and HTTP status, and fills in its href.
func NewError(code, statusCode int, format string, args ...any) *ErrorInfo {
	return &ErrorInfo{
		Code:       code,
		StatusCode: statusCode,
		Message:    fmt.Sprintf(format, args...),
		Href:       fmt.Sprintf("https://help.ably.io/error/%d", code),
	}
}

// Error returns the message, the code and the status in one line.
func (e *ErrorInfo) Error() string {
	return fmt.Sprintf("%s (code %d, status %d)", e.Message, e.Code, e.StatusCode)
}

func errBadRequest(format string, args ...any) *ErrorInfo {
	return NewError(40000, http.StatusBadRequest, format, args...)
}

func errInvalidParam(format string, args ...any) *ErrorInfo {
	return NewError(40003, http.StatusBadRequest, format, args...)
}

func errNotPermitted(format string, args ...any) *ErrorInfo {
	return NewError(40160, http.StatusUnauthorized, format, args...)
}

func errMethod(method, pattern string) *ErrorInfo {
	return NewError(40500, http.StatusMethodNotAllowed, "the test server doesn't serve %s on %s", method, pattern)
}

// errNotServed returns the error for a feature of Ably that this server lacks.
func errNotServed(what string) *ErrorInfo {
	return errBadRequest("the test server doesn't serve %s", what)
}
