package chat

import (
	"math"
	"time"
)

// Throttle decides which keystrokes are sent to others (CHA-T4, CHA-T10). The zero Throttle has
// told nothing yet.
//
// It knows no clock: its caller gives the time, of a clock that never goes back.
type Throttle struct {
	until time.Duration // no further one before this; 0 for none
	on    bool
	doubt time.Duration // others may believe until then that this client types; 0 for no doubt
}

// Keystroke reports whether a keystroke at a time is to be sent (CHA-T4a); if not, one was sent
// less than an interval ago (CHA-T4c).
func (t *Throttle) Keystroke(now time.Duration) bool { return !t.on || now >= t.until }

// Told notes that a keystroke was sent successfully at a time: for an interval the further ones
// need not be (CHA-T4a4). It returns the end of the interval.
func (t *Throttle) Told(now, interval time.Duration) (until time.Duration) {
	t.until, t.on, t.doubt = After(now, interval), true, 0
	return t.until
}

// Untold notes that no caller waits any longer to learn whether a keystroke, or a stop, was sent:
// it may have been. The next keystroke is to be sent, and so is a stop, for as long as others may
// believe that this client types.
func (t *Throttle) Untold(now, interval time.Duration) { t.on, t.doubt = false, After(now, interval) }

// Typing reports whether others believe, by what they received, or may have been, that this client
// types: whether there is something to stop (CHA-T5a).
func (t *Throttle) Typing(now time.Duration) bool { return t.on && now < t.until || now < t.doubt }

// Stopped notes that others were notified of the end (CHA-T5e).
func (t *Throttle) Stopped() { t.on, t.doubt = false, 0 }

// After returns the time a duration later; the last time there is, if that is later still.
func After(now, d time.Duration) time.Duration {
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}
