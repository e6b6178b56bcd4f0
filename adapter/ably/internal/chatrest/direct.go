package chatrest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"

	"github.com/ugorji/go/codec"
)

// direct makes the first attempt of a request without ably-go, in the same way as ably-go made an
// earlier one. It reports whether the attempt succeeded. If it failed, the request goes to ably-go,
// which gets the outcome as that of its own first attempt, and decides which other hosts to try.
func (t *roundTripper) direct(ctx context.Context, r Request, x *exchange) bool {
	known := t.known.Load()
	if known == nil {
		return false
	}
	var body io.Reader
	if r.Body != nil {
		b, err := encode(known.Header.Get("Accept"), r.Body)
		if err != nil {
			return false
		}
		body = bytes.NewReader(b)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, "", body)
	if err != nil {
		return false
	}
	address := *known.URL
	address.RawQuery = r.Query.Encode()
	request.URL, request.Host, request.Header = &address, known.Host, maps.Clone(known.Header)
	request.Header.Del("Content-Type")
	if body != nil {
		request.Header.Set("Content-Type", known.Header.Get("Accept"))
	}
	response, err := t.attempt(request, x)
	if x.answered && x.status < http.StatusMultipleChoices {
		return true
	}
	x.first = &attempt{address.Host, response, err}
	return false
}

func encode(format string, v any) (b []byte, err error) {
	if format != "application/x-msgpack" {
		return json.Marshal(v)
	}
	err = codec.NewEncoderBytes(&b, msgpack).Encode(v)
	return b, err
}
