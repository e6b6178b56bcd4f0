package ablychat

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/ably/ably-go/ably"

	"ablyrooms.example/internal/listen"
)

// logTarget passes the log lines of a realtime client and of its transport to the logger of its
// chat client. Without that logger it logs only errors, to [slog.Default].
type logTarget struct{ logger atomic.Pointer[slog.Logger] }

func (t *logTarget) set(log *slog.Logger) { t.logger.Store(log) }

func (t *logTarget) handler() slog.Handler {
	if log := t.logger.Load(); log != nil {
		return log.Handler()
	}
	return listen.ErrorsToDefault().Handler()
}

// ablyLevels maps the log levels of ably-go to those of slog.
var ablyLevels = map[ably.LogLevel]slog.Level{
	ably.LogError: slog.LevelError, ably.LogWarning: slog.LevelWarn, ably.LogInfo: slog.LevelInfo,
}

// Printf logs a line of ably-go. It leaves out the queries of addresses: in errors of ably-go these
// contain keys and tokens.
func (t *logTarget) Printf(level ably.LogLevel, format string, values ...any) {
	to, ok := ablyLevels[level]
	if !ok {
		to = slog.LevelDebug
	}
	if log := slog.New(t.handler()); log.Enabled(context.Background(), to) {
		log.Log(context.Background(), to, "ably-go", slog.String("line",
			secrets.ReplaceAllString(fmt.Sprintf(format, values...), "$1")))
	}
}

// redirected is a handler that passes each record to the current handler of its target.
type redirected struct {
	target *logTarget
	with   []func(slog.Handler) slog.Handler
}

func (h redirected) Enabled(ctx context.Context, level slog.Level) bool {
	return h.target.handler().Enabled(ctx, level)
}

func (h redirected) Handle(ctx context.Context, r slog.Record) error {
	to := h.target.handler()
	for _, with := range h.with {
		to = with(to)
	}
	return to.Handle(ctx, r)
}

func (h redirected) and(with func(slog.Handler) slog.Handler) slog.Handler {
	return redirected{h.target, append(h.with[:len(h.with):len(h.with)], with)}
}

func (h redirected) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h redirected) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}
