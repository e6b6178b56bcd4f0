package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/tests/wire/world"
)

const (
	// heapBound (in megabytes) and heapShare limit how much the heap may grow from the first third
	// of the time to the last. heapStranded (in megabytes) is added for each goroutine that ably-go
	// never ends.
	heapBound, heapShare, heapStranded = 8.0, 0.5, 1.0 / 32

	look = 500 * time.Millisecond // how often the goroutines and the heap are measured
	// a goroutine that is found in this number of measurements in a row is deadlocked
	looks = 4
)

// tally counts what a child has done so far.
type tally struct {
	Runs, Calls, Rooms, Judged int
	Faults, Cuts, Reconnects   int
	// the smallest number of goroutines, and the smallest heap in megabytes: in the first third of
	// the time, and in the last third
	Goroutines      [2]int
	Heap            [2]float64
	Leaks, Stranded int // goroutines that have not ended: outside of ably-go, and in it
}

// message is a line of JSON from a child to its parent.
type message struct {
	Run      string   `json:",omitempty"` // the name of a run that has ended, or ""
	Problems []string `json:",omitempty"`
	Report   string   `json:",omitempty"`
	Tally    tally
	End      bool `json:",omitempty"` // the child has finished, and exits
}

// child plays scenarios.
type child struct {
	settings
	begin  time.Time
	before int // number of goroutines at the start

	mu         sync.Mutex
	tally      tally
	heap       []float64 // in megabytes, at each look
	goroutines []int
}

func newChild(set settings) *child {
	return &child{settings: set, begin: time.Now(), before: runtime.NumGoroutine()}
}

func (c *child) tell(m message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m.Tally = c.tally
	text, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s\n", text)
}

// play plays in all lanes until the time is over, and then looks for goroutines that have not
// ended.
func (c *child) play() {
	var lanes, watch sync.WaitGroup
	over := make(chan struct{})
	watch.Go(func() { c.watch(over) })
	for i := range c.lanes {
		lanes.Go(func() {
			random := rand.New(rand.NewPCG(c.seed, uint64(i)))
			for all := world.Scenarios(); time.Since(c.begin) < c.length; {
				s := all[random.IntN(len(all))]
				if random.IntN(2) == 0 { // half of the runs are crowds
					s = all[slices.IndexFunc(all, func(s world.Scenario) bool { return s.Random })]
				}
				c.run(s, random)
			}
		})
	}
	lanes.Wait()
	close(over)
	watch.Wait()
	var problems []string
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		c.tally.Stranded = world.Stranded(bubble.Stacks())
		if c.tally.Leaks = max(runtime.NumGoroutine()-c.before-c.tally.Stranded, 0); c.tally.Leaks == 0 {
			break
		}
		if time.Now().After(deadline) {
			problem := fmt.Sprintf("%d goroutines have not ended:\n%s", c.tally.Leaks, bubble.Stacks())
			problems = append(problems, problem)
			break
		}
	}
	if heap := c.tally.Heap; heap[1] > heap[0]*(1+heapShare)+heapBound+float64(c.tally.Stranded)*heapStranded {
		problems = append(problems, fmt.Sprintf("the heap grew from %.1f MB to %.1f MB", heap[0], heap[1]))
	}
	c.tell(message{Run: "end", Problems: problems, End: true})
}

// run plays a scenario with random faults.
func (c *child) run(s world.Scenario, random *rand.Rand) {
	var ch *chaos
	seed := random.Uint64()
	r := world.Live(s, seed, func(server *ablytest.Server) (stop func()) {
		ch = newChaos(server, c.settings, seed)
		return ch.stop
	})
	c.mu.Lock()
	t := &c.tally
	t.Runs, t.Calls, t.Rooms, t.Judged = t.Runs+1, t.Calls+r.Calls, t.Rooms+r.Rooms, t.Judged+r.Streams
	if ch != nil {
		t.Faults, t.Cuts, t.Reconnects = t.Faults+ch.hits, t.Cuts+ch.cuts, t.Reconnects+ch.reconnects
	}
	c.mu.Unlock()
	c.tell(message{Run: s.Name, Problems: r.Problems, Report: r.Report})
}

