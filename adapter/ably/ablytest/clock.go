package ablytest

import (
	"sort"
	"sync"
	"time"
)

// Clock is the server's time: for timestamps, the lifetime of tokens and connections, heartbeats
// and delays. Its methods may be called by any goroutine, and must not call the server. The default
// is the machine's clock; a [ManualClock] moves only in Advance.
type Clock interface {
	Now() time.Time
	// AfterFunc calls f in a goroutine other than the caller's, once d has passed, unless stop is
	// called first. stop doesn't wait for f.
	AfterFunc(d time.Duration, f func()) (stop func())
}

type wallClock struct{}

func (wallClock) Now() time.Time { return time.Now() }

func (wallClock) AfterFunc(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

// ManualClock is a [Clock] that stands still until [ManualClock.Advance] moves it.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
}

type manualTimer struct {
	at time.Time
	f  func()
}

// NewManualClock returns a clock that shows start. Clients have clocks of their own. If start is
// far from the real time, they believe that their tokens have expired; choose such a start only to
// test that.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{now: start, timers: map[*manualTimer]struct{}{}}
}

// Now returns the time that the clock shows.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc schedules f. The Advance that reaches its time calls it.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) func() {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &manualTimer{at: c.now.Add(d), f: f}
	c.timers[t] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, t)
	}
}

// Advance moves the clock by d. It runs the functions that fall due, in the order of their times,
// also those that such a function schedules within d. It returns when all of them have returned.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for {
		due := c.due(end)
		if due == nil {
			break
		}
		if due.at.After(c.now) {
			c.now = due.at
		}
		delete(c.timers, due)
		c.mu.Unlock()
		due.f()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}

// due removes and returns the earliest timer that falls due by end, or nil if there is none.
func (c *ManualClock) due(end time.Time) *manualTimer {
	var all []*manualTimer
	for t := range c.timers {
		if !t.at.After(end) {
			all = append(all, t)
		}
	}
	if len(all) == 0 {
		return nil
	}
	sort.Slice(all, func(i, j int) bool { return all[i].at.Before(all[j].at) })
	return all[0]
}
