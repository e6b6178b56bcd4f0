package world

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/tests/wire/judge"
)

// event is an event that matters for continuity. One of ends, begins, loss and text is set.
type event struct {
	at     time.Duration
	ends   bool   // a detach has ended
	begins bool   // an attach has ended that doesn't continue from an earlier one
	loss   bool   // a discontinuity
	text   string // a message
}

// continuity returns the problems with the messages that a room received: that it missed messages
// without a discontinuity while it was attached, or received a message twice. A detach by the user
// ends the continuity.
func continuity(s *judge.Stream, messages []received) (problems []string) {
	seen := map[string]bool{}
	wrong := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("room "+s.Room+" "+format, args...))
	}
	for _, m := range messages {
		if m.serial != "" && seen[m.serial] {
			wrong("got message %s twice", m.text)
		}
		seen[m.serial] = true
	}
	last, losses := 0, 0
	begun := time.Duration(-1)
	once := false // CHA-RL12b: an attach has succeeded (CHA-RL13), and no detach since (CHA-RL14)
	for _, e := range events(s, messages) {
		switch {
		case e.begins:
			last, losses, begun, once = 0, 0, e.at, true
		case e.ends:
			once = false
		case e.at == begun: // the event may have come before the attach ended
		case e.loss:
			losses++
		default:
			n, _ := strconv.Atoi(e.text)
			if once && last > 0 && n > last+1 && losses == 0 {
				wrong("missed the messages between %d and %d without a discontinuity", last, n)
			}
			if n <= last {
				wrong("got message %d after %d", n, last)
			}
			last, losses = max(n, last), 0
		}
	}
	return problems
}

// events returns the events in the order of time; at equal times, steps come before messages.
func events(s *judge.Stream, messages []received) (all []event) {
	fresh := true
	for _, step := range s.Steps {
		switch {
		case step.Input.Kind == fsm.DetachEnded && step.Input.Err == nil:
			fresh = true
			all = append(all, event{at: step.At, ends: true})
		case step.Input.Kind == fsm.AttachEnded && step.Input.Err == nil && fresh:
			fresh = false
			all = append(all, event{at: step.At, begins: true})
		}
		for _, out := range step.Outputs {
			if out.Kind == fsm.PublishDiscontinuity {
				all = append(all, event{at: step.At, loss: true})
			}
		}
	}
	for _, m := range messages {
		all = append(all, event{at: m.at, text: m.text})
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.at, b.at) })
	return all
}
