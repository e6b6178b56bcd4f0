// Command soak opens, uses and closes rooms for as long as one asks, on real sockets, while frames are lost, held and refused at random, and
// shows what that costs over time. It exits with 0 only if every call settled, every room did what the core and the reference model do, the
// rooms worked when the faults were over, nothing was left running, and the heap did not grow beyond a bound.
//
//	go run ./tests/soak [-for 10m] [-clients 4] [-workers 6] [-names 12] [-share 0.02] [-seed n] [-every 10s]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

func main() {
	var set settings
	flag.DurationVar(&set.length, "for", 10*time.Minute, "how long")
	flag.IntVar(&set.clients, "clients", 4, "how many clients there are at a time")
	flag.IntVar(&set.workers, "workers", 6, "how many goroutines use each client")
	flag.IntVar(&set.names, "names", 12, "how many names of rooms these choose from")
	flag.Float64Var(&set.share, "share", 0.02, "the share of the frames that a fault befalls")
	flag.Uint64Var(&set.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "chooses what is done, and the faults")
	flag.DurationVar(&set.every, "every", 10*time.Second, "how often a line is shown")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	begin := time.Now()
	fmt.Printf("soak: seed %d; %d clients, %d workers each, %d names; a fault for %g of the frames\n", set.seed, set.clients, set.workers, set.names, set.share)
	soak, err := newSoak(set)
	if err != nil {
		fmt.Fprintln(os.Stderr, "soak:", err)
		os.Exit(1)
	}
	soak.run(ctx)
	verdict := soak.verdict()
	for _, p := range verdict.problems {
		fmt.Println("PROBLEM", p)
	}
	fmt.Printf("EVIDENCE soak seconds=%.0f seed=%d ops=%d failed=%d rooms=%d judged=%d clients=%d faults=%d reconnects=%d goroutines=%d/%d heap=%.1f/%.1f leaks=%d stranded=%d problems=%d\n",
		time.Since(begin).Seconds(), set.seed, soak.ops.Load(), soak.failed.Load(), soak.opened.Load(), soak.judged.Load(), soak.made.Load(), soak.faults(),
		soak.reconnects(), verdict.goroutines[0], verdict.goroutines[1], verdict.heap[0], verdict.heap[1], verdict.leaks, verdict.stranded, len(verdict.problems))
	if len(verdict.problems) > 0 {
		os.Exit(1)
	}
}

// heapNow returns the megabytes that are in use after a collection.
func heapNow() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / (1 << 20)
}
