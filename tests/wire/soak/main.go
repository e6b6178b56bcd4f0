// Command soak plays the scenarios on real sockets, several at a time and again and again, while
// frames are lost, held, refused and cut at random, and shows what that costs over time. It exits
// with 0 only if every run ended as package world demands, nothing was left running, the heap did
// not grow beyond a bound, and no more failures of ably-go's were met than are known.
//
// What is played runs in a child process: ably-go may end it by a panic or lock itself up for ever.
// Then another child goes on for the rest of the time.
//
// With -double-cuts it plays so many runs in which a connection is cut again 0 to 20 ms after it
// came back, while 1 to 8 senders use it, and prints how many failed.
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
	flag.DurationVar(&set.length, "for", 10*time.Minute, "how long")
	flag.DurationVar(&set.every, "every", 10*time.Second, "how often a line is shown")
	flag.IntVar(&set.lanes, "lanes", 4, "how many scenarios are played at a time")
	flag.Float64Var(&set.share, "share", 0.02, "the share of the frames that meet a fault")
	flag.BoolVar(&set.killers, "killers", false, "cut connections twice within 20 ms, and refuse them with an error")
	flag.Uint64Var(&set.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "chooses what is done, and the faults")
	flag.IntVar(&set.doubleCuts, "double-cuts", 0, "instead, cut the connections of so many runs twice, under load, and count")
	child := flag.Bool("child", false, "be the process that plays; for the command's own use")
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
