package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
)

// The times are short, so that much happens.
const (
	requestTimeout = 500 * time.Millisecond
	retryTimeout   = 200 * time.Millisecond
	stateTTL       = 2 * time.Second

	// settleBound is within what a call settles while faults go on: a release tries until it is lucky, and each try may wait for a connection and
	// for four requests. The machine may be busy with other things.
	settleBound = 10 * (4*requestTimeout + stateTTL)

	// lifetime is how long a client lives before it is disposed of, and another made.
	lifetime = 20 * time.Second

	// heapBound is by how much the heap may be larger in the last third of the time than it was in the first: megabytes, and a share.
	heapBound, heapShare = 8.0, 0.5

	// flushed is after how many frames of a connection it may be cut. ably-go v1.4.1 waits for itself for ever when the transport ends while it sends
	// what had been queued for the connection: msgQueue.Flush holds the lock that Enqueue wants when the sending fails.
	flushed = 60

	// strandedBound is what a goroutine that ably-go leaves behind may hold of it besides, in megabytes.
	strandedBound = 1.0 / 32
)

type settings struct {
	length, every           time.Duration
	clients, workers, names int
	share                   float64
	seed                    uint64
}

// soak is a run.
type soak struct {
	settings
	server   *ablytest.Server
	injected []*ablytest.Fault
	begin    time.Time
	before   int // goroutines, before there was anything

	ops, failed, opened, judged, made atomic.Int64
	outages                           atomic.Int64

	mu       sync.Mutex
	problems []string
	heap     []float64 // at each line
	routines []int
}

func newSoak(set settings) (*soak, error) {
	s := &soak{settings: set, begin: time.Now(), before: runtime.NumGoroutine()}
	var err error
	s.server, err = ablytest.Start(ablytest.WithConnectionStateTTL(stateTTL), ablytest.WithFrameLog(0), ablytest.WithMessageLimit(100),
		ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, err
	}
	broken, moved := ablytest.NewError(90001, 400, "broken"), ablytest.NewError(90198, 400, "moved")
	refused, elsewhere := ablytest.NewError(40160, 401, "refused"), ablytest.NewError(80003, 400, "elsewhere")
	late := []ablytest.Effect{ablytest.Drop(), ablytest.Delay(requestTimeout / 5), ablytest.Delay(2 * requestTimeout)}
	no := []ablytest.Effect{ablytest.Refuse(refused), ablytest.FailChannel(broken), ablytest.DetachChannel(moved)}
	cut := []ablytest.Effect{ablytest.CutBefore(), ablytest.CutAfter(), ablytest.Disconnect(elsewhere)}
	inject := func(old, channel bool, effects ...[]ablytest.Effect) {
		fits := func(f ablytest.Frame) bool { return (f.Index > flushed) == old && (f.Channel != "") == channel }
		s.injected = append(s.injected, s.server.FaultsBySeed(set.seed, set.share, ablytest.AnyFrame().If(fits), slices.Concat(effects...)...))
	}
	// No connection is refused: ably-go v1.4.1 locks itself up when one fails while a channel of it sends. The connection's loop holds its lock and
	// wants the channel's (failedConnSideEffects), the channel's caller holds that and wants the connection's (send).
	inject(false, false, late)
	inject(false, true, late, no)
	inject(true, false, late, cut)
	inject(true, true, late, no, cut)
	return s, nil
}

func (s *soak) faults() int64 {
	n := s.outages.Load()
	for _, f := range s.injected {
		n += int64(f.Hits())
	}
	return n
}

// reconnects is how many connections were opened beyond each client's first.
func (s *soak) reconnects() int64 {
	return max(int64(s.server.State().WebSockets)-s.made.Load(), 0)
}

func (s *soak) problem(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.problems) < 20 {
		s.problems = append(s.problems, fmt.Sprintf(format, args...))
	}
}

func (s *soak) stuck() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.problems) > 0
}

