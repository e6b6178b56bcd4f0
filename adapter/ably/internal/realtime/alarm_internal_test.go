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
					t.Error("fire was called without the lock")
				}
				fired = append(fired, time.Since(began))
			})
		}
		start(time.Second)
		start(3 * time.Second)
		time.Sleep(10 * time.Second)
		l.mu.Lock()
		if len(fired) != 1 || fired[0] != 3*time.Second || a.timer != nil {
			t.Errorf("the alarm fired at %v", fired)
		}
		l.mu.Unlock()
		start(time.Second)
		l.mu.Lock()
		a.stop()
		a.stop()
		l.mu.Unlock()
		time.Sleep(10 * time.Second)
		// The timer can fire just before stop or start is called. Its function then waits for the
		// lock, finds that a.starts has changed, and does nothing. The goroutine below imitates
		// that function.
		start(time.Second)
		l.mu.Lock()
		late := a.starts
		go func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			if a.starts == late {
				t.Error("stop doesn't invalidate the earlier start")
			}
		}()
		a.stop()
		l.mu.Unlock()
		time.Sleep(10 * time.Second)
		l.mu.Lock()
		defer l.mu.Unlock()
		if len(fired) != 1 {
			t.Errorf("the alarm fired at %v", fired)
		}
	})
}
