package chatrest

import (
	"context"
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// exchange is one request as it goes below ably-go: what to put in it, and what came back.
type exchange struct {
	path, escaped string
	authorization string

	answered bool  // by the host that was asked last
	err      error // of the host that was asked last
	status   int
	header   http.Header
	body     []byte
	tooLarge bool
}

// exchangeKey is the context's key of an *exchange.
type exchangeKey struct{}

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 20

// roundTripper makes exchanges. Every request that passes it has one.
type roundTripper struct {
	base    http.RoundTripper
	timeout time.Duration // of one attempt; 0 is none
}

// RoundTrip implements [http.RoundTripper].
func (t roundTripper) RoundTrip(request *http.Request) (response *http.Response, err error) {
	x := request.Context().Value(exchangeKey{}).(*exchange)
	x.answered = false // by the host before, which ably-go leaves for this one
	defer func() { x.err = err }()
	ctx := request.Context()
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	request = request.WithContext(ctx)
	address := *request.URL
	address.Path, address.RawPath = x.path, x.escaped
	request.URL, request.Header = &address, maps.Clone(request.Header)
	request.Header.Set("Authorization", x.authorization)
	if !strings.HasPrefix(x.authorization, basic) {
		request.Header.Del("X-Ably-ClientId") // a token has its client id (RSA7e2)
	}
	response, err = t.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if closing := response.Body.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, err
	}
	x.answered, x.status, x.header = true, response.StatusCode, response.Header
	x.body, x.tooLarge = body, len(body) > maxBody
	// ably-go gets what it decides by whether to try another host. Without a Location no
	// redirection is followed, so that no other host gets the credentials.
	plain := http.Header{"Content-Type": {"application/json"}}
	if server := response.Header.Values("Server"); server != nil {
		plain["Server"] = server
	}
	response.Header, response.ContentLength = plain, 0
	response.Body = http.NoBody
	return response, nil
}
