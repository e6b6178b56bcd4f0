package conformance

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/model"
)

// System is what the harness tries: anything that gets and releases rooms by name. Its methods are
// called concurrently. A System that promises [Promises.Disposal] must also have a method
// Dispose(context.Context) error, which releases all rooms; gets after it fail. A System that keeps
// goroutines should have a method Close(), which the harness calls after each script.
type System interface {
	// Get returns the room of a name: the *Room that [Backend.Open] returned, not a copy. Options
	// are tokens. Two gets request the same options if their tokens are equal, or with
	// [Promises.EqualAfterDefaults] if [Spelling] returns equal tokens.
	Get(ctx context.Context, name, options string) (*Room, error)
	// Release releases the room of a name.
	Release(ctx context.Context, name string) error
}

type disposer interface{ Dispose(context.Context) error }

// Lease is what Acquire returns to one of several owners of a room. A System that promises
// [Promises.Leases] must have a method Acquire(ctx context.Context, name, options string) (Lease,
// error), with options as in Get.
type Lease interface {
	Room() *Room // the room, as Get would return it
	Close()      // closing the last lease starts the release of the room, and doesn't wait for it
}

type acquirer interface {
	Acquire(ctx context.Context, name, options string) (Lease, error)
}

// Subject says how to make a System, how to read its errors, and which promises it makes.
type Subject struct {
	// New makes a fresh System. The System must open and release rooms with the backend, and with
	// nothing else. New is called once for each script, inside the script's bubble of
	// testing/synctest, so that the goroutines that it starts belong to the bubble.
	New func(*Backend) System
	// Classify says what an error of the System means. It must be a pure function. It need not
	// recognize the errors of Backend methods and of contexts: the harness looks for these in the
	// System's error itself, with errors.Is and errors.As.
	Classify func(error) Rejection
	// Promises says what the System promises. The zero value promises the least.
	Promises Promises
	// Inspect, if it is not nil, is called after each step, when nothing runs any more. It looks
	// inside the System, and returns an error if something there is wrong.
	Inspect func(System, Step) error
}

// Step is a step of a script, and what the model does in it. [Subject.Inspect] gets it.
type Step struct {
	// the model's inputs: one, except for a call that is given up in its own step, and for leases
	Inputs  []model.Input
	Outputs [][]model.Output // the model's outputs, for each input
	State   model.State      // the model's state after the step
}

// Rejection is what an error of a System means.
type Rejection uint8

// The values of Rejection.
const (
	Unknown          Rejection = iota // any other error
	DifferentOptions                  // the name has a room with other options (CHA-RC1f1)
	ReleasedBefore                    // the room was released before the get was done (CHA-RC1g4)
	Disposed                          // the system was disposed of (CHA-RC1f8)
)

// ClassifyBy returns a function for [Subject.Classify]. It finds three errors of a System with
// errors.Is: the error for different options, for a room that was released before the get was done,
// and for a system that was disposed of. Pass nil for an error that the System doesn't have.
func ClassifyBy(differentOptions, releasedBefore, disposed error) func(error) Rejection {
	return func(err error) Rejection {
		switch {
		case errors.Is(err, differentOptions):
			return DifferentOptions
		case errors.Is(err, releasedBefore):
			return ReleasedBefore
		case errors.Is(err, disposed):
			return Disposed
		}
		return Unknown
	}
}

// Spelling splits the options of a [System.Get]. It returns their token, and whether the get spells
// every default out instead of omitting it. Two gets with the same token request the same options.
// Options are spelled out only if [Promises.EqualAfterDefaults] is promised.
func Spelling(options string) (token string, out bool) { return strings.CutSuffix(options, SpelledOut) }

// patience is how long, in real time, a script may run without coming to rest.
var patience = time.Minute

// errGaveUp is the cause of a context that a script cancels.
var errGaveUp = errors.New("the caller gave up")

// RunScript runs a script on a fresh System, in a bubble of virtual time. It returns the first
// violation, or nil if there is none. After each step it waits until nothing runs any more, and
// compares the System with the model: which calls are settled and how, with which room, and which
// rooms the backend is opening or releasing. After the script it lets all backend calls succeed
// and, if Dispose is promised, calls it; then all goroutines must end. RunScript panics if the
// steps can't happen in this order. It may be called concurrently.
func RunScript(t *testing.T, subject Subject, script []model.Input) *Violation {
	t.Helper()
	if out := runInProcess(t, subject, script, false); len(out.Violations) > 0 {
		return out.Violations[0]
	}
	return nil
}

