package ctxerr

import (
	"context"
	"errors"
	"testing"
)

func TestOf(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	if err := Of(ctx); err != nil {
		t.Errorf("before the end of the context, Of returns %v", err)
	}
	cause := errors.New("interrupted")
	cancel(cause)
	err := Of(ctx)
	if !errors.Is(err, cause) || !errors.Is(err, context.Canceled) || err.Error() != "interrupted" {
		t.Errorf("for a context with a cause, Of returned %v", err)
	}
	plain, cancelPlain := context.WithCancel(t.Context())
	cancelPlain()
	if err := Of(plain); err != context.Canceled {
		t.Errorf("for a context without a cause, Of returned %v", err)
	}
}