// watch measures the process, and ends it when ably-go is deadlocked.
func (c *child) watch(over chan struct{}) {
	last, same := "", 0
	for {
		select {
		case <-over:
			return
		case <-time.After(look):
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.mu.Lock()
		c.heap, c.goroutines = append(c.heap, float64(m.HeapAlloc)/(1<<20)), append(c.goroutines, runtime.NumGoroutine())
		c.tally.Heap, c.tally.Goroutines = thirds(c.heap), thirds(c.goroutines)
		c.mu.Unlock()
		goroutine, how := world.LockedUp(bubble.Stacks())
		if same++; how == "" || goroutine != last {
			last, same = goroutine, 0
		}
		if same >= looks {
			c.tell(message{Run: "child", Problems: []string{how}})
			os.Exit(3)
		}
		c.tell(message{})
	}
}

// thirds returns the minimum of the first third of a list, and that of the last third.
func thirds[N cmp.Ordered](list []N) [2]N {
	third := max(len(list)/3, 1)
	return [2]N{slices.Min(list[:third]), slices.Min(list[len(list)-third:])}
}

// chaos injects random faults at a server's frames, and cuts and refuses its connections.
type chaos struct {
	server  *ablytest.Server
	faults  []*ablytest.Fault
	killers bool
	end     context.CancelFunc
	cutter  sync.WaitGroup

	hits, cuts, reconnects int // set by stop
}

func newChaos(server *ablytest.Server, set settings, seed uint64) *chaos {
	c := &chaos{server: server, killers: set.killers}
	refuse := ablytest.Refuse(ablytest.NewError(40160, 401, "refused"))
	all := []ablytest.Effect{ablytest.Drop(), ablytest.Delay(100 * time.Millisecond), ablytest.Delay(time.Second),
		ablytest.CutBefore(), ablytest.CutAfter(), ablytest.Disconnect(ablytest.NewError(80003, 400, "elsewhere"))}
	if set.killers {
		all = append(all, refuse)
	}
	channels := append(slices.Clone(all), refuse, ablytest.FailChannel(ablytest.NewError(90001, 400, "broken")),
		ablytest.DetachChannel(ablytest.NewError(90198, 400, "moved")))
	for channel, effects := range map[bool][]ablytest.Effect{false: all, true: channels} {
		fits := ablytest.AnyFrame().If(func(f ablytest.Frame) bool { return (f.Channel != "") == channel })
		c.faults = append(c.faults, server.FaultsBySeed(seed, set.share, fits, effects...))
	}
	ctx, end := context.WithCancel(context.Background())
	c.end = end
	random := rand.New(rand.NewPCG(seed, 1))
	c.cutter.Go(func() {
		for pause(ctx, 500*time.Millisecond+time.Duration(random.IntN(2000))*time.Millisecond) {
			c.trouble(ctx, random)
		}
	})
	return c
}

// trouble causes an outage, sometimes longer than the server keeps the state of a connection. With
// killers set, it sometimes cuts a connection instead, and cuts it again just after it came back.
func (c *chaos) trouble(ctx context.Context, random *rand.Rand) {
	c.cuts++
	if c.killers && random.IntN(2) == 0 {
		before := c.server.State().WebSockets
		_ = c.server.Cut("")
		_ = c.server.Await(ctx, func(s ablytest.State) bool { return s.WebSockets > before && s.Connected() > 0 })
		pause(ctx, time.Duration(random.IntN(20))*time.Millisecond)
		_ = c.server.Cut("")
		return
	}
	var reason *ablytest.ErrorInfo
	if c.killers && random.IntN(2) == 0 {
		reason = ablytest.NewError(50003, 500, "not now")
	}
	c.server.RefuseConnections(reason)
	_ = c.server.Cut("")
	pause(ctx, time.Duration(random.IntN(3000))*time.Millisecond)
	c.server.AcceptConnections()
}

func (c *chaos) stop() {
	c.end()
	c.cutter.Wait()
	for _, f := range c.faults {
		c.hits += f.Hits()
		f.Remove()
	}
	state := c.server.State()
	c.reconnects = max(state.WebSockets-1, 0)
}

// pause waits for d, and returns false if ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
