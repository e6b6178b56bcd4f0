package goroutines

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/graphtest"
	"ablyrooms.example/tests/graphs/roomstatus"
	"ablyrooms.example/tests/report/golden"
)

// gatedChannel is a fake channel. Its operations wait until the script ends them, and it emits the
// events of the script.
type gatedChannel struct {
	emit  func(lifecycle.ChannelStateChange)
	began journal[model.RoomOutputKind] // the operations that were requested
	gates chan chan error               // has the channel whose value ends the running operation
	// closed at the end of the script: from then on no operation waits
	open chan struct{}
}

func (c *gatedChannel) OnStateChange(emit func(lifecycle.ChannelStateChange)) { c.emit = emit }

func (c *gatedChannel) Attach(context.Context) error   { return c.run(model.OutputAttachChannel) }
func (c *gatedChannel) Detach(context.Context) error   { return c.run(model.OutputDetachChannel) }
func (c *gatedChannel) GiveBack(context.Context) error { return c.run(model.OutputGiveBackChannel) }

func (c *gatedChannel) run(what model.RoomOutputKind) error {
	c.began.add(what)
	gate := make(chan error)
	select {
	case c.gates <- gate:
	default:
		return errors.New("two operations of the channel run at the same time")
	}
	select {
	case err := <-gate:
		return err
	case <-c.open:
		return nil
	}
}

// journal has the entries that were added since take was last called.
type journal[T any] struct {
	mu   sync.Mutex
	list []T
}

func (j *journal[T]) add(entry T) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.list = append(j.list, entry)
}

func (j *journal[T]) take() []T {
	j.mu.Lock()
	defer j.mu.Unlock()
	list := j.list
	j.list = nil
	return list
}

// runningRoom is the interface of a room to its users. A test replaces a function to plant a fault.
type runningRoom struct {
	attach, detach, release func(context.Context) error
	onStatus                func(func(lifecycle.RoomStatusChange))
	onDiscontinuity         func(func(*lifecycle.ErrorInfo))
	emit                    func(lifecycle.ChannelStateChange)
	status                  func() (lifecycle.RoomStatus, *lifecycle.ErrorInfo)
}

// roomRun says how a script is run.
type roomRun struct {
	observe bool // compare the observed steps too
	// calls that the script doesn't give up get a context that can't end, so that they run
	// operations themselves
	direct bool
	spoil  func(r *runningRoom) // plants a fault
}

// runRoom runs a script on a room, in a bubble, and returns an error for the first difference from
// the model. At the end the room is released, which is compared too, and all goroutines must end.
func runRoom(t *testing.T, script []model.RoomInput, how roomRun) (err error) {
	t.Helper()
	script = untilReleased(script)
	synctest.Test(t, func(t *testing.T) { err = runRoomInBubble(script, how) })
	return err
}

// untilReleased returns the script with more inputs: everything that runs at its end succeeds, and
// then the room is released.
func untilReleased(script []model.RoomInput) []model.RoomInput {
	script = slices.Clone(script)
	var s model.RoomState
	for _, in := range script {
		s, _, _ = s.Step(in)
	}
	ends := map[model.RoomPhase]model.RoomInput{model.PhaseInAttach: model.AttachEnded(0), model.PhaseInDetach: model.DetachEnded(0),
		model.PhaseInRetryPause: model.RetryDue(), model.PhaseInGiveBack: model.GiveBackEnded(0)}
	take := func(in model.RoomInput) {
		s, _, _ = s.Step(in)
		script = append(script, in)
	}
	for range 2 {
		for s.Phase != model.PhaseIdle {
			take(ends[s.Phase])
		}
		take(model.RoomRelease(s.Last + 1))
	}
	return script
}

