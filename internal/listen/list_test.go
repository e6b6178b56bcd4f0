package listen_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"ablyrooms.example/internal/listen"
)

// errAgain is the error of a second range, and errGone the error of an ended list.
var errAgain, errGone = errors.New("a second range"), errors.New("gone")

func gone() error { return errGone }

func add(t *testing.T, l *listen.List[int], c listen.Config, f func(int)) *listen.Subscription {
	t.Helper()
	s, err := l.Add(f, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEachListenerHasAllEventsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var a, b []int
		subA := add(t, &l, listen.Config{}, func(n int) { a = append(a, n) })
		add(t, &l, listen.Config{}, func(n int) { b = append(b, n) })
		for n := range 100 {
			l.Publish(n)
		}
		synctest.Wait()
		subA.Unsubscribe()
		subA.Unsubscribe()
		l.Publish(100)
		synctest.Wait()
		if len(a) != 100 || len(b) != 101 || !slices.IsSorted(a) || !slices.IsSorted(b) || l.Len() != 1 {
			t.Errorf("the listeners received %v and %v; %d listeners are still registered, expected 1", a, b, l.Len())
		}
	})
}

// A listener that blocks, panics or ends its goroutine affects no other listener. It gets the later
// events itself.
func TestBadListenersHurtNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var log bytes.Buffer
		c := listen.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Room: "lobby"}
		gate := make(chan struct{})
		var good, odd, ends []int
		add(t, &l, c, func(int) { <-gate })
		add(t, &l, c, func(n int) {
			if n%2 == 0 {
				panic("even")
			}
			odd = append(odd, n)
		})
		add(t, &l, c, func(n int) {
			ends = append(ends, n)
			runtime.Goexit()
		})
		add(t, &l, c, func(n int) { good = append(good, n) })
		for n := range 4 {
			l.Publish(n)
		}
		synctest.Wait()
		if !slices.Equal(good, []int{0, 1, 2, 3}) || !slices.Equal(odd, []int{1, 3}) ||
			!slices.Equal(ends, good) {
			t.Errorf("received by the good listener: %v, by the one that panics: %v, by the one that ends its goroutine: %v", good, odd, ends)
		}
		n := strings.Count(log.String(), "listener panicked")
		if n != 2 || !strings.Contains(log.String(), "room=lobby") {
			t.Errorf("expected two panics in the log, with the room's name:\n%s", log.String())
		}
		close(gate)
	})
}

// A listener may call back into the list, and remove itself.
func TestCallingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var seen []int
		var s *listen.Subscription
		s = add(t, &l, listen.Config{}, func(n int) {
			seen = append(seen, n)
			s.Unsubscribe()
			l.Publish(n + 1)
		})
		l.Publish(1)
		synctest.Wait()
		if !slices.Equal(seen, []int{1}) || l.Len() != 0 {
			t.Errorf("received %v; %d listeners are still registered", seen, l.Len())
		}
	})
}

// Done is closed after the last call has returned, also if the listener unsubscribes within the
// call.
func TestDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		gate := make(chan struct{})
		busy := add(t, &l, listen.Config{}, func(int) { <-gate })
		idle := add(t, &l, listen.Config{}, func(int) {})
		l.Publish(1)
		l.Publish(2)
		synctest.Wait()
		busy.Unsubscribe()
		idle.Unsubscribe()
		if isDone(busy) || !isDone(idle) {
			t.Errorf("done: %t while a call runs, expected false; %t without one, expected true", isDone(busy), isDone(idle))
		}
		close(gate)
		synctest.Wait()
		if !isDone(busy) || busy.Err() != nil || idle.Err() != nil {
			t.Errorf("after Unsubscribe: done is %t, the errors are %v and %v", isDone(busy), busy.Err(), idle.Err())
		}
	})
}

func isDone(s *listen.Subscription) bool {
	select {
	case <-s.Done():
		return true
	default:
		return false
	}
}

// A loop gets the events from the call of Events on, also those that come before it begins to
// range. A sequence can be ranged over only once.
func TestRangingOverEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		events := l.Events(t.Context(), listen.Config{Again: errAgain})
		l.Publish(1)
		l.Publish(2)
		var seen []int
		for n, err := range events {
			if err != nil {
				t.Fatal(err)
			}
			if seen = append(seen, n); n == 2 {
				go l.Publish(3)
			}
			if n == 3 {
				break
			}
		}
		if !slices.Equal(seen, []int{1, 2, 3}) || l.Len() != 0 {
			t.Errorf("received %v; %d listeners are still registered", seen, l.Len())
		}
		errs := 0
		for _, err := range events {
			if errs++; err != errAgain {
				t.Errorf("a second range yields %v, expected %v", err, errAgain)
			}
		}
		if errs != 1 {
			t.Errorf("a second range yielded %d times", errs)
		}
	})
}

// When the context ends, a loop gets the context's error as its last, even if events wait. The
// registration of a sequence that is never ranged over ends with the context.
func TestTheContextEndsALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		cause := errors.New("interrupted")
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		events, unused := l.Events(ctx, listen.Config{}), l.Events(ctx, listen.Config{})
		var seen []int
		var last error
		l.Publish(1)
		l.Publish(2)
		for n, err := range events {
			if last = err; err == nil {
				seen = append(seen, n)
				cancel(cause) // event 2 waits
			}
		}
		if !slices.Equal(seen, []int{1}) || !errors.Is(last, cause) || !errors.Is(last, context.Canceled) {
			t.Errorf("the loop received %v and the error %v, expected event 1 and the context's error", seen, last)
		}
		synctest.Wait()
		if l.Len() != 0 {
			t.Errorf("%d listeners are still registered, expected none", l.Len())
		}
		_ = unused
	})
}

