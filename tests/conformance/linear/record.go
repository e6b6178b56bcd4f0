package linear

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"ablyrooms.example/model"
)

// Rooms is what is run: options are the tokens x and y.
type Rooms interface {
	Get(ctx context.Context, name, options string) (*Room, error)
	Release(ctx context.Context, name string) error
	Dispose(ctx context.Context) error
}

// Room is what the backend opens.
type Room struct {
	Number  int // of its opening, from 1
	Name    string
	Options string
}

// Subject makes a Rooms and reads its errors.
type Subject struct {
	New      func(*Backend) Rooms
	Classify func(error) model.OutcomeKind // OutcomePending for what it doesn't know
}

// Round is how much is recorded on one Rooms.
type Round struct {
	Names, Goroutines, Calls int  // calls of each goroutine
	Dispose                  bool // one or two of the calls are disposals
	Jitter                   bool // the backend yields the processor now and then
	Seed                     uint64
	Patience                 time.Duration // how long calls may take; 0 stands for a minute
}

// Backend opens and releases at once, or after yielding the processor a few times; some of its works fail. It records when each ended,
// and checks that for one name they alternate.
type Backend struct {
	since  time.Time
	round  Round
	number atomic.Int64
	mu     sync.Mutex
	held   map[string]int // the room of a name that is held or worked on
	ends   map[string][]porcupine.Operation
	broken error // how the port was used wrongly
}

type broken struct{ room int }

func (b *broken) Error() string { return fmt.Sprintf("the backend failed with %d", b.room) }

// Open opens a room.
func (b *Backend) Open(name, options string) (*Room, error) {
	room := &Room{Number: int(b.number.Add(1)), Name: name, Options: options}
	b.hold(name, 0, room.Number)
	failed := b.work(room.Number, 1)
	b.ended(name, Op{Kind: Opened, Room: room.Number, Options: options, Failed: failed}, failed)
	if failed {
		return nil, &broken{room.Number}
	}
	return room, nil
}

// Release releases a room.
func (b *Backend) Release(room *Room) error {
	b.hold(room.Name, room.Number, room.Number)
	failed := b.work(room.Number, 2)
	b.ended(room.Name, Op{Kind: Released, Room: room.Number, Failed: failed}, true)
	if failed {
		return &broken{room.Number}
	}
	return nil
}

// work takes its time and tells whether it fails.
func (b *Backend) work(room int, salt uint64) bool {
	r := rand.New(rand.NewPCG(b.round.Seed, uint64(room)<<2|salt))
	if b.round.Jitter {
		for range r.IntN(8) {
			runtime.Gosched()
		}
	}
	return r.IntN(8) == 0
}

func (b *Backend) hold(name string, expected, room int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[name] != expected && b.broken == nil {
		b.broken = fmt.Errorf("work on room %d of %s begins while %d is held", room, name, b.held[name])
	}
	b.held[name] = room
}

func (b *Backend) ended(name string, op Op, free bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if free {
		b.held[name] = 0
	}
	b.ends[name] = append(b.ends[name], porcupine.Operation{ClientId: b.round.Goroutines + op.Room%4, Input: op,
		Call: int64(time.Since(b.since)), Return: Never})
}

// lateContext ends only once somebody waits for it, so that no call finds it ended at its begin: such a call has no effect at all.
type lateContext struct {
	context.Context
	once *sync.Once
	end  context.CancelFunc
}

func newLateContext() lateContext {
	ctx, cancel := context.WithCancel(context.Background())
	return lateContext{ctx, new(sync.Once), cancel}
}

// Done has the context end soon.
func (c lateContext) Done() <-chan struct{} {
	c.once.Do(func() { go c.end() })
	return c.Context.Done()
}

// call is one call that was recorded.
type call struct {
	number     int
	kind       model.Kind
	name       string
	options    string
	begin, end int64
	room       *Room
	err        error
}

// History is what was recorded in a round.
type History struct {
	Calls  int
	Names  map[string][]porcupine.Operation
	Broken error // how the port was used wrongly, or which calls never returned
	Ends   map[model.OutcomeKind]int
}

// Record runs a round: goroutines that make calls of every kind, all at once. Calls that have not returned when patience ends never do:
// their end is at infinity, and the history is broken.
func (round Round) Record(subject Subject) History {
	b := &Backend{since: time.Now(), round: round, held: map[string]int{}, ends: map[string][]porcupine.Operation{}}
	rooms := subject.New(b)
	calls := make([][]call, round.Goroutines)
	begun, ended := make([]atomic.Int64, round.Goroutines), make([]atomic.Int64, round.Goroutines)
	var ready, done sync.WaitGroup
	begin := make(chan struct{})
	for g := range round.Goroutines {
		mine := make([]call, round.Calls)
		calls[g] = mine
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-begin
			for i := range mine {
				do := round.prepare(rooms, b.since, &mine[i], g, i)
				begun[g].Add(1)
				do()
				ended[g].Add(1)
			}
		})
	}
	ready.Wait()
	close(begin)
	all := make(chan struct{})
	go func() {
		done.Wait()
		close(all)
	}()
	patience := time.After(cmp.Or(round.Patience, time.Minute))
	select {
	case <-all:
	case <-patience:
	}
	for g := range calls {
		begun, ended := begun[g].Load(), ended[g].Load()
		made := calls[g]
		if calls[g] = slices.Clone(made[:ended]); ended < begun {
			// Its goroutine may yet write how it ended.
			c := &made[begun-1]
			calls[g] = append(calls[g], call{number: c.number, kind: c.kind, name: c.name, options: c.options, begin: c.begin, end: Never})
		}
	}
	return round.history(subject, b, calls)
}

