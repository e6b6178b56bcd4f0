package chatrest

import (
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strconv"

	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/jsonvalue"
)

// Codes of the errors that this package makes. The codes are Ably's.
const (
	codeUnreadable   = 80013 // protocol error
	codeUnreachable  = 80000 // connection failed
	codeTimeout      = 50003
	codeNoToken      = 40170 // error from client token callback
	codeNotRenewable = 40171 // no means provided to renew auth token (RSA4a2)
)

// Answer is the service's answer to a request that it carried out.
type Answer struct {
	Body any        // in the types of [jsonvalue.Received]; nil for null and for an empty body
	Next url.Values // the query of the next page; nil if this is the last

	from *exchange
}

// Unexpected returns the error for an answer that is not of the expected form.
func (a *Answer) Unexpected(expected string) *Error { return a.from.unexpected(expected) }

func (x *exchange) unexpected(expected string) *Error {
	return unreadable("the answer is "+x.came()+", expected "+expected, nil)
}

// unreadable returns the error for an answer that can't be read or has an unexpected form.
func unreadable(message string, cause error) *Error {
	return &Error{Code: codeUnreadable, StatusCode: http.StatusInternalServerError,
		Message: message, Cause: cause}
}

// unreachable returns the error for a request that was not answered.
func unreachable(err error) *Error {
	e := &Error{Code: codeUnreachable, StatusCode: http.StatusInternalServerError,
		Message: "the service can't be reached: " + err.Error(), Cause: err}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		e.Code = codeTimeout
	}
	return e
}

// Error is an error that the service returned, or a failure to get or to read its answer.
type Error struct {
	Code, StatusCode int
	Message          string
	Detail           map[string]any // details from a rule or from moderation; nil if there are none
	Href             string         // the address of a page about the error, or empty
	Cause            error          // the underlying error, or nil
}

// Error returns the message and the code.
func (e *Error) Error() string { return fmt.Sprintf("%s (code %d)", e.Message, e.Code) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// isTokenError reports whether a new token may help (RSC10).
func (e *Error) isTokenError() bool {
	return e.StatusCode == http.StatusUnauthorized && 40140 <= e.Code && e.Code < 40150
}

// notRenewable returns the error, caused by e, for a token that can't be renewed (RSA4a2).
func (e *Error) notRenewable() *Error {
	return &Error{Code: codeNotRenewable, StatusCode: http.StatusUnauthorized, Cause: e,
		Message: "there is no key, auth URL or auth callback that could get a new token"}
}

// read returns the answer that the response holds, or its error.
func (x *exchange) read() (*Answer, *Error) {
	body, err := x.decode()
	if x.status < 200 || x.status >= 300 {
		return nil, x.failure(body)
	}
	if err != nil && len(x.body) > 0 {
		return nil, x.unexpected("JSON or MessagePack")
	}
	a := &Answer{Body: body, from: x}
	var failure *Error
	if a.Next, failure = NextPage(x.header); failure != nil {
		return nil, failure
	}
	return a, nil
}

// NextPage returns the query of an answer's link to the next page, or nil if the answer has
// no such link.
func NextPage(header http.Header) (url.Values, *Error) {
	next, err := nextPage(header.Values("Link"))
	if err != nil {
		return nil, unreadable("the link to the next page can't be read: "+err.Error(), err)
	}
	return next, nil
}

// msgpack encodes as ably-go does. It decodes maps as maps with string keys, and text as strings.
var msgpack = func() *codec.MsgpackHandle {
	h := &codec.MsgpackHandle{}
	h.MapType, h.RawToString, h.WriteExt = reflect.TypeFor[map[string]any](), true, true
	return h
}()

// decode decodes the body as its Content-Type says: MessagePack, or else JSON.
func (x *exchange) decode() (body any, err error) {
	if x.tooLarge {
		return nil, fmt.Errorf("it is larger than %d bytes", maxBody)
	}
	kind, _, _ := mime.ParseMediaType(x.header.Get("Content-Type"))
	if kind != "application/x-msgpack" {
		return jsonvalue.Parse(x.body)
	}
	if body, ok := wire.Value(x.body); ok {
		return jsonvalue.Received(body), nil
	}
	defer func() { // the decoder may panic
		if p := recover(); p != nil {
			body, err = nil, fmt.Errorf("malformed MessagePack: %v", p)
		}
	}()
	d := codec.NewDecoderBytes(x.body, msgpack)
	if err := d.Decode(&body); err != nil {
		return nil, err
	}
	if d.NumBytesRead() != len(x.body) {
		return nil, errors.New("more bytes follow the value")
	}
	return jsonvalue.Received(body), nil
}

// came describes the response, for error messages.
func (x *exchange) came() string {
	const most = 60
	status := fmt.Sprintf("%d %s", x.status, http.StatusText(x.status))
	if len(x.body) == 0 {
		return status + " with an empty body"
	}
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil {
		kind = "no known type"
	}
	start, more := x.body, ""
	if len(start) > most {
		start, more = start[:most], "…"
	}
	return fmt.Sprintf("%s with %d bytes of %s: %q%s", status, len(x.body), kind, start, more)
}

// failure returns the error that an error response describes (section 17 of the Chat
// specification). Fields that the body lacks are taken from the headers and from the status.
func (x *exchange) failure(body any) *Error {
	o, _ := body.(map[string]any)
	said, _ := o["error"].(map[string]any)
	e := &Error{Code: number(said["code"]), StatusCode: number(said["statusCode"])}
	e.Message, _ = said["message"].(string)
	e.Detail, _ = said["detail"].(map[string]any)
	e.Href, _ = said["href"].(string)
	if e.Code == 0 {
		e.Code, _ = strconv.Atoi(x.header.Get("X-Ably-Errorcode"))
	}
	if e.Message == "" {
		e.Message = x.header.Get("X-Ably-Errormessage")
	}
	if e.StatusCode == 0 {
		e.StatusCode = x.status
	}
	if e.Code == 0 {
		e.Code = x.status * 100
	}
	if e.Message == "" {
		e.Message = "the service answered " + x.came()
	}
	return e
}

func number(v any) int {
	f, _ := v.(float64)
	return int(f)
}
