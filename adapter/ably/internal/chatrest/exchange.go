package chatrest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// exchange is one request at the transport below ably-go: the path and the credentials that are set
// in it, and the answer.
type exchange struct {
	path, escaped string
	authorization string

	answered bool  // the host that was tried last answered
	err      error // the error of the host that was tried last
	status   int
	header   http.Header
	body     []byte
	tooLarge bool
}

// exchangeKey is the key of the *exchange in a request's context.
type exchangeKey struct{}

// maxBody is the size, in bytes, of the largest body that is accepted.
const maxBody = 64 << 20

// roundTripper carries out exchanges. The context of every request has one.
type roundTripper struct {
	base    http.RoundTripper
	timeout time.Duration // the time limit of one attempt; 0 for none
}

// RoundTrip implements [http.RoundTripper].
func (t roundTripper) RoundTrip(request *http.Request) (response *http.Response, err error) {
	x := request.Context().Value(exchangeKey{}).(*exchange)
	x.answered = false // an earlier host may have answered before ably-go tried this one
	defer func() { x.err = err }()
	ctx := request.Context()
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	request = request.Clone(ctx)
	request.URL.Path, request.URL.RawPath = x.path, x.escaped
	request.Header.Set("Authorization", x.authorization)
	if !strings.HasPrefix(x.authorization, basic) {
		request.Header.Del("X-Ably-ClientId") // a token contains its client id (RSA7e2)
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
	// ably-go only needs the status and the header Server, with which it decides whether to try
	// another host. Without the header Location, ably-go follows no redirection: no other host gets
	// the credentials.
	plain := http.Header{"Content-Type": {"application/json"}}
	if server := response.Header.Values("Server"); server != nil {
		plain["Server"] = server
	}
	response.Header, response.ContentLength = plain, 0
	response.Body = io.NopCloser(bytes.NewReader(nil))
	return response, nil
}