// End delivers the events that wait, then ends every listener with its error. Listeners that are
// added later end with it, too.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		gate := make(chan struct{})
		waiting, late := l.Events(t.Context(), listen.Config{}), l.Events(t.Context(), listen.Config{})
		var called []int
		busy := add(t, &l, listen.Config{}, func(n int) { <-gate; called = append(called, n) })
		idle := make(chan error)
		go func() {
			for _, err := range waiting {
				if err != nil {
					idle <- err
				}
			}
			close(idle)
		}()
		l.Publish(1)
		l.Publish(2)
		synctest.Wait()
		l.End(gone)
		l.End(func() error { return errors.New("a second end") })
		l.Publish(3)
		if err := <-idle; err != errGone {
			t.Errorf("a loop that waits ends with %v, expected %v", err, errGone)
		}
		<-idle
		var seen []int
		for n, err := range late {
			if err != nil && err != errGone {
				t.Error(err)
			}
			seen = append(seen, n)
		}
		if !slices.Equal(seen, []int{1, 2, 0}) {
			t.Errorf("a loop that begins after the end received %v", seen)
		}
		if isDone(busy) {
			t.Error("Done is closed while events wait for the listener")
		}
		close(gate)
		<-busy.Done()
		if !slices.Equal(called, []int{1, 2}) || busy.Err() != errGone || l.Len() != 0 {
			t.Errorf("the function was called with %v; its error is %v; %d listeners are still registered", called, busy.Err(), l.Len())
		}
		if _, err := l.Add(func(int) {}, listen.Config{}); err != errGone {
			t.Errorf("Add after the end returns %v, expected %v", err, errGone)
		}
		for _, err := range l.Events(t.Context(), listen.Config{}) {
			if err != errGone {
				t.Errorf("Events after the end yields %v, expected %v", err, errGone)
			}
		}
	})
}

// The number of waiting events is limited. A loop gets the number of dropped events in their place.
// A function's subscription counts them, and the log reports them once.
func TestDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var log bytes.Buffer
		c := listen.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Limit: 3}
		events := l.Events(t.Context(), c)
		gate := make(chan struct{})
		var handled []int
		s := add(t, &l, c, func(n int) {
			<-gate
			handled = append(handled, n)
		})
		l.Publish(0)
		synctest.Wait() // the function is handling event 0
		for n := 1; n <= 5; n++ {
			l.Publish(n)
		}
		close(gate)
		synctest.Wait()
		if !slices.Equal(handled, []int{0, 1, 2, 3}) || s.Dropped() != 2 ||
			strings.Count(log.String(), "dropped=2") != 1 {
			t.Errorf("the function handled %v, and %d were dropped; logged:\n%s", handled, s.Dropped(), log.String())
		}
		var seen []int
		for n, err := range events {
			if err != nil {
				dropped, ok := errors.AsType[*listen.DroppedError](err)
				if !ok || dropped.Count != 3 || !slices.Equal(seen, []int{0, 1, 2}) {
					t.Errorf("after %v the loop received the error %v, expected 3 dropped events after 0, 1, 2", seen, err)
				}
				l.Publish(6)
				continue
			}
			if seen = append(seen, n); n == 6 {
				break
			}
		}
		if !slices.Equal(seen, []int{0, 1, 2, 6}) {
			t.Errorf("the loop received %v", seen)
		}
	})
}

// With Newest, the newest events wait, and the dropped ones are reported before them.
func TestTheNewestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		c := listen.Config{Limit: 2, Newest: true}
		events := l.Events(t.Context(), c)
		for n := range 5 {
			l.Publish(n)
		}
		l.End(gone)
		var seen []int
		for n, err := range events {
			switch dropped, ok := errors.AsType[*listen.DroppedError](err); {
			case ok && dropped.Count == 3:
				seen = append(seen, -3)
			case err == nil:
				seen = append(seen, n)
			case err != errGone:
				t.Error(err)
			}
		}
		if !slices.Equal(seen, []int{-3, 3, 4}) {
			t.Errorf("the loop received %v", seen)
		}
	})
}

// Await misses no event between the present state and the first event that it gets.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		bad := errors.New("bad")
		check := func(n int) (bool, error) {
			if n < 0 {
				return false, bad
			}
			return n == 3, nil
		}
		await := func(ctx context.Context, now int) error {
			return listen.Await(ctx, &l, listen.Config{}, func() int { return now }, check)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := await(ctx, 3); err != nil {
			t.Errorf("Await of the present state returns %v", err)
		}
		if err := await(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Errorf("Await with an ended context returns %v", err)
		}
		if err := await(t.Context(), -1); err != bad {
			t.Errorf("Await returns %v, expected the error of check", err)
		}
		done := make(chan error)
		go func() { done <- await(t.Context(), 0) }()
		synctest.Wait()
		l.Publish(3)
		l.Publish(4) // the state changes again before Await looks
		if err := <-done; err != nil {
			t.Errorf("the state was the awaited one only for a moment, but Await returned %v, expected nil", err)
		}
		go func() { done <- await(t.Context(), 0) }()
		synctest.Wait()
		l.End(gone)
		if err := <-done; err != errGone || l.Len() != 0 {
			t.Errorf("at the end of the list, Await returned %v, and %d listeners are registered, expected none", err, l.Len())
		}
	})
}
