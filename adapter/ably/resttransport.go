package ablychat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"

	"github.com/ably/ably-go/ably"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/lifecycle"
)

// exchange is one request to the Chat REST API below ably-go: what to put right in it, and what came back.
type exchange struct {
	path, escaped string

	body   any
	failed *lifecycle.ErrorInfo // the service's error, if it is one
}

// exchangeKey is the context's key of an *exchange.
type exchangeKey struct{}

// restTransport puts right the requests whose context has an exchange, and reads their answers.
type restTransport struct{ base http.RoundTripper }

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 20

// RoundTrip implements [http.RoundTripper].
func (t restTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	x, ok := request.Context().Value(exchangeKey{}).(*exchange)
	if !ok {
		return t.base.RoundTrip(request)
	}
	request = request.Clone(request.Context())
	request.URL.Path, request.URL.RawPath = x.path, x.escaped
	response, err := t.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err := response.Body.Close(); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(text))
	x.failed = nil // an attempt with another host may have been before
	x.body = parse(response.Header.Get("Content-Type"), text)
	if response.StatusCode >= 300 {
		x.failed = failure(response.StatusCode, x.body)
	}
	return response, nil
}

// parse makes of a body what encoding/json does of JSON; nil of what can't be read.
func parse(contentType string, text []byte) (body any) {
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind == "application/x-msgpack" {
		handle := &codec.MsgpackHandle{}
		handle.MapType, handle.RawToString = reflect.TypeFor[map[string]any](), true
		if codec.NewDecoderBytes(text, handle).Decode(&body) != nil {
			return nil
		}
		return plain(body)
	}
	if json.Unmarshal(text, &body) != nil {
		return nil
	}
	return body
}

// Rejection is the cause of an error of the service's that has more to say than a code and a message: it is found with [errors.As].
type Rejection struct {
	Detail map[string]any // what moderation or a rule says of a message that it rejected; nil for nothing
	Href   string         // where to read more; empty for nowhere
}

// Error prints the detail.
func (r *Rejection) Error() string { return fmt.Sprintf("rejected: %v %s", r.Detail, r.Href) }

// failure makes an error of the body of an answer that is one (section 17 of the Chat specification).
func failure(status int, body any) *lifecycle.ErrorInfo {
	o, _ := body.(map[string]any)
	e, _ := o["error"].(map[string]any)
	code, _ := e["code"].(float64)
	message, _ := e["message"].(string)
	if s, ok := e["statusCode"].(float64); ok {
		status = int(s)
	}
	info := serviceError(status, int(code), message)
	r := &Rejection{}
	r.Detail, _ = e["detail"].(map[string]any)
	if r.Href, _ = e["href"].(string); r.Detail != nil || r.Href != "" {
		info.Cause = r
	}
	return info
}

// serviceError makes an error of the service's; what is not said is made up from the status.
func serviceError(status, code int, message string) *lifecycle.ErrorInfo {
	if code == 0 {
		code = status * 100
	}
	if message == "" {
		message = http.StatusText(status)
	}
	return &lifecycle.ErrorInfo{Code: lifecycle.ErrorCode(code), StatusCode: status, Message: message}
}

// throughTransport is an option for a REST client that puts our transport above the one that the
// options before it have given, if any.
func throughTransport() ably.ClientOption {
	return changing(ably.WithHTTPClient(nil), func(options reflect.Value) {
		field := options.FieldByName("HTTPClient")
		client := &http.Client{}
		if given, _ := field.Interface().(*http.Client); given != nil {
			*client = *given
		}
		if client.Transport == nil {
			client.Transport = http.DefaultTransport
		}
		client.Transport = restTransport{client.Transport}
		field.Set(reflect.ValueOf(client))
	})
}

// changing returns an option that changes the options that came before it. Their type can't be named outside ably-go, but its fields are
// exported. The option that it is given is there for its type.
func changing[O any](_ func(O), change func(reflect.Value)) func(O) {
	return func(options O) { change(reflect.ValueOf(options).Elem()) }
}
