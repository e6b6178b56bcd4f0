package chat_test

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ablyrooms.example/chat"
)

// CHA-T4, CHA-T5, CHA-T10: the throttle's interval is exact to the millisecond.
func TestThrottle(t *testing.T) {
	const interval = 10 * time.Second
	var th chat.Throttle
	if !th.Keystroke(0) || th.Typing(0) {
		t.Error("the first keystroke is not sent")
	}
	th.Told(0, interval)
	for at, want := range map[time.Duration]bool{time.Millisecond: false, interval - time.Millisecond: false, interval: true, interval + time.Second: true} {
		if th.Keystroke(at) != want || th.Typing(at) == want {
			t.Errorf("%v after a keystroke: the next one is sent: %t; typing: %t", at, th.Keystroke(at), th.Typing(at))
		}
	}
	th.Stopped()
	if !th.Keystroke(time.Millisecond) || th.Typing(time.Millisecond) {
		t.Error("stop does not reset the interval")
	}
}

// TestThrottleTellsOftenEnoughAndNoMore types and stops at random times. Between two keystrokes
// that are sent there is an interval or a stop, and after each interval the next keystroke is sent.
func TestThrottleTellsOftenEnoughAndNoMore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := time.Duration(rapid.IntRange(1, 50).Draw(t, "interval")) * time.Millisecond
		var th chat.Throttle
		now, last, told := time.Duration(0), time.Duration(0), false
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += time.Duration(rapid.IntRange(0, 20).Draw(t, "pause")) * time.Millisecond
			if rapid.IntRange(0, 5).Draw(t, "stop") == 0 {
				if th.Typing(now) != (told && now < last+interval) {
					t.Fatalf("at %v, Typing returned %t, expected the opposite", now, th.Typing(now))
				}
				th.Stopped()
				told = false
				continue
			}
			if tell := th.Keystroke(now); tell != (!told || now-last >= interval) {
				t.Fatalf("at %v, with the last keystroke sent at %v, Keystroke returned %t", now, last, tell)
			} else if tell {
				th.Told(now, interval)
				last, told = now, true
			}
		}
	})
}

// CHA-T13b: the set has the same clients as a plain map with deadlines, and each change of the set
// is reported once.
func TestTypers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set chat.Typers
		var current []chat.TypingMember
		type state struct {
			claim string
			until time.Duration
		}
		model := map[string]state{}
		var changes []chat.TypingChange
		now := time.Duration(0)
		check := func(change chat.TypingChange, told, want bool) {
			if told != want {
				t.Fatalf("at %v, the change is reported: %t, expected %t", now, told, want)
			}
			if told {
				before := slices.Clone(current)
				after := chat.TypersAfter(current, change)
				if !slices.Equal(before, current) {
					t.Fatalf("TypersAfter changed its argument from %v to %v", before, current)
				}
				changes, current = append(changes, change), after
			}
			if len(current) != len(model) {
				t.Fatalf("the set has %v, expected %v", current, model)
			}
			for i, m := range current {
				if s, ok := model[m.ClientID]; !ok || s.claim != m.UserClaim || i > 0 && current[i-1].ClientID >= m.ClientID {
					t.Fatalf("the set has %v, expected %v", current, model)
				}
			}
			next, any := set.Next()
			for _, s := range model {
				if !any || s.until < next {
					t.Fatalf("the next heartbeat ends at %v, expected %v or before", next, s.until)
				}
			}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			id := rapid.SampledFrom([]string{"ann", "bob", "eve"}).Draw(t, "who")
			claim := rapid.SampledFrom([]string{"", "pro"}).Draw(t, "claim")
			was, known := model[id]
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				until := now + 10
				model[id] = state{claim, until}
				event, told := set.Started(chat.TypingMember{ClientID: id, UserClaim: claim}, until)
				check(event, told, !known || was.claim != claim)
			case 1:
				delete(model, id)
				event, told := set.Stopped(chat.TypingMember{ClientID: id, UserClaim: claim})
				check(event, told, known)
			case 2:
				now += time.Duration(rapid.IntRange(0, 6).Draw(t, "pause"))
				for {
					event, told := set.Expire(now)
					if !told {
						break
					}
					gone, ok := model[event.ClientID]
					if !ok || gone.until > now || event.Type != chat.TypingStopped {
						t.Fatalf("at %v, %v expired too early", now, event)
					}
					delete(model, event.ClientID)
					check(event, true, true)
				}
				for id, s := range model {
					if s.until <= now {
						t.Fatalf("%s has not expired at %v", id, now)
					}
				}
			}
		}
		if all := chat.TypersAfter(nil, changes...); !slices.Equal(all, current) {
			t.Fatalf("TypersAfter with all changes returns %v, and one by one %v", all, current)
		}
	})
}

// TestThrottleInDoubt checks keystrokes and stops that may have been sent without an
// acknowledgement: a stop can still be sent, and further keystrokes are not held back.
func TestThrottleInDoubt(t *testing.T) {
	const interval = 10 * time.Second
	var th chat.Throttle
	th.Untold(0, interval)
	if !th.Keystroke(1) || !th.Typing(interval-1) || th.Typing(interval) {
		t.Error("after a keystroke in doubt, a further keystroke is held back, or a stop is sent at the wrong times")
	}
	th.Stopped()
	if th.Typing(1) {
		t.Error("after a stop, another stop is needed")
	}
	th.Told(0, interval)
	th.Untold(1, interval) // for a stop
	if !th.Keystroke(2) || !th.Typing(2) {
		t.Error("after a stop in doubt, a keystroke is held back, or the stop is not repeated")
	}
	th.Told(2, math.MaxInt64)
	if th.Keystroke(math.MaxInt64-1) || !th.Typing(3) {
		t.Error("in the longest interval, a second keystroke is sent, or a stop is not needed")
	}
}
