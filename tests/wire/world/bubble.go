package world

import (
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/internal/bubble"
)

// network is shared by all bubbles. Each run has addresses of its own.
var network = memnet.New()

// InBubble runs f in a bubble of virtual time, with a network in memory for a server. It returns ""
// if f returned and all goroutines of the bubble have ended, and otherwise the problem. If stuck is
// true, the bubble still runs: the caller must then not use variables that it shares with f.
func InBubble(t *testing.T, f func(network *memnet.Net)) (problem string, stuck bool) {
	limits := bubble.Limits{Look: 3 * time.Second, Patience: 40 * time.Second}
	end := bubble.Run(t, limits, func() { f(network) })
	switch {
	case end.Hang != "":
		if _, how := LockedUp(end.Stacks); how != "" {
			return how, true
		}
		return "the run is stuck: " + end.Hang + "; its goroutines:\n" + end.Stacks, true
	case end.Left:
		return left(end.Stacks), false
	}
	return "", false
}
