package chatrest

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"
)

const (
	basic  = "Basic "
	bearer = "Bearer "
)

// credentials says what requests are authorized with: a key, or a token that is got and renewed by
// way of ably-go. A token is used until the service refuses it, whatever the local clock says
// (RSA4b1).
type credentials struct {
	authority *ably.REST // gets tokens
	params    ably.TokenParams
	renewable bool // there is a way to get a token (RSA4a2)

	mu            sync.Mutex
	authorization string   // what is sent; empty if there is no token yet
	renewal       *renewal // under way, or nil
	running       sync.WaitGroup
	life          context.Context
	end           context.CancelFunc
}

// renewal is a request for a token, which all that need one wait for.
type renewal struct {
	done          chan struct{} // closed at its end
	authorization string
	err           error
}

// read takes what is needed from the options of ably-go (RSA4).
func (c *credentials) read(options reflect.Value) {
	set := func(name string) bool { return !options.FieldByName(name).IsZero() }
	key := options.FieldByName("Key").String()
	c.renewable = key != "" || set("AuthCallback") || set("AuthURL")
	if params, _ := options.FieldByName("DefaultTokenParams").Interface().(*ably.TokenParams); params != nil {
		c.params = *params
	} else {
		c.params.TTL = time.Hour.Milliseconds() // ably-go's default
	}
	if id := options.FieldByName("ClientID").String(); id != "" {
		c.params.ClientID = id
	}
	details, _ := options.FieldByName("TokenDetails").Interface().(*ably.TokenDetails)
	switch token := options.FieldByName("Token").String(); {
	case token != "":
		c.authorization = withToken(token)
	case details != nil:
		c.authorization = withToken(details.Token)
	case !set("UseTokenAuth") && !set("AuthCallback") && !set("AuthURL"):
		c.authorization = basic + base64.StdEncoding.EncodeToString([]byte(key))
	}
}

func (c *credentials) begin() { c.life, c.end = context.WithCancel(context.Background()) }

func withToken(token string) string {
	return bearer + base64.StdEncoding.EncodeToString([]byte(token))
}

// current returns what to authorize a request with, and gets a token first if there is none.
//
// Errors: an [*Error] if no token could be got; the context's cause.
func (c *credentials) current(ctx context.Context) (authorization string, err error) {
	return c.renewed(ctx, "")
}

// renewed returns what to authorize a request with after the service refused to take one. One
// request for a token serves all that wait. Errors are those of current.
func (c *credentials) renewed(ctx context.Context, refused string) (authorization string, err error) {
	c.mu.Lock()
	if c.authorization != refused {
		defer c.mu.Unlock()
		return c.authorization, nil
	}
	r := c.renewal
	if r == nil {
		r = &renewal{done: make(chan struct{})}
		c.renewal = r
		c.running.Add(1)
		go c.renew(r) // ably-go doesn't give up when the context ends
	}
	c.mu.Unlock()
	select {
	case <-r.done:
		return r.authorization, r.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

func (c *credentials) renew(r *renewal) {
	defer c.running.Done()
	params := c.params // ably-go changes what it is given
	token, err := c.authority.Auth.Authorize(c.life, &params)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		r.err = noToken(err)
	case token.Token == "":
		r.err = noToken(errors.New("it is empty"))
	default:
		r.authorization = withToken(token.Token)
		c.authorization = r.authorization
	}
	c.renewal = nil
	close(r.done)
}

// noToken says that no token could be got, with the code of ably-go's.
func noToken(err error) *Error {
	e := &Error{Code: codeNoToken, StatusCode: http.StatusUnauthorized, Cause: err}
	reason := err.Error()
	if theirs, ok := errors.AsType[*ably.ErrorInfo](err); ok {
		if theirs.Code != 0 {
			e.Code, e.StatusCode = int(theirs.Code), theirs.StatusCode
		}
		reason, e.Cause = "ably-go gave no reason", nil // it prints itself with an address
		if inner := theirs.Unwrap(); inner != nil {
			reason, e.Cause = inner.Error(), inner
		}
	}
	e.Message = "there is no token to authorize it with: " + reason
	return e
}

func (c *credentials) close(ctx context.Context) {
	c.end()
	ended := make(chan struct{})
	go func() {
		c.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	}
}
