package realtime

import (
	"context"
	"log/slog"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// lacks lists the modes that are logged if they are not granted: without them the service only
// sends less. Without another mode, the service refuses operations, so that the caller notices. The
// field what is the text for the log. Ably's strictMode (TO3r), which makes a missing mode an
// error, is no option of ably-go's.
var lacks = []struct {
	mode  wire.Flags
	code  lifecycle.ErrorCode
	level slog.Level
	what  string
}{
	{wire.ModeSubscribe, 90009, slog.LevelError, "the channel is attached without the mode subscribe, " +
		"so the service sends no messages"}, // RTL7i2
	{wire.ModePresenceSubscribe, 91008, slog.LevelError, "the channel is attached without the mode " +
		"presence_subscribe, so the service does not send who is present"}, // RTP11f2
	{wire.ModeAnnotationSubscribe, 93001, slog.LevelWarn, "the channel is attached without the mode " +
		"annotation_subscribe, so the service sends no annotations"}, // RTAN4e
}

// Modes returns the modes that the last ATTACHED granted (RTL4m).
func (c *Channel) Modes() wire.Flags {
	c.line.mu.Lock()
	defer c.line.unlock()
	return c.granted
}

// grant sets the modes that an ATTACHED granted; none of an earlier ATTACHED remains (T25). The
// lock is held.
func (c *Channel) grant(modes wire.Flags) {
	c.granted = modes
	c.lacking &^= modes
	c.miss(c.options.Modes)
}

// miss logs the needed modes that were not granted. A mode is logged once, until it is granted. The
// lock is held.
func (c *Channel) miss(needed wire.Flags) {
	for _, l := range lacks {
		if !needed.Has(l.mode) || (c.granted | c.lacking).Has(l.mode) {
			continue
		}
		c.lacking |= l.mode
		log, info := c.line.client.config.Load().Log, lifecycle.NewErrorInfo(l.code, l.what, nil)
		c.line.later(func() {
			log.LogAttrs(context.Background(), l.level, "a mode was not granted",
				slog.String("room", c.options.Room), slog.Any("error", info))
		})
	}
}

// errorsOnly is the log handler for a user that gave no logger: it drops everything but errors.
type errorsOnly struct{ slog.Handler }

func (h errorsOnly) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelError && h.Handler.Enabled(ctx, level)
}
