package listen

import (
	"context"
	"log/slog"
)

// ErrorsToDefault returns a logger that writes only errors, with the present handler of
// [slog.Default].
func ErrorsToDefault() *slog.Logger { return slog.New(errorsOnly{slog.Default().Handler()}) }

type errorsOnly struct{ slog.Handler }

func (h errorsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}

func (h errorsOnly) WithAttrs(attrs []slog.Attr) slog.Handler {
	return errorsOnly{h.Handler.WithAttrs(attrs)}
}

func (h errorsOnly) WithGroup(name string) slog.Handler {
	return errorsOnly{h.Handler.WithGroup(name)}
}
