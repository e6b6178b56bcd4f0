// Command soak plays the scenarios on real sockets, several at the same time and repeatedly, while
// frames are lost, held, refused and cut at random. It prints counters and the use of memory at
// intervals. It exits with 0 only if package world finds no problem in any run, all goroutines have
// ended, the heap did not grow beyond a bound, and failures of ably-go that are known occurred no
// more often than expected.
//
// The scenarios run in a child process, since ably-go may panic or deadlock. Then another child
// runs for the rest of the time.
//
// With -double-cuts it plays the given number of runs in which 1 to 8 senders use a connection. In
// each run the connection is cut, and cut again 0 to 20 ms after it came back. It prints how many
// of the runs failed.
//
//	go run ./tests/wire/soak -double-cuts 200 [-lanes 4] [-seed n]
//	go run ./tests/wire/soak [-for 10m] [-lanes 4] [-share 0.02] [-killers] [-seed n] [-every 10s]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"ablyrooms.example/tests/wire/world"
)

type settings struct {
	length, every time.Duration
	lanes         int
	share         float64
	killers       bool
	seed          uint64
	doubleCuts    int
}

func main() {
	var set settings
	flag.DurationVar(&set.length, "for", 10*time.Minute, "how long to play")
	flag.DurationVar(&set.every, "every", 10*time.Second, "how often to print a line")
	flag.IntVar(&set.lanes, "lanes", 4, "the number of scenarios to play at the same time")
	flag.Float64Var(&set.share, "share", 0.02, "the share of the frames that get a fault, from 0 to 1")
	flag.BoolVar(&set.killers, "killers", false, "cut connections twice within 20 ms, and refuse them with an error")
	flag.Uint64Var(&set.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "selects the scenarios and the faults")
	flag.IntVar(&set.doubleCuts, "double-cuts", 0, "instead, make this `number` of runs in which a connection under load is cut twice")
	child := flag.Bool("child", false, "run as the child process that plays; only for the command itself")
	flag.Parse()
	if *child {
		newChild(set).play()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if set.doubleCuts > 0 {
		failed, err := doubleCuts(ctx, os.Stdout, set)
		if err != nil {
			fmt.Fprintln(os.Stderr, "soak:", err)
		}
		if failed > 0 || err != nil {
			os.Exit(1)
		}
		return
	}
	fmt.Printf("soak: seed %d; %d lanes, a fault for %g of the frames, killers: %t\n", set.seed, set.lanes, set.share, set.killers)
	p := &parent{settings: set, begin: time.Now(), known: world.NewKnownList(world.KnownFailures())}
	p.run(ctx)
	for _, problem := range p.problems {
		fmt.Println("PROBLEM", strings.TrimSpace(problem))
	}
	fmt.Print(p.known)
	t := p.sum
	fmt.Printf("EVIDENCE soak seconds=%.0f seed=%d children=%d runs=%d calls=%d rooms=%d judged=%d faults=%d cuts=%d reconnects=%d goroutines=%d/%d heap=%.1f/%.1f leaks=%d stranded=%d known=%d problems=%d\n",
		time.Since(p.begin).Seconds(), set.seed, p.children, t.Runs, t.Calls, t.Rooms, t.Judged, t.Faults, t.Cuts, t.Reconnects,
		t.Goroutines[0], t.Goroutines[1], t.Heap[0], t.Heap[1], t.Leaks, t.Stranded, p.knowns, len(p.problems))
	if len(p.problems) > 0 {
		os.Exit(1)
	}
}
