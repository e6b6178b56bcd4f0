package world

import (
	"fmt"
	"strings"
)

// This file looks for channels and goroutines that ably-go keeps, and for deadlocks in ably-go.

// stale returns the channels that the ably-go client has and that belong to no room. Rooms use no
// channels of ably-go, so there should be none.
func (c *client) stale(holds map[string]bool) (found []string) {
	for _, ch := range c.realtime.Channels.Iterate() {
		if !holds[ch.Name] && c.connected() {
			found = append(found, fmt.Sprintf("%s's client still has the channel %s, which is %v", c.id, ch.Name, ch.State()))
		}
	}
	return found
}

// LockedUp looks in a dump of stacks for a goroutine of ably-go that is deadlocked with itself. It
// returns the head of the goroutine's stack, and a description; both are "" if there is none. If
// only one dump has such a goroutine, it may not be deadlocked.
func LockedUp(stacks string) (goroutine, how string) {
	for g := range strings.SplitSeq(stacks, "\n\n") {
		head, frames, _ := strings.Cut(g, "\n")
		has := func(name string) bool { return strings.Contains(frames, "ably.(*"+name+"(") }
		switch {
		case !strings.Contains(head, "sync.Mutex.Lock"):
		case has("msgQueue).Enqueue") && has("msgQueue).Flush"):
			return head, "ably-go is deadlocked: it sends a queued message, and queues it again"
		case has("Connection).failedConnSideEffects") || has("Connection).lockedConnectionFailed") && has("RealtimeChannel)"):
			return head, "ably-go is deadlocked: a connection fails while one of its channels sends"
		}
	}
	return "", ""
}

// Stranded counts the goroutines in a dump of stacks that ably-go never ends. Such a goroutine
// attaches a channel again, and waits without a limit for the end of the attach.
func Stranded(stacks string) int {
	return strings.Count(stacks, "\ngithub.com/ably/ably-go/ably.(*RealtimeChannel).retryAttach(")
}

// left describes the goroutines that have not ended in a bubble.
func left(stacks string) string {
	if all := len(strings.Split(stacks, "\n\n")); stacks != "" && Stranded(stacks) == all {
		return fmt.Sprintf("%d goroutines of ably-go have not ended: each waits without a limit for the end of an attach", all)
	}
	return "goroutines that have not ended:\n" + stacks
}
