package transport

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"reflect"
	"time"
)

// reauth carries out ably-go's HTTP requests. When the server requests a new token (RTN22), ably-go
// cancels the context with which it gets one, so as not to wait for the CONNECTED that follows.
// With that context a request for a token by HTTP would always fail. So such a request ends instead
// with the socket on which the server requested the token, or after the request timeout. All
// requests also end with [Transport.EndRequests].
type reauth struct {
	t    *Transport
	base http.RoundTripper
}

// through puts reauth below the HTTP client of ably-go's options. If the transport's options have
// no HTTP client, the WebSockets are opened as ably-go's HTTP client opens connections, where it
// has an [http.Transport].
func (t *Transport) through(options reflect.Value) {
	field := options.FieldByName("HTTPClient")
	client := http.Client{Timeout: time.Duration(options.FieldByName("HTTPRequestTimeout").Int())}
	if given := field.Interface().(*http.Client); given != nil {
		client = *given
	}
	if given, ok := client.Transport.(*http.Transport); ok && t.options.HTTPClient == nil {
		t.openBy(given)
	}
	if client.Transport == nil {
		client.Transport = http.DefaultTransport
	}
	client.Transport = reauth{t, client.Transport}
	field.Set(reflect.ValueOf(&client))
}

// RoundTrip implements [http.RoundTripper].
func (r reauth) RoundTrip(request *http.Request) (*http.Response, error) {
	r.t.mu.Lock()
	asking, timeout := r.t.asking, r.t.timeouts.Request
	r.t.mu.Unlock()
	var ctx context.Context
	var cancel context.CancelFunc
	if asking == nil || request.Context().Err() == nil {
		ctx, cancel = context.WithCancel(request.Context())
	} else {
		ctx, cancel = context.WithTimeout(context.WithoutCancel(request.Context()), timeout)
		defer context.AfterFunc(asking.ctx, cancel)()
	}
	defer cancel()
	defer context.AfterFunc(r.t.life, cancel)()
	response, err := r.base.RoundTrip(request.WithContext(ctx))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	return response, nil
}
