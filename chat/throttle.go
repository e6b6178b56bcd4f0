package chat

import "time"

// Throttle decides which keystrokes are told to others (CHA-T4, CHA-T10). The zero Throttle has told nothing yet.
//
// It knows no clock: whoever uses it gives the time, of a clock that never goes back.
type Throttle struct {
	until time.Duration // no further one before this; 0 for none
	on    bool
}

// Keystroke tells whether a keystroke at a time is to be told (CHA-T4a); if not, one was told less than an interval ago (CHA-T4c).
func (t *Throttle) Keystroke(now time.Duration) bool { return !t.on || now >= t.until }

// Told notes that a keystroke was told successfully at a time: for an interval the further ones need not be (CHA-T4a4).
func (t *Throttle) Told(now, interval time.Duration) { t.until, t.on = now+interval, true }

// Typing tells whether others believe, by what they were told, that this client types: whether there is something to stop (CHA-T5a).
func (t *Throttle) Typing(now time.Duration) bool { return t.on && now < t.until }

// Stopped notes that others were told of the end (CHA-T5e).
func (t *Throttle) Stopped() { t.on = false }