func runRoomInBubble(script []model.RoomInput, how roomRun) error {
	reasons := []*lifecycle.ErrorInfo{nil}
	for i := 1; i <= 3; i++ {
		reasons = append(reasons, lifecycle.NewErrorInfo(lifecycle.ErrorCode(90000+i), fmt.Sprintf("reason %d", i), nil))
	}
	reason := func(n int) *lifecycle.ErrorInfo { return reasons[n] }
	number := func(e *lifecycle.ErrorInfo) int { return slices.Index(reasons, e) }

	channel := &gatedChannel{gates: make(chan chan error, 1), open: make(chan struct{})}
	var steps journal[lifecycle.RoomStep]
	var config lifecycle.RoomConfig
	if how.observe {
		config.Observe = steps.add
	}
	room, release := lifecycle.NewRoom("a", lifecycle.DefaultRoomOptions(), channel, config)
	r := &runningRoom{attach: room.Attach, detach: room.Detach, release: release, emit: channel.emit,
		onStatus: func(f func(lifecycle.RoomStatusChange)) { must(room.SubscribeStatus(f)) },
		onDiscontinuity: func(f func(*lifecycle.ErrorInfo)) {
			must(room.SubscribeDiscontinuities(func(d lifecycle.Discontinuity) { f(lifecycle.AsErrorInfo(d.Reason)) }))
		},
		status: func() (lifecycle.RoomStatus, *lifecycle.ErrorInfo) {
			return room.Status(), lifecycle.AsErrorInfo(room.Error())
		}}
	if how.spoil != nil {
		how.spoil(r)
	}
	var told, lost journal[model.RoomOutput]
	r.onStatus(func(c lifecycle.RoomStatusChange) {
		told.add(roomstatus.FromCore(fsm.RoomOutput[*lifecycle.ErrorInfo]{Kind: fsm.PublishStatus,
			Previous: c.Previous, Status: c.Current, Err: lifecycle.AsErrorInfo(c.Error)}, number))
	})
	r.onDiscontinuity(func(e *lifecycle.ErrorInfo) {
		o := model.RoomOutput{Kind: model.OutputDiscontinuity}
		if e.Code != lifecycle.ErrRoomDiscontinuity || e.StatusCode != 500 {
			o.Err = -1
		} else if e.Cause != nil {
			o.Err = slices.IndexFunc(reasons, func(r *lifecycle.ErrorInfo) bool { return r != nil && error(r) == e.Cause })
		}
		lost.add(o)
	})

	calls := map[int]*runningCall{}
	defer func() { // after a difference, no goroutine may go on waiting
		close(channel.open)
		for _, c := range calls {
			c.cancel(nil)
		}
		synctest.Wait()
		time.Sleep(2 * lifecycle.RetryPause)
	}()
	var state model.RoomState
	for i, in := range script {
		next, want, refused := state.Step(in)
		if refused != nil {
			return refused
		}
		differs := func(what string, got, want any) error {
			return fmt.Errorf("input %d, %v (rules %v): %s\n  the room   %v\n  the model  %v", i+1, in, state.Explain(in), what, got, want)
		}
		switch in.Kind {
		case model.KindRoomAttach, model.KindRoomDetach, model.KindRoomRelease:
			do := []func(context.Context) error{r.attach, r.detach, r.release}[in.Kind-model.KindRoomAttach]
			endless := how.direct && !slices.Contains(script, model.RoomGiveUp(in.Call))
			calls[in.Call] = beginCall(do, endless)
		case model.KindRoomGiveUp:
			calls[in.Call].cancel(errGaveUp)
		case model.KindChannelEvent:
			r.emit(lifecycle.ChannelStateChange{Current: roomstatus.ToCore(in, reason).Channel, Update: in.Update,
				Resumed: in.Resumed, Reason: reason(in.Err)})
		case model.KindRetryDue:
			time.Sleep(lifecycle.RetryPause)
		default:
			select {
			case gate := <-channel.gates:
				if err := reason(in.Err); err != nil {
					gate <- err
				} else {
					gate <- nil
				}
			default:
				return differs("the script ends an operation, but no operation of the channel is running", nil, in)
			}
		}
		synctest.Wait()

		var commands []model.RoomOutputKind
		var changes, discontinuities []model.RoomOutput
		settled := map[int]model.RoomOutcome{}
		for _, o := range want {
			switch o.Kind {
			case model.OutputRoomSettle:
				settled[o.Call] = o.Outcome
			case model.OutputRoomStatus:
				changes = append(changes, o)
			case model.OutputDiscontinuity:
				discontinuities = append(discontinuities, o)
			case model.OutputStartRetryPause: // the next detach shows that the pause began
			default:
				commands = append(commands, o.Kind)
			}
		}
		began, heard, missed, observed := channel.began.take(), told.take(), lost.take(), steps.take()
		got := map[int]model.RoomOutcome{}
		for n, c := range calls {
			select {
			case err := <-c.ended:
				got[n] = outcomeOf(err, number)
				c.cancel(nil)
				delete(calls, n)
			default:
			}
		}
		status, statusErr := r.status()
		for _, d := range []struct {
			what      string
			got, want any
		}{{"calls end with", got, settled}, {"the operations of the channel are", began, commands},
			{"listeners receive", heard, changes}, {"listeners receive", missed, discontinuities},
			{"the getters say", fmt.Sprint(status, number(statusErr)), fmt.Sprint(next.Status, next.Err)}} {
			if !reflect.DeepEqual(d.got, d.want) {
				return differs(d.what, d.got, d.want)
			}
		}
		if how.observe {
			if len(observed) != 1 || observed[0].Seq != uint64(i+1) ||
				!reflect.DeepEqual(observed[0].Input, roomstatus.ToCore(in, reason)) {
				return differs("the steps observed are", observed, in)
			}
			var outs []model.RoomOutput
			for _, o := range observed[0].Outputs {
				outs = append(outs, roomstatus.FromCore(o, number))
			}
			if !slices.Equal(outs, want) {
				return differs("the outputs are, in order", outs, want)
			}
		}
		state = next
	}
	if len(calls) > 0 || state.Status != model.StatusReleased {
		return fmt.Errorf("at the end of the script, %d calls are pending and the status is %v", len(calls), state.Status)
	}
	return nil
}

