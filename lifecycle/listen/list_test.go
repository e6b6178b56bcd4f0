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

	"ablyrooms.example/lifecycle/listen"
)

func TestEachListenerHasAllEventsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var a, b []int
		offA := l.Add(func(n int) { a = append(a, n) }, listen.Config{})
		l.Add(func(n int) { b = append(b, n) }, listen.Config{})
		for n := range 100 {
			l.Publish(n)
		}
		synctest.Wait()
		offA()
		offA()
		l.Publish(100)
		synctest.Wait()
		if len(a) != 100 || len(b) != 101 || !slices.IsSorted(a) || !slices.IsSorted(b) || l.Len() != 1 {
			t.Errorf("%d and %d events, %d listeners", len(a), len(b), l.Len())
		}
	})
}

// One that blocks, panics or ends its goroutine hurts nobody else, and itself only for that event.
func TestBadListenersHurtNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var log bytes.Buffer
		c := listen.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Room: "lobby"}
		gate := make(chan struct{})
		var good, odd, ends []int
		l.Add(func(int) { <-gate }, c)
		l.Add(func(n int) {
			if n%2 == 0 {
				panic("even")
			}
			odd = append(odd, n)
		}, c)
		l.Add(func(n int) {
			ends = append(ends, n)
			runtime.Goexit()
		}, c)
		l.Add(func(n int) { good = append(good, n) }, c)
		for n := range 4 {
			l.Publish(n)
		}
		synctest.Wait()
		if !slices.Equal(good, []int{0, 1, 2, 3}) || !slices.Equal(odd, []int{1, 3}) || !slices.Equal(ends, good) {
			t.Errorf("%v, %v, %v", good, odd, ends)
		}
		if n := strings.Count(log.String(), "listener panicked"); n != 2 || !strings.Contains(log.String(), "room=lobby") {
			t.Errorf("logged:\n%s", log.String())
		}
		close(gate)
	})
}

// A listener may call back into the list, and remove itself.
func TestCallingBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var seen []int
		var off func()
		off = l.Add(func(n int) {
			seen = append(seen, n)
			off()
			l.Publish(n + 1)
		}, listen.Config{})
		l.Publish(1)
		synctest.Wait()
		if !slices.Equal(seen, []int{1}) || l.Len() != 0 {
			t.Errorf("%v, %d listeners", seen, l.Len())
		}
	})
}

// A loop gets what is published from the call on, also before it begins to range.
func TestRangingOverEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		events := l.Events(ctx, listen.Config{})
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
			t.Errorf("%v, %d listeners", seen, l.Len())
		}
		for range events {
			t.Error("the sequence can be ranged over again")
		}
	})
}

func TestTheContextEndsALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		ctx, cancel := context.WithCancel(t.Context())
		waiting, unused := l.Events(ctx, listen.Config{}), l.Events(ctx, listen.Config{})
		done := make(chan int)
		go func() {
			n := 0
			for range waiting {
				n++
			}
			done <- n
		}()
		l.Publish(1)
		synctest.Wait()
		cancel()
		if n := <-done; n != 1 {
			t.Errorf("%d events", n)
		}
		synctest.Wait()
		if l.Len() != 0 {
			t.Errorf("%d listeners are left, of which one was never ranged over", l.Len())
		}
		_ = unused
	})
}

func TestClearEndsLoops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		done := make(chan struct{})
		events := l.Events(t.Context(), listen.Config{})
		go func() {
			defer close(done)
			for range events {
			}
		}()
		called := false
		l.Add(func(int) { called = true }, listen.Config{})
		synctest.Wait()
		l.Clear()
		<-done
		l.Publish(1)
		synctest.Wait()
		if called || l.Len() != 0 {
			t.Errorf("called: %t, %d listeners", called, l.Len())
		}
	})
}

// What waits is bounded: a loop hears of what it lost in the place where it was, and a function's losses are logged.
func TestOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l listen.List[int]
		var log bytes.Buffer
		c := listen.Config{Log: slog.New(slog.NewTextHandler(&log, nil)), Limit: 3}
		events := l.Events(t.Context(), c)
		gate := make(chan struct{})
		var handled []int
		l.Add(func(n int) {
			<-gate
			handled = append(handled, n)
		}, c)
		l.Publish(0)
		synctest.Wait() // the function holds 0
		for n := 1; n <= 5; n++ {
			l.Publish(n)
		}
		close(gate)
		synctest.Wait()
		if !slices.Equal(handled, []int{0, 1, 2, 3}) || !strings.Contains(log.String(), "lost=2") {
			t.Errorf("%v; logged:\n%s", handled, log.String())
		}
		var seen []int
		for n, err := range events {
			if err != nil {
				overflow, ok := errors.AsType[*listen.OverflowError](err)
				if !ok || overflow.Lost != 3 || overflow.Limit != 3 || !slices.Equal(seen, []int{0, 1, 2}) {
					t.Errorf("after %v: %v", seen, err)
				}
				l.Publish(6)
				continue
			}
			if seen = append(seen, n); n == 6 {
				break
			}
		}
		if !slices.Equal(seen, []int{0, 1, 2, 6}) {
			t.Errorf("seen %v", seen)
		}
	})
}
