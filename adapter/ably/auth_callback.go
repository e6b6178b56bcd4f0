package ablychat

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/ably/ably-go/ably"
)

type authCallback = func(context.Context, ably.TokenParams) (ably.Tokener, error)

// guardedCallback is an option that puts a guard before the auth callback of the options before it.
// ably-go panics, with its lock held, at a callback that panics or returns neither token nor error.
// Calls of it have a context that ends with life too: ably-go holds its lock meanwhile, and gives them
// one that never ends.
func guardedCallback(life context.Context) ably.ClientOption {
	return changing(ably.WithAuthCallback(nil), func(options reflect.Value) {
		field := options.FieldByName("AuthCallback")
		if callback, _ := field.Interface().(authCallback); callback != nil {
			field.Set(reflect.ValueOf(guard(life, callback)))
		}
	})
}

func guard(life context.Context, callback authCallback) authCallback {
	return func(ctx context.Context, params ably.TokenParams) (token ably.Tokener, err error) {
		defer func() {
			if p := recover(); p != nil {
				token, err = nil, fmt.Errorf("the auth callback panicked: %v", p)
			}
		}()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(life, cancel)()
		token, err = callback(ctx, params)
		if v := reflect.ValueOf(token); err == nil && (!v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()) {
			err = errors.New("the auth callback returned no token")
		}
		return token, err
	}
}

// changing returns an option that changes the options that came before it. Their type can't be named
// outside ably-go, but its fields are exported. The option that it is given is there for its type.
func changing[O any](_ func(O), change func(reflect.Value)) func(O) {
	return func(options O) { change(reflect.ValueOf(options).Elem()) }
}
