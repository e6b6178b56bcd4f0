package ablychat

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/ably/ably-go/ably"
)

type authCallback = func(context.Context, ably.TokenParams) (ably.Tokener, error)

// callbacks runs a program's auth callback for one realtime client. ably-go holds its lock during a
// call of the callback, and panics when the callback panics or returns neither a token nor an
// error.
type callbacks struct {
	mu      sync.Mutex
	life    context.Context // the context of all calls; close ends it
	cancel  context.CancelCauseFunc
	running sync.WaitGroup // the calls that run; added to under mu, only while life lasts
}

func newCallbacks() *callbacks {
	c := &callbacks{}
	c.life, c.cancel = context.WithCancelCause(context.Background())
	return c
}

// errNoCallbacks is the error of a call after close. It makes ably-go's connection fail, which ends
// the connection in any case. A Close of the connection alone could be lost, if it came just before
// ably-go waits for its next attempt.
var errNoCallbacks = errors.New("the chat client was disposed of")

// close makes all running and all later calls return an error.
func (c *callbacks) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cancel(errNoCallbacks)
}

// wait waits until the program's function has returned from every call, or until ctx ends. The
// function may run longer than the guarded callback.
func (c *callbacks) wait(ctx context.Context) {
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

// option returns an option that guards the auth callback set by the options before it.
func (c *callbacks) option() ably.ClientOption {
	return changing(ably.WithAuthCallback(nil), func(options reflect.Value) {
		limit := time.Duration(options.FieldByName("RealtimeRequestTimeout").Int())
		if limit <= 0 {
			limit = 10 * time.Second // ably-go's default (TO3l11)
		}
		field := options.FieldByName("AuthCallback")
		if callback, _ := field.Interface().(authCallback); callback != nil {
			field.Set(reflect.ValueOf(c.guard(callback, limit)))
		}
	})
}

// guard returns a callback that returns a token or an error within limit, the timeout of a request
// (RSA4c). The context that ably-go passes never ends; the program's callback gets a context that
// ends after limit.
func (c *callbacks) guard(callback authCallback, limit time.Duration) authCallback {
	return func(ctx context.Context, params ably.TokenParams) (ably.Tokener, error) {
		if !c.begin() {
			return nil, errNoCallbacks
		}
		ctx, end := context.WithCancelCause(context.WithoutCancel(ctx))
		defer end(nil)
		defer context.AfterFunc(c.life, func() { end(context.Cause(c.life)) })()
		ctx, cancel := context.WithTimeoutCause(ctx, limit, slowCallback{limit})
		defer cancel()
		type result struct {
			token ably.Tokener
			err   error
		}
		results := make(chan result, 1)
		go func() {
			defer c.running.Done()
			got := result{err: errors.New("the auth callback ended its goroutine")}
			defer func() { results <- got }()
			got.token, got.err = invoke(ctx, callback, params)
		}()
		select {
		case got := <-results:
			return got.token, got.err
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

func (c *callbacks) begin() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life.Err() != nil {
		return false
	}
	c.running.Add(1)
	return true
}

// invoke calls the program's function. A panic, or a result without a token, becomes an error.
func invoke(
	ctx context.Context, callback authCallback, params ably.TokenParams,
) (token ably.Tokener, err error) {
	defer func() {
		if p := recover(); p != nil {
			token, err = nil, fmt.Errorf("the auth callback panicked: %v", p)
		}
	}()
	token, err = callback(ctx, params)
	v := reflect.ValueOf(token)
	if err == nil && (!v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()) {
		err = errors.New("the auth callback returned no token")
	}
	return token, err
}

// slowCallback is the error of a callback that takes too long. It is a timeout, so ably-go tries
// again.
type slowCallback struct{ limit time.Duration }

func (s slowCallback) Error() string {
	return fmt.Sprintf("the auth callback gave no token in %v", s.limit)
}
func (slowCallback) Timeout() bool   { return true }
func (slowCallback) Temporary() bool { return true }

// changing returns an option that applies change to the options set before it. Code outside ably-go
// can't name the type of these options, but their fields are exported. The first argument is any
// option of ably-go; only its type is used.
func changing[O any](_ func(O), change func(reflect.Value)) func(O) {
	return func(options O) { change(reflect.ValueOf(options).Elem()) }
}
