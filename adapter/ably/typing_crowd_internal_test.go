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
	"ablyrooms.example/lifecycle/listen"
)

func start(typing *Typing, who string) {
	typing.receive(chat.WireMessage{Name: string(chat.TypingStarted), ClientID: who})
}

// What comes through the channel costs the same however many type, and however many changes wait: no
// list is made of them there. Of changes that came too fast for lists the last one's is made.
func TestManyTypersDontHoldUpTheChannel(t *testing.T) {
	const crowd = 50_000
	typing, _ := newTestTyping(time.Hour)
	typing.listeners.Add(typing.telling(func(chat.TypingEvent) {}), listen.Config{})
	typing.typers.passing = true // as while the goroutine is busy
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range crowd {
		start(typing, fmt.Sprintf("%09d", i*7919%crowd))
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / crowd; each > 2000 {
		t.Errorf("%d bytes for each change", each)
	}
	if n := len(typing.typers.changes); n != crowd {
		t.Errorf("%d changes wait, expected %d", n, crowd)
	}
	typing.pass()
	if typing.typers.count != 1 || len(typing.CurrentTypers()) != crowd {
		t.Errorf("%d lists were made, the last of %d", typing.typers.count, len(typing.CurrentTypers()))
	}
	typing.dispose()
}

// A listener that is blocked keeps no more than 32 sets from being freed, and gets every change when
// it goes on. Listeners share each set.
func TestABlockedListenerAmongManyTypers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const crowd = 3000
		typing, _ := newTestTyping(time.Hour)
		gate := make(chan struct{})
		var late, prompt []chat.TypingEvent
		typing.listeners.Add(typing.telling(func(e chat.TypingEvent) {
			<-gate
			late = append(late, e)
		}), listen.Config{Limit: MaxPending})
		typing.listeners.Add(typing.telling(func(e chat.TypingEvent) {
			prompt = append(prompt, chat.TypingEvent{Change: e.Change, CurrentTypers: e.CurrentTypers[:1:len(e.CurrentTypers)]})
			if len(prompt) < crowd {
				prompt[len(prompt)-1].CurrentTypers = nil
			}
		}), listen.Config{})
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		for i := range crowd {
			start(typing, fmt.Sprintf("%09d", i))
			synctest.Wait()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		one := uint64(crowd * 32) // bytes of the largest set
		if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > int64(one*exactTypers+8<<20) {
			t.Errorf("%d MB are held, %d sets are %d MB", held>>20, exactTypers, one*exactTypers>>20)
		}
		close(gate)
		synctest.Wait()
		if len(late) != crowd || len(prompt) != crowd {
			t.Fatalf("%d and %d events, expected %d", len(late), len(prompt), crowd)
		}
		for i, e := range late {
			if who := fmt.Sprintf("%09d", i); e.Change.ClientID != who || e.Change != prompt[i].Change {
				t.Fatalf("event %d is of %s", i, e.Change.ClientID)
			}
			want := crowd // the newest set
			if i > 0 && i >= crowd-exactTypers {
				want = i + 1
			} else if i == 0 { // its turn had come
				want = 1
			}
			if len(e.CurrentTypers) != want {
				t.Fatalf("event %d has %d typers, expected %d", i, len(e.CurrentTypers), want)
			}
		}
		if &late[crowd-1].CurrentTypers[0] != &prompt[crowd-1].CurrentTypers[0] {
			t.Error("listeners have sets of their own")
		}
		typing.dispose()
	})
}

// A throttle without an end sends one heartbeat, and holds one that was received.
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
				t.Errorf("%v: sent %v, typing %v", interval, wire.sent, current)
			}
			if err := typing.Stop(t.Context()); err != nil || !slices.Equal(wire.sent, []string{"typing.started", "typing.stopped"}) {
				t.Errorf("%v: %v, %v", interval, wire.sent, err)
			}
			typing.dispose()
		}
	})
}
