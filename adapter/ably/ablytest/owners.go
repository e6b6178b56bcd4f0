package ablytest

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"
)

// owners counts the server's running goroutines by their task, so that Close can wait for them and
// log which ones it waits for.
type owners struct {
	mu      sync.Mutex
	running map[string]int
	empty   chan struct{} // closed when no goroutine runs any more; nil while no call waits
}

// start counts a goroutine; the goroutine calls done when it ends.
func (o *owners) start(what string) (done func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running == nil {
		o.running = map[string]int{}
	}
	o.running[what]++
	return func() { o.stop(what) }
}

func (o *owners) stop(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.running[what]--; o.running[what] == 0 {
		delete(o.running, what)
	}
	if len(o.running) == 0 && o.empty != nil {
		close(o.empty)
		o.empty = nil
	}
}

// run starts f in a goroutine of its own.
func (o *owners) run(what string, f func()) {
	done := o.start(what)
	go func() {
		defer done()
		f()
	}()
}

// wait returns when no goroutine runs. After each period of waiting, it reports which tasks still
// run.
func (o *owners) wait(period time.Duration, report func(what []string)) {
	for {
		o.mu.Lock()
		if len(o.running) == 0 {
			o.mu.Unlock()
			return
		}
		if o.empty == nil {
			o.empty = make(chan struct{})
		}
		empty := o.empty
		o.mu.Unlock()

		timer := time.NewTimer(period)
		select {
		case <-empty:
			timer.Stop()
		case <-timer.C:
			report(o.list())
		}
	}
}

func (o *owners) list() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []string
	for _, what := range slices.Sorted(maps.Keys(o.running)) {
		out = append(out, fmt.Sprintf("%s (%d)", what, o.running[what]))
	}
	return out
}
