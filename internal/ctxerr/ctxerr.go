// Package ctxerr returns the error of a context that has ended.
package ctxerr

import (
	"context"
	"errors"
)

// Of returns the context's error: its cause, which also matches ctx.Err() with [errors.Is], so that
// a caller can compare with either. It returns nil if the context has not ended.
func Of(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	cause := context.Cause(ctx)
	if errors.Is(cause, err) {
		return cause
	}
	return both{cause, err}
}

// both is an error with the text of cause that matches both cause and err.
type both struct{ cause, err error }

func (b both) Error() string { return b.cause.Error() }

func (b both) Unwrap() []error { return []error{b.cause, b.err} }