// prepare chooses the i-th call of a goroutine, notes that it begins, and returns what makes it.
func (round Round) prepare(rooms Rooms, since time.Time, c *call, g, i int) func() {
	r := rand.New(rand.NewPCG(round.Seed, uint64(g)<<32|uint64(i)))
	c.number = g*round.Calls + i + 1
	c.name = string(rune('a' + r.IntN(round.Names)))
	ctx := context.Background()
	if r.IntN(6) == 0 {
		ctx = newLateContext()
	}
	kind := r.IntN(16)
	do := func() { c.room, c.err = rooms.Get(ctx, c.name, c.options) }
	switch {
	case round.Dispose && i == round.Calls*3/4 && g < 2:
		c.kind, c.name = model.KindDispose, ""
		do = func() { c.err = rooms.Dispose(ctx) }
	case kind < 6:
		c.kind = model.KindRelease
		do = func() { c.err = rooms.Release(ctx, c.name) }
	default:
		c.kind, c.options = model.KindGet, "x"
		if kind == 6 {
			c.options = "y"
		}
	}
	c.begin = int64(time.Since(since))
	return func() {
		do()
		c.end = int64(time.Since(since))
	}
}

// history turns calls and works into one history for each name.
func (round Round) history(subject Subject, b *Backend, calls [][]call) History {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := History{Names: map[string][]porcupine.Operation{}, Broken: b.broken, Ends: map[model.OutcomeKind]int{}}
	names := map[int]string{} // of rooms
	for name, ends := range b.ends {
		h.Names[name] = slices.Clone(ends)
		for _, op := range ends {
			names[op.Input.(Op).Room] = name
		}
	}
	for g := range calls {
		for i := range calls[g] {
			c := &calls[g][i]
			h.Calls++
			in := []string{c.name}
			if c.kind == model.KindDispose {
				in = nil
				for n := range round.Names {
					in = append(in, string(rune('a'+n)))
				}
			}
			for _, name := range in {
				op := porcupine.Operation{ClientId: g, Call: c.begin, Return: c.end}
				op.Input = Op{Kind: Begins, Call: c.number, What: c.kind, Options: c.options}
				h.Names[name] = append(h.Names[name], op)
				if c.end == Never {
					h.Broken = cmp.Or(h.Broken, fmt.Errorf("call %d (%v %s) has not returned", c.number, c.kind, name))
					continue
				}
				outcome := c.outcome(subject, name, names)
				h.Ends[outcome.Kind]++
				op.Input = Op{Kind: Settled, Call: c.number, What: c.kind, Outcome: outcome}
				h.Names[name] = append(h.Names[name], op)
			}
		}
	}
	return h
}

// outcome reads how a call ended, as far as it concerns a name.
func (c *call) outcome(subject Subject, name string, names map[int]string) Outcome {
	switch {
	case c.err == nil && c.kind == model.KindGet && c.room == nil:
		return Outcome{}
	case c.err == nil && c.kind == model.KindGet:
		return Outcome{Kind: model.OutcomeRoom, Room: c.room.Number}
	case c.err == nil:
		return Outcome{Kind: model.OutcomeDone}
	case errors.Is(c.err, context.Canceled):
		return Outcome{Kind: model.OutcomeGaveUp}
	}
	if c.kind == model.KindDispose {
		var failed []int
		each := []error{c.err}
		if all, ok := c.err.(interface{ Unwrap() []error }); ok {
			each = all.Unwrap()
		}
		for _, err := range each {
			if f := (*broken)(nil); !errors.As(err, &f) {
				return Outcome{}
			} else if names[f.room] == name {
				failed = append(failed, f.room)
			}
		}
		if len(failed) == 0 {
			return Outcome{Kind: model.OutcomeDone}
		}
		return Outcome{Kind: model.OutcomeFailed, All: numbers(failed)}
	}
	if f := (*broken)(nil); errors.As(c.err, &f) {
		if c.kind == model.KindGet {
			return Outcome{Kind: model.OutcomeOpenFailed, Room: f.room}
		}
		return Outcome{Kind: model.OutcomeReleaseFailed, Room: f.room}
	}
	return Outcome{Kind: subject.Classify(c.err)}
}
