// Package chatrest makes requests to the Chat REST API (CHA-RST).
//
// ably-go chooses hosts and fallbacks, encodes, and gets tokens. Between its client and the network
// is a transport of this package. The transport sets the path and the credentials of a request and
// takes its answer, because ably-go escapes the path again, renews a token for the code 40140 alone
// (RSC10 asks for 40140 to 40149), changes its credentials without a lock while other requests read
// them, and doesn't return the body of an error.
//
// Once the primary host has answered a request of ably-go, the package makes the first attempt of
// later requests itself, with the same address and header, which takes less time. ably-go is asked
// only if that attempt fails, and gets its outcome instead of making it again.
package chatrest

import (
	"context"
	"errors"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/ably/ably-go/ably"
)

// BasePath is where the Chat REST API is.
const BasePath = "/chat/v4/"

// Client makes requests. Its methods may be called concurrently.
type Client struct {
	carrier     *ably.REST // its own credentials and paths are replaced
	below       *roundTripper
	credentials *credentials
}

// Request is one request.
type Request struct {
	Method string
	Path   []string // below [BasePath], not escaped: any text (CHA-RST6)
	Query  url.Values
	Body   any // of plain types, or nil for none
}

// New returns a client with the options of a client of ably-go's. [Client.Close] ends it.
//
// Errors: ably-go's, for options that are invalid.
func New(options ...ably.ClientOption) (*Client, error) {
	c := &Client{credentials: &credentials{}, below: &roundTripper{}}
	var err error
	c.credentials.authority, err = ably.NewREST(append(slices.Clone(options),
		changing(ably.WithUseTokenAuth(false), c.credentials.read))...)
	if err != nil {
		return nil, err
	}
	c.credentials.begin()
	c.carrier, err = ably.NewREST(append(slices.Clone(options),
		changing(ably.WithUseTokenAuth(false), c.below.carry))...)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// changing returns an option that reads and changes the options that came before it. Their type is
// not exported, but its fields are. The option that it is given is there for its type.
func changing[O any](_ func(O), change func(reflect.Value)) func(O) {
	return func(options O) { change(reflect.ValueOf(options).Elem()) }
}

// Do makes a request and returns the answer to it. A token that the service refuses is renewed
// once, and the request made again (RSC10).
//
// Errors: an [*Error], of the service or for an answer that can't be read; the context's cause;
// ably-go's and those of package net/http if there is no answer.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	authorization, err := c.credentials.current(ctx)
	if err != nil {
		return nil, err
	}
	x, err := c.send(ctx, r, authorization)
	if err != nil {
		return nil, err
	}
	answer, failure := x.read()
	if failure != nil && failure.isTokenError() {
		if !c.credentials.renewable {
			return nil, failure.notRenewable()
		}
		if authorization, err = c.credentials.renewed(ctx, authorization); err != nil {
			return nil, err
		}
		if x, err = c.send(ctx, r, authorization); err != nil {
			return nil, err
		}
		answer, failure = x.read()
	}
	switch {
	case failure != nil:
		return nil, failure
	case answer.Next != nil && answer.Next.Encode() == r.Query.Encode():
		return nil, unreadable("the link to the next page is to the same page", nil)
	}
	return answer, nil
}

func (c *Client) send(ctx context.Context, r Request, authorization string) (*exchange, error) {
	x := &exchange{authorization: authorization, path: BasePath + strings.Join(r.Path, "/")}
	escaped := make([]string, len(r.Path))
	for i, segment := range r.Path {
		escaped[i] = url.PathEscape(segment)
	}
	x.escaped = BasePath + strings.Join(escaped, "/")
	if c.below.direct(ctx, r, x) {
		return x, nil
	}
	var options []ably.RequestOption
	if r.Query != nil {
		options = append(options, ably.RequestWithParams(r.Query))
	}
	if r.Body != nil {
		options = append(options, ably.RequestWithBody(r.Body))
	}
	_, err := c.carrier.Request(r.Method, BasePath+"request", options...).
		Pages(context.WithValue(ctx, exchangeKey{}, x))
	switch {
	case x.answered: // by the last host that was asked
		return x, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case x.err != nil: // ably-go's has another address, or is nil after another host's answer
		return nil, unreachable(x.err)
	case err == nil:
		return nil, errors.New("ably-go made no request")
	}
	return nil, err
}

// Use has requests authorized with a token that the realtime client uses, if that is newer than
// their own.
func (c *Client) Use(token string) { c.credentials.use(token) }

// Close ends the request for a token that may be under way, and waits for its end, or that of ctx.
// Requests that need a new token fail from then on.
func (c *Client) Close(ctx context.Context) { c.credentials.close(ctx) }
