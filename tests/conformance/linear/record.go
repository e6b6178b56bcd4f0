package linear

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/conformance"
)

// Round says what is recorded on one System.
type Round struct {
	Names, Goroutines, Calls int  // Calls is the number of calls of each goroutine
	Dispose                  bool // one or two of the calls are disposals
	Jitter                   bool // the backend yields the processor now and then
	Seed                     uint64
	Patience                 time.Duration // how long calls may take; 0 means a minute
}

// recorder is a backend whose calls end at once or, with Jitter, after yielding the processor a few
// times. Some of its calls fail. It records when each call ended, and checks that a name's openings
// and releases alternate.
type recorder struct {
	since time.Time
	round Round

	mu      sync.Mutex
	numbers map[*conformance.Room]int // the number of each room's opening, from 1
	held    map[string]int            // by name: the number of the room in use; 0 for none
	ends    map[string][]porcupine.Operation
	broken  error // the first wrong use of the backend
}

// work opens or releases a room.
func (b *recorder) work(w conformance.Work) error {
	number := b.begin(w)
	op := Op{Kind: Released, Room: number, Failed: b.take(number, 2)}
	if w.Opening {
		op = Op{Kind: Opened, Room: number, Options: w.Room.Options, Failed: b.take(number, 1)}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !w.Opening || op.Failed {
		b.held[w.Room.Name] = 0
	}
	b.ends[w.Room.Name] = append(b.ends[w.Room.Name], porcupine.Operation{
		ClientId: b.round.Goroutines + number%4, Input: op, Call: int64(time.Since(b.since)), Return: Never,
	})
	if op.Failed {
		return &conformance.Failure{Opening: w.Opening, Number: number}
	}
	return nil
}

// begin records that a call on a room begins, and returns the room's number.
func (b *recorder) begin(w conformance.Work) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	expected := 0
	if w.Opening {
		b.numbers[w.Room] = len(b.numbers) + 1
	} else {
		expected = b.numbers[w.Room]
	}
	number, name := b.numbers[w.Room], w.Room.Name
	if b.held[name] != expected && b.broken == nil {
		b.broken = fmt.Errorf("a call on room %d of %s begins while room %d is in use", number, name, b.held[name])
	}
	b.held[name] = number
	return number
}

// take waits a little if the round has jitter, and reports whether the call fails.
func (b *recorder) take(room int, salt uint64) bool {
	r := rand.New(rand.NewPCG(b.round.Seed, uint64(room)<<2|salt))
	if b.round.Jitter {
		for range r.IntN(8) {
			runtime.Gosched()
		}
	}
	return r.IntN(8) == 0
}

// lateContext is a context that ends only after a call has begun to wait for the context's end. A
// Get whose context ended before the call has no effect at all, and a history has no operations for
// such a Get.
type lateContext struct {
	context.Context
	once *sync.Once
	end  context.CancelFunc
}

func newLateContext() lateContext {
	ctx, cancel := context.WithCancel(context.Background())
	return lateContext{ctx, new(sync.Once), cancel}
}

// Done lets the context end soon.
func (c lateContext) Done() <-chan struct{} {
	c.once.Do(func() { go c.end() })
	return c.Context.Done()
}

// call is the record of one call.
type call struct {
	goroutine  int
	kind       model.Kind
	name       string
	options    string
	begin, end int64
	room       *conformance.Room
	err        error
}

// History is the record of one round.
type History struct {
	Names  map[string][]porcupine.Operation
	Broken error // the backend was used wrongly, or calls did not return
	Ends   map[model.OutcomeKind]int
}