var errGaveUp = errors.New("the caller gives up")

// runningCall is a call that has begun.
type runningCall struct {
	ended  chan error
	cancel context.CancelCauseFunc
}

// beginCall begins a call. With endless, its context can't end.
func beginCall(do func(context.Context) error, endless bool) *runningCall {
	ctx, cancel := context.WithCancelCause(context.Background())
	if endless {
		ctx = context.Background()
	}
	c := &runningCall{ended: make(chan error, 1), cancel: cancel}
	go func() { c.ended <- do(ctx) }()
	return c
}

// must panics if a listener could not be registered.
func must(_ *lifecycle.Subscription, err error) {
	if err != nil {
		panic(err)
	}
}

// outcomeOf returns the outcome of a call that returned err.
func outcomeOf(err error, number func(*lifecycle.ErrorInfo) int) model.RoomOutcome {
	info, _ := err.(*lifecycle.ErrorInfo)
	switch {
	case err == nil:
		return model.RoomOutcome{Kind: model.OutcomeRoomDone}
	case errors.Is(err, errGaveUp):
		return model.RoomOutcome{Kind: model.OutcomeRoomGaveUp}
	case info != nil && number(info) > 0:
		return model.RoomOutcome{Kind: model.OutcomeRoomFailed, Err: number(info)}
	case errors.Is(err, lifecycle.ErrRoomInInvalidState):
		for s := model.StatusInitialized; s <= model.StatusReleased; s++ {
			if strings.HasSuffix(info.Message, " is "+s.String()) {
				return model.RoomOutcome{Kind: model.OutcomeRoomInvalidState, Status: s}
			}
		}
	}
	return model.RoomOutcome{}
}

func TestRoomAgainstModel(t *testing.T) {
	m := roomstatus.New(roomstatus.Bounds{Calls: 10, Errors: 3, Bare: true})
	scripts, inputs := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		script := graphtest.Script(rt, m, 40, roomstatus.Weight)
		how := roomRun{observe: rapid.Bool().Draw(rt, "observe"), direct: rapid.Bool().Draw(rt, "direct")}
		if err := runRoom(t, script, how); err != nil {
			rt.Fatalf("%v\n%s", err, graphs.Script(m, untilReleased(script)))
		}
		scripts, inputs = scripts+1, inputs+len(script)
	})
	fmt.Printf("EVIDENCE room_goroutines_against_model scripts=%d inputs=%d\n", scripts, inputs)
}

