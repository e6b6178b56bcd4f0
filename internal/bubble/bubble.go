// Package bubble runs functions in bubbles of virtual time (see [testing/synctest]), and detects
// those that never end.
package bubble

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Limits says how a bubble that takes long is watched. Look is the pause, in real time, between two
// looks at it; Patience is how long it may take in real time.
type Limits struct {
	Look, Patience time.Duration
	Virtual        time.Duration // how long it may take by its own clock; 0 for no limit
}

// looks is how many times in a row a bubble must be seen with all goroutines waiting, and
// unchanged.
const looks = 3

// End says how a bubble ended.
type End struct {
	Left   bool   // at the end, goroutines wait for ever
	Hang   string // why the bubble never ends, or ""; its goroutines are abandoned
	Stacks string // the stacks of the goroutines that wait for ever or hang
}

// Run runs a function in a bubble. [synctest.Wait] never returns while a goroutine waits for a
// lock, since a goroutine outside the bubble might hold the lock. So Run looks from outside at a
// bubble that takes long. If all of its goroutines wait, and nothing has changed over several
// looks, the bubble hangs. The caller must not use what it shares with run after the bubble hangs.
func Run(t *testing.T, limits Limits, run func()) End {
	t.Helper()
	return watch(t, limits, func(*testing.T) { run() })
}

// Test runs a test in a bubble like [synctest.Test]. If the test hangs, or leaves goroutines that
// wait for ever, Test fails it and prints the stacks of its goroutines.
func Test(t *testing.T, limits Limits, test func(*testing.T)) {
	t.Helper()
	switch end := watch(t, limits, test); {
	case end.Hang != "":
		t.Fatalf("the test hangs: %s\n%s", end.Hang, end.Stacks)
	case end.Left:
		t.Fatalf("the test leaves goroutines that wait for ever:\n%s", end.Stacks)
	}
}

func watch(t *testing.T, limits Limits, run func(*testing.T)) End {
	t.Helper()
	type result struct {
		End
		panicked any
		goexit   bool
	}
	var name atomic.Pointer[string]
	ended, late := make(chan result, 1), make(chan struct{}, 1)
	go func() {
		r := result{goexit: true}
		defer func() {
			if p := recover(); strings.HasPrefix(fmt.Sprint(p), "deadlock") {
				r = result{End: End{Left: true, Stacks: stacksOf(name.Load())}}
			} else if p != nil {
				r = result{panicked: p}
			}
			ended <- r
		}()
		synctest.Test(t, func(t *testing.T) {
			name.Store(nameOfOwn())
			// a test may wait for something that never comes, while heartbeats keep its clock going
			if limits.Virtual > 0 {
				defer time.AfterFunc(limits.Virtual, func() { late <- struct{}{} }).Stop()
			}
			run(t)
		})
		r.goexit = false
	}()
	timer := time.NewTimer(4 * limits.Look)
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
			return r.End
		case <-late:
			why := fmt.Sprintf("the bubble takes more than %v of virtual time", limits.Virtual)
			return End{Hang: why, Stacks: stacksOf(name.Load())}
		case <-timer.C:
		}
		timer.Reset(limits.Look)
		stacks := stacksOf(name.Load())
		if now := waiting(stacks); now != "" && now == last {
			same++
		} else {
			last, same = now, 0
		}
		if same >= looks {
			return End{Hang: last, Stacks: stacks}
		}
		if time.Since(begin) > limits.Patience {
			return End{Hang: fmt.Sprintf("goroutines keep running for more than %v", limits.Patience), Stacks: stacks}
		}
	}
}

// Main is for a program that isn't a test and needs bubbles: it calls f with a test, and exits with
// the code that f returns.
func Main(f func(t *testing.T) (code int)) {
	test := testing.InternalTest{Name: "main", F: func(t *testing.T) { os.Exit(f(t)) }}
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{test}, nil, nil)
}

const marker = "synctest bubble "

// nameOfOwn returns the words by which a dump of stacks marks the goroutines of the caller's
// bubble.
func nameOfOwn() *string {
	var buf [96]byte
	_, rest, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte(marker))
	number, _, _ := bytes.Cut(rest, []byte("]"))
	name := marker + string(number) + "]:"
	return &name
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

// stacksOf returns the stacks of a bubble's goroutines.
func stacksOf(name *string) string {
	if name == nil {
		return ""
	}
	var of []string
	for g := range strings.SplitSeq(Stacks(), "\n\n") {
		if head, _, _ := strings.Cut(g, "\n"); strings.HasSuffix(head, *name) {
			of = append(of, g)
		}
	}
	return strings.Join(of, "\n\n")
}

// waiting describes the goroutines that wait for a lock, if every goroutine waits; else it returns
// "".
func waiting(stacks string) string {
	var locks []string
	for g := range strings.SplitSeq(stacks, "\n\n") {
		head, stack, _ := strings.Cut(g, "\n")
		_, state, _ := strings.Cut(head, "[")
		if end := strings.IndexAny(state, ",]"); end >= 0 {
			state = state[:end]
		}
		switch {
		case strings.HasPrefix(state, "run") || strings.HasPrefix(state, "syscall"):
			return ""
		case state == "" || strings.Contains(state, "synctest") || strings.Contains(state, "durable"):
		default:
			locks = append(locks, fmt.Sprintf("%s in %s", state, caller(stack)))
		}
	}
	return strings.Join(locks, "; ")
}

// caller returns the first function of a stack that is not the runtime's.
func caller(stack string) string {
	for line := range strings.Lines(stack) {
		if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "sync.") ||
			strings.HasPrefix(line, "internal/") || strings.HasPrefix(line, "runtime.") {
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
