package world

import (
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/internal/bubble"
)

// network is that of all bubbles. Each run has addresses of its own.
var network = memnet.New()

// InBubble runs f in a bubble of virtual time, in which a server listens on a network in memory. It
// returns "" when f returned and all goroutines of the bubble have ended, else what is wrong. A
// bubble that is stuck goes on: what f shares with the caller must then be left alone.
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
