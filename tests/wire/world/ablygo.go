package world

import (
	"fmt"
	"strings"
)

// What ably-go keeps, and where it locks itself up.

// stale returns the channels of ably-go's that the client has: rooms have none of them.
func (c *client) stale(holds map[string]bool) (found []string) {
	for _, ch := range c.realtime.Channels.Iterate() {
		if !holds[ch.Name] && c.connected() {
			found = append(found, fmt.Sprintf("%s's client still has the channel %s, which is %v", c.id, ch.Name, ch.State()))
		}
	}
	return found
}

// LockedUp says where ably-go stands when it waits for itself, by the goroutine of a dump of stacks
// that shows it; "" when it doesn't. A single dump may show a wait that ends.
func LockedUp(stacks string) (goroutine, how string) {
	for g := range strings.SplitSeq(stacks, "\n\n") {
		head, frames, _ := strings.Cut(g, "\n")
		has := func(name string) bool { return strings.Contains(frames, "ably.(*"+name+"(") }
		switch {
		case !strings.Contains(head, "sync.Mutex.Lock"):
		case has("msgQueue).Enqueue") && has("msgQueue).Flush"):
			return head, "ably-go is locked up: it sends a message that waited, and has it wait again"
		case has("Connection).failedConnSideEffects") || has("Connection).lockedConnectionFailed") && has("RealtimeChannel)"):
			return head, "ably-go is locked up: a connection fails while a channel of it sends"
		}
	}
	return "", ""
}

// Stranded counts the goroutines that ably-go has left, in a dump of stacks: its loop that attaches
// a channel again waits for the end of its attach without a limit.
func Stranded(stacks string) int {
	return strings.Count(stacks, "\ngithub.com/ably/ably-go/ably.(*RealtimeChannel).retryAttach(")
}

// left says which goroutines a bubble has left.
func left(stacks string) string {
	if all := len(strings.Split(stacks, "\n\n")); stacks != "" && Stranded(stacks) == all {
		return fmt.Sprintf("ably-go has left %d goroutines that wait for the end of an attach of its own", all)
	}
	return "goroutines that are left:\n" + stacks
}
