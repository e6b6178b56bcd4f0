package chatrest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
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

// credentials holds what authorizes requests: a key, or a token that ably-go gets and renews. A
// token is used until the service refuses it, whatever the local clock says (RSA4b1).
type credentials struct {
	authority *ably.REST // gets tokens
	params    ably.TokenParams
	renewable bool // whether ably-go can get a new token (RSA4a2)

	limit time.Duration // the time limit of a request for a token

	mu            sync.Mutex
	authorization string         // the header Authorization; empty if there is no token yet
	used          string         // the token that the realtime client used last
	renewal       *renewal       // the running request for a token, or nil
	running       sync.WaitGroup // the renewals; increased under mu, before life ends
	life          context.Context
	end           context.CancelCauseFunc
}

// renewal is a request for a token. All calls that need a token wait for the same one. After its
// time limit no call waits for it, even if ably-go still does.
type renewal struct {
	ctx           context.Context // ends at the time limit
	late          time.Time       // the time limit
	done          chan struct{}   // closed when the renewal has ended
	authorization string
	err           error
}

var errClosed = errors.New("the chat client was disposed of")

// read reads the key, the token and the parameters of tokens from ably-go's options (RSA4).
func (c *credentials) read(options reflect.Value) {
	set := func(name string) bool { return !options.FieldByName(name).IsZero() }
	key := options.FieldByName("Key").String()
	c.renewable = key != "" || set("AuthCallback") || set("AuthURL")
	params, _ := options.FieldByName("DefaultTokenParams").Interface().(*ably.TokenParams)
	if params != nil {
		c.params = *params
	} else {
		c.params.TTL = time.Hour.Milliseconds() // ably-go's default
	}
	if id := options.FieldByName("ClientID").String(); id != "" {
		c.params.ClientID = id
	}
	if c.limit = time.Duration(options.FieldByName("RealtimeRequestTimeout").Int()); c.limit <= 0 {
		c.limit = 10 * time.Second // ably-go's default (TO3l11)
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

func (c *credentials) begin() { c.life, c.end = context.WithCancelCause(context.Background()) }

func withToken(token string) string {
	return bearer + base64.StdEncoding.EncodeToString([]byte(token))
}

// current returns the header Authorization for a request. If there is no token, it gets one first.
//
// The error is an [*Error] if no token could be got, or the context's cause.
func (c *credentials) current(ctx context.Context) (authorization string, err error) {
	return c.renewed(ctx, "")
}

// use is called with a token that the realtime client uses. If it differs from the token of the
// last call, it is newer than the one that requests are authorized with (RSA10a).
func (c *credentials) use(token string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if token != c.used {
		c.used, c.authorization = token, withToken(token)
	}
}

// renewed returns the header Authorization that replaces one that the service refused. All calls
// that wait share one request for a token. A wait ends with its context, and at the time limit of
// the request. The errors are those of current.
func (c *credentials) renewed(
	ctx context.Context, refused string,
) (authorization string, err error) {
	c.mu.Lock()
	if c.authorization != refused {
		defer c.mu.Unlock()
		return c.authorization, nil
	}
	if c.life.Err() != nil {
		defer c.mu.Unlock()
		return "", noToken(errClosed)
	}
	r := c.renewal
	if r == nil {
		r = &renewal{done: make(chan struct{}), late: time.Now().Add(c.limit)}
		var cancel context.CancelFunc
		r.ctx, cancel = context.WithDeadlineCause(c.life, r.late, c.errLate())
		c.renewal = r
		c.running.Add(1)
		go func() {
			defer c.running.Done()
			defer cancel()
			c.renew(r)
		}()
	}
	c.mu.Unlock()
	select {
	case <-r.done:
	case <-r.ctx.Done():
	case <-ctx.Done():
	}
	select {
	case <-r.done:
		return r.authorization, r.err
	default:
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	return "", noToken(context.Cause(r.ctx))
}

func (c *credentials) errLate() error { return fmt.Errorf("none came in %v", c.limit) }

// renew gets a token. ably-go calls a program's auth callback even after the context has ended.
func (c *credentials) renew(r *renewal) {
	params := c.params // a copy, since ably-go changes it
	token, err := c.authority.Auth.Authorize(r.ctx, &params)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil && c.life.Err() != nil:
		r.err = noToken(errClosed)
	case err != nil && !time.Now().Before(r.late): // a callback has the same limit
		r.err = noToken(c.errLate())
	case err != nil:
		r.err = noToken(err)
	case token.Token == "":
		r.err = noToken(errors.New("the token is empty"))
	default:
		r.authorization = withToken(token.Token)
		c.authorization = r.authorization
	}
	c.renewal = nil
	close(r.done)
}

// noToken returns the error for a token that could not be got, with the code of ably-go's error if
// that has one.
func noToken(err error) *Error {
	e := &Error{Code: codeNoToken, StatusCode: http.StatusUnauthorized, Cause: err}
	reason := err.Error()
	if theirs, ok := errors.AsType[*ably.ErrorInfo](err); ok {
		if theirs.Code != 0 {
			e.Code, e.StatusCode = int(theirs.Code), theirs.StatusCode
		}
		reason, e.Cause = "ably-go gave no reason", nil // ably-go's own text contains an address
		if inner := theirs.Unwrap(); inner != nil {
			reason, e.Cause = inner.Error(), inner
		}
	}
	e.Message = "no token for the request: " + reason
	return e
}

// close cancels a running request for a token, and waits until it has ended or ctx ends.
func (c *credentials) close(ctx context.Context) {
	c.mu.Lock()
	c.end(errClosed)
	c.mu.Unlock()
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