func runInProcess(t *testing.T, subject Subject, script []model.Input, note bool) Outcome {
	t.Helper()
	p := &inProcess{subject: subject, gates: &Gates{}}
	p.run = &run{transport: p, promises: subject.Promises, script: script, note: note}
	played := make(chan error, 1)
	end := bubble.Run(t, bubble.Limits{Look: 50 * time.Millisecond, Patience: patience}, func() {
		p.start()
		played <- p.play()
		p.cleanup()
	})
	hang := difference{kind: Hang, want: "an end once all backend calls have ended", got: "hangs: " + p.whyItHangs(end)}
	select {
	case err := <-played:
		if err != nil {
			panic(err)
		}
	default:
		hang.want = "rest, with no goroutine waiting for a lock"
		return Outcome{Violations: []*Violation{p.violation(hang)}, Stopped: true}
	}
	out := p.out
	switch {
	case len(out.Violations) > 0:
	case end.Left:
		out.Violations = []*Violation{p.violation(difference{kind: Leftover,
			want: "no goroutine that waits for ever once all backend calls have ended", got: "goroutines that wait for ever"})}
	case end.Hang != "":
		out.Violations = []*Violation{p.violation(hang)}
	}
	return out
}

// whyItHangs explains a hang. If a goroutine waits for a lock while backend calls wait, the lock is
// held during one of these calls: nothing else is running that could unlock it.
func (p *inProcess) whyItHangs(end bubble.End) string {
	var works []string
	for _, w := range p.gates.Works() {
		over := map[bool]string{true: "the open of ", false: "the close of "}[w.Opening] + w.Room.Name
		if !slices.Contains(works, over) {
			works = append(works, over)
		}
	}
	if !strings.Contains(end.Hang, "Lock in ") || len(works) == 0 {
		return end.Hang
	}
	return lockHeldOver(works, end.Hang)
}

// lockHeldOver explains a hang. A lock is held during some of the works, which are calls of the
// backend; waits names the call that waits for the lock.
func lockHeldOver(works []string, waits string) string {
	return fmt.Sprintf("a lock is held during %s: %s waits for it until the backend is done."+
		" Unlock before calling Backend.Open or Backend.Release", strings.Join(works, " or "), waits)
}

// inProcess is the [transport] to a System in a bubble.
type inProcess struct {
	*run
	subject Subject
	backend *Backend
	gates   *Gates
	system  System
	broken  string // why the System can't be used; empty if it can

	mu     sync.Mutex
	made   []*call
	spoilt bool // the run is over: calls that return now don't count
}

// call is one call of a script, as its caller sees it.
type call struct {
	cancel   context.CancelCauseFunc
	settled  bool
	room     *Room
	lease    Lease
	err      error
	panicked string // why the call didn't return; empty if it did
}

// lacking returns an error text for a method that is promised but missing, or an empty text.
func (p Promises) lacking(s System) string {
	if _, ok := s.(disposer); p.Disposal && !ok {
		return "Disposal is promised, and the System has no method Dispose(context.Context) error"
	}
	if _, ok := s.(acquirer); p.Leases && !ok {
		return "Leases are promised, and the System has no method Acquire(context.Context, string, string) (Lease, error)"
	}
	if w, ok := s.(interface{ lacks(Promises) string }); ok {
		return w.lacks(p)
	}
	return ""
}

// start makes the system.
func (p *inProcess) start() {
	p.backend = NewBackend(p.gates.Wait)
	defer func() {
		if r := recover(); r != nil {
			p.broken = fmt.Sprintf("New panics: %v", r)
		}
		if p.broken == "" {
			p.broken = p.promises.lacking(p.system)
		}
	}()
	p.system = p.subject.New(p.backend)
}