// run soaks until the time is over, ctx ends, or there is a problem.
func (s *soak) run(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.length)
	defer cancel()
	var all sync.WaitGroup
	for i := range s.clients {
		all.Go(func() {
			for n := uint64(0); ctx.Err() == nil && !s.stuck(); n++ {
				s.live(ctx, rand.New(rand.NewPCG(s.seed, uint64(i)<<32|n)), fmt.Sprintf("client-%d-%d", i, n))
			}
		})
	}
	all.Go(func() { s.outage(ctx, rand.New(rand.NewPCG(s.seed, 1<<62))) })
	all.Go(func() { s.tell(ctx, cancel) })
	all.Wait()
}

// outage refuses connections for a while, again and again, at times for longer than the state of one is kept.
func (s *soak) outage(ctx context.Context, random *rand.Rand) {
	for pause(ctx, 5*time.Second+rand.N(10*time.Second)) {
		s.outages.Add(1)
		s.server.RefuseConnections(nil)
		pause(ctx, retryTimeout) // connections that have just come are past their flush
		_ = s.server.Cut("")
		pause(ctx, time.Duration(random.Float64()*1.5*float64(stateTTL)))
		s.server.AcceptConnections()
	}
	s.server.AcceptConnections()
}

// pause waits, and tells whether ctx goes on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// tell shows a line from time to time, and ends the run when there is a problem.
func (s *soak) tell(ctx context.Context, cancel func()) {
	fmt.Printf("%9s %9s %9s %9s %9s %11s %11s %9s\n", "elapsed", "rooms", "ops", "failed", "faults", "reconnects", "goroutines", "heap MB")
	for {
		more := pause(ctx, min(s.every, time.Until(s.begin.Add(s.length))))
		heap, routines := heapNow(), runtime.NumGoroutine()
		s.mu.Lock()
		s.heap, s.routines = append(s.heap, heap), append(s.routines, routines)
		s.mu.Unlock()
		fmt.Printf("%9s %9d %9d %9d %9d %11d %11d %9.1f\n", time.Since(s.begin).Round(time.Second), s.opened.Load(), s.ops.Load(), s.failed.Load(),
			s.faults(), s.reconnects(), routines, heap)
		if s.stuck() {
			cancel()
		}
		if !more || ctx.Err() != nil {
			return
		}
	}
}

// verdict is what came of a run.
type verdict struct {
	problems   []string
	goroutines [2]int     // at the first line and at the last
	heap       [2]float64 // the least of the first third and of the last
	leaks      int        // goroutines that are left when all is closed
	stranded   int        // those of them that wait in ably-go's own loop
}

// verdict closes the server and looks what is left.
func (s *soak) verdict() verdict {
	s.server.Close()
	var v verdict
	for deadline := time.Now().Add(10*retryTimeout + 10*time.Second); ; time.Sleep(100 * time.Millisecond) {
		v.stranded = strings.Count(stacks(), strandedIn)
		if v.leaks = max(runtime.NumGoroutine()-s.before-v.stranded, 0); v.leaks == 0 || time.Now().After(deadline) {
			break
		}
	}
	if v.leaks > 0 {
		s.problem("%d goroutines are left:\n%s", v.leaks, stacks())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.heap); n > 0 {
		third := max(n/3, 1)
		v.heap = [2]float64{slices.Min(s.heap[:third]), slices.Min(s.heap[n-third:])}
		v.goroutines = [2]int{s.routines[0], s.routines[n-1]}
		if v.heap[1] > v.heap[0]*(1+heapShare)+heapBound+float64(v.stranded)*strandedBound {
			s.problems = append(s.problems, fmt.Sprintf("the heap grew from %.1f MB to %.1f MB", v.heap[0], v.heap[1]))
		}
	}
	v.problems = s.problems
	return v
}

// strandedIn is where ably-go leaves goroutines for ever: the loop that attaches a channel again which the service detached waits for the end of
// its attach without a limit, and when the channel is released, or the connection closed, that never comes.
const strandedIn = "\ngithub.com/ably/ably-go/ably.(*RealtimeChannel).retryAttach("

func stacks() string {
	dump := make([]byte, 1<<20)
	for n := runtime.Stack(dump, true); ; n = runtime.Stack(dump, true) {
		if n < len(dump) {
			return string(dump[:n])
		}
		dump = make([]byte, 2*len(dump))
	}
}