// A room must take every step of the model's graph with two calls, each by the shortest script that
// ends with it.
func TestRoomTakesEveryStepOfTheGraph(t *testing.T) {
	m := roomstatus.New(roomstatus.Bounds{Calls: 2, Bare: true})
	n := 0
	states, steps, err := graphs.EachStep(t.Context(), m.OfModel(), func(script []model.RoomInput) error {
		n++
		err := runRoom(t, script, roomRun{observe: n%2 == 0, direct: n%3 == 0})
		if err != nil {
			err = fmt.Errorf("%w\n%s", err, graphs.Script(m, untilReleased(script)))
		}
		return err
	})
	if err != nil || states != golden.Int(m.Golden+"/states") || steps != golden.Int(m.Golden+"/steps") {
		t.Fatalf("EachStep visited %d states and %d steps, and returned %v", states, steps, err)
	}
	fmt.Printf("EVIDENCE room_goroutines_every_step calls=2 errors=0 states=%d steps=%d\n", states, steps)
}

type script = []model.RoomInput

// Each fault that a room's users could notice must be found, with a script that shows it.
func TestRoomFaultsAreSeen(t *testing.T) {
	attached := script{model.RoomAttach(1), model.ChannelTurned(model.ChannelAttached, 0), model.AttachEnded(0)}
	with := func(more ...model.RoomInput) script { return append(slices.Clone(attached), more...) }
	for name, f := range map[string]struct {
		script script
		spoil  func(r *runningRoom)
		says   string
	}{
		"a failed attach returns no error": {script{model.RoomAttach(1), model.AttachEnded(1)}, func(r *runningRoom) {
			attach := r.attach
			r.attach = func(ctx context.Context) error { _ = attach(ctx); return nil }
		}, "calls end with"},
		"a caller is not let go": {script{model.RoomAttach(1), model.RoomGiveUp(1)}, func(r *runningRoom) {
			attach := r.attach
			r.attach = func(ctx context.Context) error { return attach(context.WithoutCancel(ctx)) }
		}, "calls end with"},
		"a caller's end ends the operation": {script{model.RoomAttach(1), model.RoomDetach(2), model.RoomGiveUp(1)}, func(r *runningRoom) {
			attach, emit := r.attach, r.emit
			r.attach = func(ctx context.Context) error {
				err := attach(ctx)
				emit(lifecycle.ChannelStateChange{Current: lifecycle.ChannelDetached})
				return err
			}
		}, "the steps observed are"},
		"a change of the error alone is lost": {with(model.ChannelTurned(model.ChannelAttached, 1)), func(r *runningRoom) {
			on := r.onStatus
			r.onStatus = func(f func(lifecycle.RoomStatusChange)) {
				on(func(c lifecycle.RoomStatusChange) {
					if c.Previous != c.Current {
						f(c)
					}
				})
			}
		}, "listeners receive"},
		"a discontinuity is told twice": {with(model.ChannelUpdated(false, 1)), func(r *runningRoom) {
			on := r.onDiscontinuity
			r.onDiscontinuity = func(f func(*lifecycle.ErrorInfo)) { on(func(e *lifecycle.ErrorInfo) { f(e); f(e) }) }
		}, "listeners receive"},
		"a discontinuity has no cause": {with(model.ChannelUpdated(false, 1)), func(r *runningRoom) {
			on := r.onDiscontinuity
			r.onDiscontinuity = func(f func(*lifecycle.ErrorInfo)) {
				on(func(e *lifecycle.ErrorInfo) { f(lifecycle.NewErrorInfo(e.Code, e.Message, nil)) })
			}
		}, "listeners receive"},
		"an old error stays": {script{model.ChannelTurned(model.ChannelSuspended, 1), model.ChannelTurned(model.ChannelSuspended, 0)}, func(r *runningRoom) {
			status := r.status
			var last *lifecycle.ErrorInfo
			r.status = func() (lifecycle.RoomStatus, *lifecycle.ErrorInfo) {
				s, err := status()
				if err != nil {
					last = err
				}
				return s, last
			}
		}, "the getters say"},
		"a release is forgotten": {with(), func(r *runningRoom) {
			r.release = func(context.Context) error { return nil }
		}, "calls end with"},
	} {
		if err := runRoom(t, f.script, roomRun{observe: true}); err != nil {
			t.Errorf("%s: the script fails without the fault: %v", name, err)
		}
		err := runRoom(t, f.script, roomRun{observe: true, spoil: f.spoil})
		if err == nil || !strings.Contains(err.Error(), f.says) {
			t.Errorf("%s: runRoom returned %v, expected an error with %q", name, err, f.says)
		} else {
			graphs.Caught("chain-room", name)
		}
	}
}
