// Package chatrest makes requests to the Chat REST API (CHA-RST).
//
// ably-go chooses hosts and fallbacks, encodes, and gets tokens. Between ably-go's client and the
// network is a transport of this package, which sets the path and the credentials and reads the
// answer. It is needed because ably-go has four flaws. It escapes the path again. It renews a token
// only for the code 40140, where RSC10 requires 40140 to 40149. It changes its credentials without
// a lock while other requests read them. It doesn't return the body of an error.
//
// Once the primary host has answered a request of ably-go's, the package makes the first attempt of
// later requests itself, with the same address and header, which takes less time. Only if that
// attempt fails, the request goes to ably-go. ably-go then gets the outcome of the attempt, instead
// of making it again.
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

// BasePath is the path of the Chat REST API.
const BasePath = "/chat/v4/"

// Client makes requests. Its methods may be called concurrently.
type Client struct {
	carrier     *ably.REST // sends the requests; this package replaces their credentials and paths
	below       *roundTripper
	credentials *credentials
}

// Request is one request.
type Request struct {
	Method string
	Path   []string // the segments below [BasePath], any text, not escaped (CHA-RST6)
	Query  url.Values
	Body   any // plain JSON types; nil for no body
}

// New returns a client with these options of ably-go's. The caller must end it with [Client.Close].
//
// It returns ably-go's error if the options are invalid.
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

// changing returns an option that reads and changes the options that were applied before it. Their
// type is not exported, but its fields are. The argument is only there to infer the type.
func changing[O any](_ func(O), change func(reflect.Value)) func(O) {
	return func(options O) { change(reflect.ValueOf(options).Elem()) }
}

// Do makes a request and returns the answer. If the service refuses the token, Do renews it once
// and makes the request again (RSC10).
//
// The error is an [*Error] if the service returned one, or if the answer can't be read. It is the
// context's cause if the context ended. If there is no answer, it is an [*Error] with the error of
// package net/http as its cause, or an error of ably-go's.
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
		return nil, unreadable("the link to the next page leads to the same page", nil)
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
	case x.answered: // the last host answered
		return x, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case x.err != nil: // err contains another address, or is nil after another host's answer
		return nil, unreachable(x.err)
	case err == nil:
		return nil, errors.New("ably-go made no request")
	}
	return nil, err
}

// Use makes later requests use a token of the realtime client, if that is newer than their own.
func (c *Client) Use(token string) { c.credentials.use(token) }

// Close cancels a running request for a token, and waits until it has ended or ctx ends. From then
// on, requests that need a new token fail.
func (c *Client) Close(ctx context.Context) { c.credentials.close(ctx) }