func (p *inProcess) begin(in model.Input) error {
	if p.broken != "" {
		return nil
	}
	options := in.Options
	if _, out := Spelling(options); gets(in.Kind) && p.promises.EqualAfterDefaults && in.Call%2 == 0 && !out {
		options += SpelledOut
	}
	// A call that is never given up gets a context that never ends, since a System may handle such
	// contexts differently.
	ctx, cancel := context.Background(), context.CancelCauseFunc(func(error) {})
	if p.ended || slices.Contains(p.script, model.GiveUp(in.Call)) {
		ctx, cancel = context.WithCancelCause(ctx)
	}
	if p.ended {
		cancel(errGaveUp)
	}
	c := &call{cancel: cancel}
	p.made = append(p.made, c)
	go func() {
		var room *Room
		var lease Lease
		var err error
		returned := false
		defer func() {
			why := ""
			if r := recover(); r != nil {
				why = fmt.Sprintf("panics: %v", r)
			} else if !returned {
				why = "ends its goroutine"
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if !p.spoilt {
				c.settled, c.room, c.lease, c.err, c.panicked = true, room, lease, err, why
			}
		}()
		switch in.Kind {
		case model.KindGet:
			room, err = p.system.Get(ctx, in.Name, options)
		case model.KindAcquire:
			if lease, err = p.system.(acquirer).Acquire(ctx, in.Name, options); err == nil {
				room = lease.Room()
			}
		case model.KindRelease:
			err = p.system.Release(ctx, in.Name)
		case model.KindDispose:
			err = p.system.(disposer).Dispose(ctx)
		}
		returned = true
	}()
	runtime.Gosched()
	return nil
}

func (p *inProcess) act(in model.Input) error {
	switch in.Kind {
	case model.KindGiveUp:
		p.made[in.Call-1].cancel(errGaveUp)
	case model.KindClose:
		p.mu.Lock()
		lease := p.made[in.Call-1].lease
		p.mu.Unlock()
		lease.Close()
	case model.KindOpened, model.KindReleased:
		p.gates.endOf(in.Incarnation, nil)
	case model.KindOpenFailed, model.KindReleaseFailed:
		p.gates.endOf(in.Incarnation, &Failure{Number: in.Incarnation, Opening: in.Kind == model.KindOpenFailed})
	}
	return nil
}

func (p *inProcess) rest() error {
	synctest.Wait()
	return nil
}

func (p *inProcess) works() *difference {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != "" {
		return &difference{kind: Panic, want: "no panic", got: p.broken}
	}
	for i, c := range p.made {
		if c.panicked != "" {
			return &difference{kind: Panic, want: "no panic", got: p.who(i) + " " + c.panicked}
		}
	}
	if err := p.backend.Fault(); err != nil {
		return &difference{kind: Differs, want: "no wrong call of the backend", got: err.Error()}
	}
	return p.gates.compare(p.turn, p.now.model, p.promises)
}

func (p *inProcess) inside() *difference {
	if p.subject.Inspect == nil {
		return nil
	}
	step := Step{Inputs: p.turn.inputs, Outputs: p.turn.outputs, State: p.now.model}
	if err := p.subject.Inspect(p.system, step); err != nil {
		return &difference{kind: Inside, want: "Inspect to return nil", got: err.Error()}
	}
	return nil
}

func (p *inProcess) seen(n int, want model.Call) (ending, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.made[n-1]
	if !c.settled {
		return ending{}, false
	}
	if c.err == nil {
		return p.room(c, want), true
	}
	got := ending{Outcome: p.subject.Outcome(want.Kind, c.err), text: fmt.Sprintf("error %q", c.err), cause: errors.Is(c.err, errGaveUp)}
	if got.class = strings.TrimSuffix(got.Kind.String(), "{}"); got.Kind == model.OutcomePending {
		got.class = "another error"
	}
	return got, true
}

// room returns the ending of a call that returned no error.
func (p *inProcess) room(c *call, want model.Call) ending {
	switch i := p.gates.incarnation(c.room); {
	case want.Kind != model.KindGet:
		return ending{Outcome: model.Outcome{Kind: model.OutcomeDone}, text: "done", class: "done"}
	case c.room == nil:
		return ending{text: "no error and no room", class: "another room"}
	case i == 0:
		return ending{text: "a room that the backend did not open, or a copy of one", class: "another room"}
	default:
		o := model.Outcome{Kind: model.OutcomeRoom, Incarnation: i}
		return ending{Outcome: o, text: o.String(), class: "a room"}
	}
}

// Outcome translates the error of a call into an outcome of the model. It takes incarnations from
// the numbers of [Failure] errors. It returns the zero Outcome for an error that the model doesn't
// have.
func (s Subject) Outcome(kind model.Kind, err error) model.Outcome {
	var failed []int // the numbers of all failed releases in the error's tree
	var walk func(error)
	walk = func(err error) {
		if f, ok := err.(*Failure); ok && !f.Opening && !slices.Contains(failed, f.Number) {
			failed = append(failed, f.Number)
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, next := range e.Unwrap() {
				walk(next)
			}
		}
	}
	if walk(err); kind == model.KindDispose && len(failed) > 0 {
		slices.Sort(failed)
		return model.Outcome{Kind: model.OutcomeFailed, Failed: failed}
	}
	known := map[Rejection]model.OutcomeKind{DifferentOptions: model.OutcomeDifferentOptions,
		ReleasedBefore: model.OutcomeReleasedBefore, Disposed: model.OutcomeDisposed}
	f := (*Failure)(nil)
	switch kind := known[s.Classify(err)]; {
	case kind != 0:
		return model.Outcome{Kind: kind}
	case errors.As(err, &f) && f.Opening:
		return model.Outcome{Kind: model.OutcomeOpenFailed, Incarnation: f.Number}
	case f != nil:
		return model.Outcome{Kind: model.OutcomeReleaseFailed, Incarnation: f.Number}
	case errors.Is(err, errGaveUp) || errors.Is(err, context.Canceled):
		return model.Outcome{Kind: model.OutcomeGaveUp}
	}
	return model.Outcome{}
}

// cleanup lets all goroutines of the run end.
func (p *inProcess) cleanup() {
	p.mu.Lock()
	p.spoilt = true
	p.mu.Unlock()
	p.gates.Drain()
	for _, c := range p.made {
		c.cancel(errGaveUp)
	}
	synctest.Wait()
	if d, ok := p.system.(disposer); ok && p.promises.Disposal {
		go func() {
			defer func() { _ = recover() }()
			_ = d.Dispose(context.Background())
		}()
		synctest.Wait()
	}
	if c, ok := p.system.(interface{ Close() }); ok {
		c.Close()
	}
}
