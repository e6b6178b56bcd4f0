package chatrest

import (
	"context"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ably/ably-go/ably"
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

	first *attempt // the direct attempt that failed; nil for none, or if ably-go has got it
	tried bool     // ably-go made an attempt, or got the direct one
}

// attempt is the outcome of one attempt, in the form in which ably-go gets it.
type attempt struct {
	host     string
	response *http.Response
	err      error
}

// exchangeKey is the key of the *exchange in a request's context.
type exchangeKey struct{}

// maxBody is the size, in bytes, of the largest body that is accepted.
const maxBody = 64 << 20

// roundTripper carries out exchanges. The context of every request has one.
type roundTripper struct {
	base    http.RoundTripper
	timeout time.Duration // the time limit of one attempt; 0 for none

	mayDirect bool                   // direct attempts are allowed
	primary   atomic.Pointer[string] // the host that ably-go tried first
	// a request that the primary host answered; nil while ably-go prefers another host
	known atomic.Pointer[http.Request]
}

// carry sets the options of the carrier: a transport of this package, and a key that is never sent,
// so that ably-go doesn't get tokens.
func (t *roundTripper) carry(options reflect.Value) {
	for _, name := range []string{"Token", "TokenDetails", "AuthCallback", "AuthURL", "UseTokenAuth"} {
		options.FieldByName(name).SetZero()
	}
	options.FieldByName("Key").SetString("not.sent:not-sent")
	options.FieldByName("InsecureAllowBasicAuthWithoutTLS").SetBool(true)
	level := options.FieldByName("LogLevel")
	quiet := level.Uint() < uint64(ably.LogInfo)
	if quiet { // Do returns the errors; ably-go's log would only have their status
		level.SetUint(uint64(ably.LogNone))
	}
	field := options.FieldByName("HTTPClient")
	client := &http.Client{
		Timeout: options.FieldByName("HTTPRequestTimeout").Interface().(time.Duration)}
	if given, _ := field.Interface().(*http.Client); given != nil {
		*client = *given
	}
	// If ably-go logs each request, or the client adds cookies, ably-go must make every attempt.
	t.mayDirect = quiet && client.Jar == nil
	if t.base = client.Transport; t.base == nil {
		t.base = http.DefaultTransport
	}
	// The timeout of http.Client would cost a goroutine until the body is closed, and ably-go
	// doesn't close it. The roundTripper has the timeout instead.
	t.timeout, client.Timeout = client.Timeout, 0
	client.Transport = t
	field.Set(reflect.ValueOf(client))
}

// RoundTrip makes an attempt for ably-go. It implements [http.RoundTripper].
func (t *roundTripper) RoundTrip(request *http.Request) (*http.Response, error) {
	x := request.Context().Value(exchangeKey{}).(*exchange)
	host := request.URL.Host
	if first := x.first; first != nil {
		if x.first = nil; first.host == host {
			x.tried = true
			return first.response, first.err
		}
	}
	isFirst := !x.tried
	x.tried = true
	if isFirst {
		t.primary.CompareAndSwap(nil, &host)
	}
	response, err := t.attempt(copied(request), x)
	switch isPrimary := host == *t.primary.Load(); {
	case !x.answered:
	case isFirst && isPrimary && t.mayDirect:
		t.known.Store(request)
	case !isPrimary: // ably-go prefers this host for some time (RSC15f)
		t.known.Store(nil)
	}
	return response, err
}

// attempt sends a request to the service: it sets the path and the credentials, and reads the
// answer. It changes the request's address and header.
func (t *roundTripper) attempt(
	request *http.Request, x *exchange,
) (response *http.Response, err error) {
	x.answered = false // an earlier host may have answered before ably-go tried this one
	defer func() { x.err = err }()
	ctx := request.Context()
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	request = request.WithContext(ctx)
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
	response.Body = http.NoBody
	return response, nil
}

// copied returns a copy of a request whose address and header can be changed.
func copied(request *http.Request) *http.Request {
	c, address := *request, *request.URL
	c.URL, c.Header = &address, maps.Clone(request.Header)
	return &c
}
