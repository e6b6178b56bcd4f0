package world

import (
	"bytes"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/tests/wire/memnet"
)

// network is that of all bubbles. ably-go dials by the default transport; no connection is kept for
// another run, each of which has addresses of its own.
var network = sync.OnceValue(func() *memnet.Net {
	n := memnet.New()
	http.DefaultTransport = &http.Transport{DialContext: n.DialContext, DisableKeepAlives: true}
	return n
})

// patience is how long, in real time, a bubble may take before it counts as stuck: what waits for a lock
// isn't waited out by virtual time.
const patience = 40 * time.Second

// InBubble runs f in a bubble of virtual time, in which ably-go dials a network in memory. It returns ""
// when f returned and all goroutines of the bubble have ended, else what is wrong. A bubble that is stuck
// goes on: what f shares with the caller must then be left alone.
func InBubble(t *testing.T, f func(network *memnet.Net)) (problem string, stuck bool) {
	network := network()
	var bubble atomic.Pointer[string]
	ended := make(chan string, 1)
	go func() {
		problem := "the bubble ended early"
		defer func() {
			if x := recover(); x != nil {
				problem = left(x, stacksOf(bubble.Load()))
			}
			ended <- problem
		}()
		synctest.Test(t, func(*testing.T) {
			bubble.Store(bubbleName())
			f(network)
			problem = ""
		})
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case problem := <-ended:
		return problem, false
	case <-timer.C:
		stacks := stacksOf(bubble.Load())
		if _, how := LockedUp(stacks); how != "" {
			return how, true
		}
		return "the run is stuck; its goroutines:\n" + stacks, true
	}
}

// LockedUp says where ably-go stands when it waits for itself, by the goroutine of a dump of stacks that
// shows it; "" when it doesn't. A single dump may show a wait that ends.
func LockedUp(stacks string) (goroutine, how string) {
	for g := range strings.SplitSeq(stacks, "\n\n") {
		head, frames, _ := strings.Cut(g, "\n")
		has := func(function string) bool { return strings.Contains(frames, "ably.(*"+function+"(") }
		switch {
		case !strings.Contains(head, "sync.Mutex.Lock"):
		case has("msgQueue).Enqueue") && has("msgQueue).Flush"):
			return head, "ably-go is locked up: it sends a message that waited, and puts it among those that wait"
		case has("Connection).failedConnSideEffects") || has("Connection).lockedConnectionFailed") && has("RealtimeChannel)"):
			return head, "ably-go is locked up: a connection fails while a channel of it sends"
		}
	}
	return "", ""
}

// stranded is where ably-go leaves goroutines for ever: its loop that attaches a channel again waits for
// the end of its attach without a limit.
const stranded = "\ngithub.com/ably/ably-go/ably.(*RealtimeChannel).retryAttach("

// Stranded counts the goroutines that ably-go has left, in a dump of stacks.
func Stranded(stacks string) int { return strings.Count(stacks, stranded) }

// left says which goroutines a bubble has left.
func left(x any, stacks string) string {
	if all := len(strings.Split(stacks, "\n\n")); stacks != "" && Stranded(stacks) == all {
		return fmt.Sprintf("ably-go has left %d goroutines that wait for the end of an attach of its own", all)
	}
	return fmt.Sprintf("%v; goroutines that are left:\n%s", x, stacks)
}

const marker = "synctest bubble "

// bubbleName returns the words by which a dump of stacks marks the goroutines of the caller's bubble.
func bubbleName() *string {
	var buf [96]byte
	_, rest, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte(marker))
	number, _, _ := bytes.Cut(rest, []byte("]"))
	name := marker + string(number) + "]:"
	return &name
}

// stacksOf returns the stacks of a bubble's goroutines.
func stacksOf(bubble *string) string {
	if bubble == nil {
		return "unknown"
	}
	var of []string
	for g := range strings.SplitSeq(Stacks(), "\n\n") {
		if head, _, _ := strings.Cut(g, "\n"); strings.HasSuffix(head, *bubble) {
			of = append(of, g)
		}
	}
	return strings.Join(of, "\n\n")
}

// Stacks returns the stacks of all goroutines.
func Stacks() string {
	dump := make([]byte, 1<<20)
	for n := runtime.Stack(dump, true); ; n = runtime.Stack(dump, true) {
		if n < len(dump) {
			return string(dump[:n])
		}
		dump = make([]byte, 2*len(dump))
	}
}