// Record runs a round: its goroutines make calls of every kind in parallel. If calls have not
// returned when Patience ends, the history has only Broken. Of the subject's promises only Disposal
// matters: without it, no disposal is called.
func (round Round) Record(subject conformance.Subject) History {
	b := &recorder{since: time.Now(), round: round, numbers: map[*conformance.Room]int{}, held: map[string]int{},
		ends: map[string][]porcupine.Operation{}}
	backend := conformance.NewBackend(b.work)
	system := subject.New(backend)
	calls := make([]call, round.Goroutines*round.Calls)
	var returned atomic.Int64
	var done sync.WaitGroup
	begin := make(chan struct{})
	round.Dispose = round.Dispose && subject.Promises.Disposal
	for g := range round.Goroutines {
		done.Go(func() {
			<-begin
			for i := range round.Calls {
				round.call(system, b.since, &calls[g*round.Calls+i], g, i)
				returned.Add(1)
			}
		})
	}
	close(begin)
	all := make(chan struct{})
	go func() {
		done.Wait()
		close(all)
	}()
	patience := time.NewTimer(cmp.Or(round.Patience, time.Minute))
	defer patience.Stop()
	select {
	case <-all:
	case <-patience.C:
		return History{Broken: fmt.Errorf("only %d of %d calls have returned", returned.Load(), len(calls))}
	}
	h := round.history(subject, b, calls)
	h.Broken = cmp.Or(h.Broken, backend.Fault())
	return h
}

// call makes the i-th call of a goroutine.
func (round Round) call(system conformance.System, since time.Time, c *call, g, i int) {
	r := rand.New(rand.NewPCG(round.Seed, uint64(g)<<32|uint64(i)))
	c.goroutine, c.name = g, string(rune('a'+r.IntN(round.Names)))
	ctx := context.Background()
	if r.IntN(6) == 0 {
		ctx = newLateContext()
	}
	kind := r.IntN(16)
	c.begin = int64(time.Since(since))
	switch {
	case round.Dispose && i == round.Calls*3/4 && g < 2:
		c.kind, c.name = model.KindDispose, ""
		c.err = system.(interface{ Dispose(context.Context) error }).Dispose(ctx)
	case kind < 6:
		c.kind = model.KindRelease
		c.err = system.Release(ctx, c.name)
	default:
		c.kind, c.options = model.KindGet, map[bool]string{false: "x", true: "y"}[kind == 6]
		c.room, c.err = system.Get(ctx, c.name, c.options)
	}
	c.end = int64(time.Since(since))
}

// history makes one history for each name from the calls and the ends of backend calls.
func (round Round) history(subject conformance.Subject, b *recorder, calls []call) History {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := History{Names: map[string][]porcupine.Operation{}, Broken: b.broken, Ends: map[model.OutcomeKind]int{}}
	names := map[int]string{} // the name of each room
	for name, ends := range b.ends {
		h.Names[name] = slices.Clone(ends)
		for _, op := range ends {
			names[op.Input.(Op).Room] = name
		}
	}
	var all []string
	for n := range round.Names {
		all = append(all, string(rune('a'+n)))
	}
	for i := range calls {
		c := &calls[i]
		in := []string{c.name}
		if c.kind == model.KindDispose {
			in = all
		}
		for _, name := range in {
			outcome := c.outcome(subject, b.numbers, name, names)
			h.Ends[outcome.Kind]++
			for _, op := range []Op{
				{Kind: Begins, Call: i + 1, What: c.kind, Options: c.options},
				{Kind: Settled, Call: i + 1, What: c.kind, Outcome: outcome},
			} {
				h.Names[name] = append(h.Names[name],
					porcupine.Operation{ClientId: c.goroutine, Call: c.begin, Return: c.end, Input: op})
			}
		}
	}
	return h
}

// outcome returns how a call ended, as seen by the calls on one name.
func (c *call) outcome(s conformance.Subject, numbers map[*conformance.Room]int, name string, names map[int]string) model.Outcome {
	switch {
	case c.err == nil && c.kind == model.KindGet:
		if number := numbers[c.room]; number != 0 {
			return model.Outcome{Kind: model.OutcomeRoom, Incarnation: number}
		}
		return model.Outcome{}
	case c.err == nil:
		return model.Outcome{Kind: model.OutcomeDone}
	}
	o := s.Outcome(c.kind, c.err)
	if o.Kind == model.OutcomeFailed {
		o.Failed = slices.DeleteFunc(o.Failed, func(room int) bool { return names[room] != name })
		if len(o.Failed) == 0 {
			o.Kind = model.OutcomeDone // only releases of other names failed
		}
	}
	return o
}
