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

	first *attempt // the direct attempt that failed; nil if there is none, or once ably-go has it
	tried bool     // ably-go made an attempt, or has the direct one
}

// attempt is the outcome of one attempt, as ably-go gets it.
type attempt struct {
	host     string
	response *http.Response
	err      error
}

// exchangeKey is the context's key of an *exchange.
type exchangeKey struct{}

// maxBody is how many bytes of an answer are read.
const maxBody = 64 << 20

// roundTripper makes exchanges. Every request that passes it has one.
type roundTripper struct {
	base    http.RoundTripper
	timeout time.Duration // of one attempt; 0 is none

	mayDirect bool                   // direct attempts are allowed
	primary   atomic.Pointer[string] // the host that ably-go asked first
	// one that this host answered; nil while ably-go prefers another host
	known atomic.Pointer[http.Request]
}

// carry makes the options of the carrier: a transport of ours, and a key that is never sent, so
// that ably-go asks for no token.
func (t *roundTripper) carry(options reflect.Value) {
	for _, name := range []string{"Token", "TokenDetails", "AuthCallback", "AuthURL", "UseTokenAuth"} {
		options.FieldByName(name).SetZero()
	}
	options.FieldByName("Key").SetString("not.sent:not-sent")
	options.FieldByName("InsecureAllowBasicAuthWithoutTLS").SetBool(true)
	level := options.FieldByName("LogLevel")
	quiet := level.Uint() < uint64(ably.LogInfo)
	if quiet { // errors are returned; ably-go would see but their status
		level.SetUint(uint64(ably.LogNone))
	}
	field := options.FieldByName("HTTPClient")
	client := &http.Client{
		Timeout: options.FieldByName("HTTPRequestTimeout").Interface().(time.Duration)}
	if given, _ := field.Interface().(*http.Client); given != nil {
		*client = *given
	}
	// Otherwise ably-go logs each request, or the client adds cookies.
	t.mayDirect = quiet && client.Jar == nil
	if t.base = client.Transport; t.base == nil {
		t.base = http.DefaultTransport
	}
	// The client's own timeout costs a goroutine until the body is closed, which ably-go doesn't
	// do.
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
	case !isPrimary: // ably-go stays with this host for some time (RSC15f)
		t.known.Store(nil)
	}
	return response, err
}

// attempt makes a request of the service: it puts in the path and the credentials, and takes the
// answer. It changes the request's address and header.
func (t *roundTripper) attempt(
	request *http.Request, x *exchange,
) (response *http.Response, err error) {
	x.answered = false // by the host before, which ably-go leaves for this one
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

// copied returns a copy of a request whose address and header can be changed.
func copied(request *http.Request) *http.Request {
	c, address := *request, *request.URL
	c.URL, c.Header = &address, maps.Clone(request.Header)
	return &c
}
