package chat

import (
	"math"
	"time"
)

// Throttle decides which keystrokes are sent to others (CHA-T4, CHA-T10). The zero Throttle has
// sent nothing yet.
//
// Throttle has no clock: the caller passes the time, from a monotonic clock.
type Throttle struct {
	until time.Duration // while on is true, no keystroke is sent before this time
	on    bool
	// until this time others may see this client as typing, since the answer to a keystroke or a
	// stop is missing; 0 if no answer is missing
	doubt time.Duration
}

// Keystroke reports whether a keystroke at the time now must be sent (CHA-T4a). It returns false if
// one was sent less than an interval ago (CHA-T4c).
func (t *Throttle) Keystroke(now time.Duration) bool { return !t.on || now >= t.until }

// Told records that a keystroke was sent successfully at the time now. In the interval after it, no
// further one is sent (CHA-T4a4). It returns the end of the interval.
func (t *Throttle) Told(now, interval time.Duration) (until time.Duration) {
	t.until, t.on, t.doubt = After(now, interval), true, 0
	return t.until
}

// Untold records that a caller stopped waiting, so it is unknown whether its keystroke or stop was
// sent. The next keystroke is sent again. So is a stop, for the interval in which others may see
// this client as typing.
func (t *Throttle) Untold(now, interval time.Duration) { t.on, t.doubt = false, After(now, interval) }

// Typing reports whether others see this client as typing, or may do so: then a stop must be sent
// (CHA-T5a).
func (t *Throttle) Typing(now time.Duration) bool { return t.on && now < t.until || now < t.doubt }

// Stopped records that a stop was sent (CHA-T5e).
func (t *Throttle) Stopped() { t.on, t.doubt = false, 0 }

// After returns the time that is d after now, or the greatest Duration if that is less.
func After(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}
