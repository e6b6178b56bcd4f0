package ablychat

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/chat"
	"ablyrooms.example/internal/listen"
)

func start(typing *Typing, who string) {
	typing.receive(chat.WireMessage{Name: string(chat.TypingStarted), ClientID: who})
}

// TestManyTypersDontHoldUpTheChannel: handling a message of the channel costs the same for any
// number of typers and of waiting changes, since it makes no list. If changes come too fast, only
// the list after the last one is made.
func TestManyTypersDontHoldUpTheChannel(t *testing.T) {
	const crowd = 50_000
	typing, _ := newTestTyping(time.Hour)
	typing.listeners.Add(typing.telling(func(chat.TypingEvent) {}), listen.Config{})
	typing.typers.passing = true // as if the goroutine were busy
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range crowd {
		start(typing, fmt.Sprintf("%09d", i*7919%crowd))
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / crowd; each > 2000 {
		t.Errorf("each change allocates %d bytes, expected at most 2000", each)
	}
	if n := len(typing.typers.changes); n != crowd {
		t.Errorf("%d changes wait, expected %d", n, crowd)
	}
	typing.pass()
	if typing.typers.count != 1 || len(typing.CurrentTypers()) != crowd {
		t.Errorf("%d lists were made, the last with %d typers; expected one list with all", typing.typers.count, len(typing.CurrentTypers()))
	}
	typing.dispose()
}

// TestABlockedListenerAmongManyTypers: a blocked listener keeps at most as many lists in memory as
// events may wait for it. When it goes on, it gets the newest 16 changes, each with its own list,
// and the number of dropped changes. Listeners share each list.
func TestABlockedListenerAmongManyTypers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd = 3000
		typing, _ := newTestTyping(time.Hour)
		gate := make(chan struct{})
		var late []chat.TypingEvent
		s, err := typing.listeners.Add(typing.telling(func(e chat.TypingEvent) {
			<-gate
			late = append(late, e)
		}), typing.room.client.listening(typingEvents))
		if err != nil {
			t.Fatal(err)
		}
		var prompt chat.TypingEvent
		typing.listeners.Add(typing.telling(func(e chat.TypingEvent) { prompt = e }),
			typing.room.client.listening(typingEvents))
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range crowd {
			start(typing, fmt.Sprintf("%09d", i))
			synctest.Wait()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		one := uint64(crowd * 32) // the size in bytes of the largest list
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > int64(one*maxPendingStates+8<<20) {
			t.Errorf("%d MB are in use; %d lists take at most %d MB", held>>20, maxPendingStates, one*maxPendingStates>>20)
		}
		close(gate)
		synctest.Wait()
		if got := s.Dropped(); len(late) != 1+maxPendingStates || got != crowd-1-maxPendingStates {
			t.Fatalf("%d events received and %d dropped, expected %d received", len(late), got, 1+maxPendingStates)
		}
		for i, e := range late {
			n := 0 // the first event was passed to the listener before it blocked
			if i > 0 {
				n = crowd - 1 - maxPendingStates + i
			}
			if who := fmt.Sprintf("%09d", n); e.Change.ClientID != who || len(e.CurrentTypers) != n+1 {
				t.Fatalf("event %d is of %s with %d typers, expected %s with %d",
					i, e.Change.ClientID, len(e.CurrentTypers), who, n+1)
			}
		}
		if &late[maxPendingStates].CurrentTypers[0] != &prompt.CurrentTypers[0] {
			t.Error("two listeners received separate lists, expected a shared one")
		}
		typing.dispose()
	})
}

// TestThrottleWithoutAnEnd: with the longest possible throttle, one heartbeat is sent, and a
// received heartbeat stays valid.
func TestThrottleWithoutAnEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, interval := range []time.Duration{math.MaxInt64, math.MaxInt64 - time.Second, math.MaxInt64 / 2} {
			typing, wire := newTestTyping(interval)
			start(typing, "bob")
			for range 3 {
				if err := typing.Keystroke(t.Context()); err != nil {
					t.Error(err)
				}
				time.Sleep(24 * time.Hour)
			}
			if current := typing.CurrentTypers(); len(wire.sent) != 1 || len(current) != 1 {
				t.Errorf("with the throttle %v: sent %v; %v are typing", interval, wire.sent, current)
			}
			if err := typing.Stop(t.Context()); err != nil || !slices.Equal(wire.sent, []string{"typing.started", "typing.stopped"}) {
				t.Errorf("Stop with the throttle %v: sent %v, %v", interval, wire.sent, err)
			}
			typing.dispose()
		}
	})
}
