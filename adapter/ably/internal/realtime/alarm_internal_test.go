package realtime

import (
	"testing"
	"time"

	"ablyrooms.example/internal/bubble"
)

// An alarm fires once, for its last start, and not after it was stopped.
func TestAlarms(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		l, a, fired := &line{}, &alarm{}, []time.Duration{}
		began := time.Now()
		start := func(d time.Duration) {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.start(a, d, func() {
				if l.mu.TryLock() {
					t.Error("it fires without the lock")
				}
				fired = append(fired, time.Since(began))
			})
		}
		start(time.Second)
		start(3 * time.Second)
		time.Sleep(10 * time.Second)
		l.mu.Lock()
		if len(fired) != 1 || fired[0] != 3*time.Second || a.timer != nil {
			t.Errorf("fired at %v", fired)
		}
		l.mu.Unlock()
		start(time.Second)
		l.mu.Lock()
		a.stop()
		a.stop()
		l.mu.Unlock()
		time.Sleep(10 * time.Second)
		// The timer ends while the alarm is stopped or started again: its function waits for the
		// lock, and then does nothing.
		start(time.Second)
		l.mu.Lock()
		late := a.starts
		go func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if a.starts == late {
				t.Error("stop doesn't count as a start")
			}
		}()
		a.stop()
		l.mu.Unlock()
		time.Sleep(10 * time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(fired) != 1 {
			t.Errorf("fired at %v", fired)
		}
	})
}
