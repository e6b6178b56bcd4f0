package conformance

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// How long, in real time, a bubble that doesn't come to rest is left alone, and how often it must
// then be seen unchanged.
const (
	firstLook = 200 * time.Millisecond
	nextLook  = 50 * time.Millisecond
	looks     = 3
)

// patience is how long, in real time, a bubble may keep moving.
var patience = time.Minute

// bubbleEnd is how a bubble ended.
type bubbleEnd struct {
	leftover bool   // goroutines were left waiting
	hang     string // not empty: it never came to rest, and this is why; its goroutines are abandoned
}

// bubble runs a function in a bubble of virtual time. synctest.Wait never returns while a goroutine
// waits for a lock, since what holds the lock might be elsewhere; so a look is taken from outside
// at one that takes long. When all of its goroutines wait and nothing has changed over several
// looks, nothing ever will.
func bubble(t *testing.T, run func()) bubbleEnd {
	t.Helper()
	type result struct {
		bubbleEnd
		panicked any
		goexit   bool
	}
	var id atomic.Pointer[string]
	ended := make(chan result, 1)
	go func() {
		r := result{goexit: true}
		defer func() {
			if p := recover(); p != nil {
				r = result{bubbleEnd: bubbleEnd{leftover: true}}
				if !strings.HasPrefix(fmt.Sprint(p), "deadlock") {
					r = result{panicked: p}
				}
			}
			ended <- r
		}()
		synctest.Test(t, func(*testing.T) {
			var buf [96]byte
			_, number := stateOf(string(buf[:runtime.Stack(buf[:], false)]))
			id.Store(&number)
			run()
		})
		r.goexit = false
	}()
	timer := time.NewTimer(firstLook)
	defer timer.Stop()
	begin, last, same := time.Now(), "", 0
	for {
		select {
		case r := <-ended:
			if r.panicked != nil {
				panic(r.panicked)
			}
			if r.goexit {
				t.FailNow()
			}
			return r.bubbleEnd
		case <-timer.C:
		}
		timer.Reset(nextLook)
		now := waiting(id.Load())
		if now != "" && now == last {
			same++
		} else {
			last, same = now, 0
		}
		if same >= looks {
			return bubbleEnd{hang: last}
		}
		if time.Since(begin) > patience {
			return bubbleEnd{hang: fmt.Sprintf("it keeps moving for more than %v", patience)}
		}
	}
}

// goroutine is the first line of a goroutine in a bubble, in a dump of stacks: its state, and the
// number of the bubble.
var goroutine = regexp.MustCompile(`^goroutine \d+ \[([^],]+).*, synctest bubble (\d+)\]:`)

// stateOf reads that line. The bubble is "" for a goroutine in none.
func stateOf(stack string) (state, bubble string) {
	if m := goroutine.FindStringSubmatch(stack); m != nil {
		return m[1], m[2]
	}
	return "", ""
}

// waiting describes what the goroutines of a bubble that wait for a lock wait for, if all of its
// goroutines wait for something; else it returns "".
func waiting(id *string) string {
	if id == nil {
		return ""
	}
	dump := make([]byte, 1<<20)
	n := runtime.Stack(dump, true)
	for ; n == len(dump); n = runtime.Stack(dump, true) {
		dump = make([]byte, 2*len(dump))
	}
	var locks []string
	for g := range strings.SplitSeq(string(dump[:n]), "\n\n") {
		switch state, bubble := stateOf(g); {
		case bubble != *id:
		case strings.HasPrefix(state, "run") || strings.HasPrefix(state, "syscall"):
			return ""
		case strings.Contains(state, "synctest") || strings.Contains(state, "durable"):
		default:
			locks = append(locks, fmt.Sprintf("%s in %s", state, caller(g)))
		}
	}
	return strings.Join(locks, "; ")
}

// caller returns the first function of a stack that is not the runtime's.
func caller(stack string) string {
	for line := range strings.Lines(stack) {
		if ofRuntime.MatchString(line) {
			continue
		}
		name := strings.TrimSpace(line)
		if i := strings.LastIndex(name, "("); i > 0 {
			name = name[:i]
		}
		return name[strings.LastIndex(name, "/")+1:]
	}
	return "an unknown function"
}

// ofRuntime matches the lines of a stack that name no function of the program.
var ofRuntime = regexp.MustCompile(`^(goroutine |\t|sync\.|internal/|runtime\.)`)
