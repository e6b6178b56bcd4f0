package realtime_test

import (
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/fsm"
)

// An observer gets each step in order, before the effects of the step. A panic in it does no harm.
// It is called without a lock.
func TestStepsAreObserved(t *testing.T) { inBubble(t, "", testStepsAreObserved) }

func testStepsAreObserved(t *testing.T) {
	var mu sync.Mutex
	var steps []realtime.Step
	var w *world
	w = newWorld(t, newServer(t), realtime.Config{Observe: func(s realtime.Step) {
		mu.Lock()
		steps = append(steps, s)
		mu.Unlock()
		w.channels.Connected()
		if len(steps)%2 == 0 {
			panic("an observer's")
		}
	}})
	w.connect()
	ch := w.attached()
	must(t, ch.Detach(soon(t)))
	must(t, ch.GiveBack(soon(t)))

	mu.Lock()
	defer mu.Unlock()
	kinds := map[fsm.ChannelInputKind]bool{}
	for i, s := range steps {
		kinds[s.Input.Kind] = true
		if s.Seq != uint64(i+1) || s.Name != name || s.Of != steps[0].Of || s.Refused {
			t.Errorf("step %d is %+v", i+1, s)
		}
		if i > 0 && !reflect.DeepEqual(s.Before, steps[i-1].After) {
			t.Errorf("step %d begins as %+v, where the one before ended as %+v", i+1, s.Before, steps[i-1].After)
		}
	}
	for _, kind := range []fsm.ChannelInputKind{fsm.CallChannelAttach, fsm.FrameAttached, fsm.CallChannelDetach,
		fsm.FrameDetached, fsm.GiveBack} {
		if !kinds[kind] {
			t.Errorf("no step is %v", kind)
		}
	}
}

// Frames that are no input of the channel's machine (docs/channel.md) are no steps of it.
func TestFramesThatAreNoSteps(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		var steps []realtime.Step // by the goroutines that take them, one at a time
		w := newWorld(t, newServer(t), realtime.Config{
			Observe: func(s realtime.Step) { steps = append(steps, s) }})
		w.connect()
		c := w.attached()
		seen := len(steps)
		for _, action := range []ablytest.Action{ablytest.ActionSync, ablytest.ActionObjectSync} {
			must(t, w.server.Inject("", &ablytest.ProtocolMessage{Action: action, Channel: name}))
		}
		_, err := w.server.Publish(name, ablytest.Message{Name: "m"})
		must(t, err)
		c.await("message m")
		if len(steps) != seen+1 || steps[seen].Input.Kind != fsm.FrameMessage {
			t.Errorf("got %+v, want the message alone", steps[seen:])
		}
		c.end()
	})
}

// Steps that happen while no client uses the channels are counted, so that the observer of the next
// user can tell that it missed some.
func TestStepsThatNobodyObservesCount(t *testing.T) {
	inBubble(t, "", func(t *testing.T) {
		var steps []realtime.Step // appended by one goroutine at a time
		config := realtime.Config{Observe: func(s realtime.Step) { steps = append(steps, s) },
			RequestTimeout: 10 * time.Second, RetryTimeout: time.Second}
		w := newWorld(t, newServer(t), config)
		w.connect()
		c := w.attached()
		w.lostDetach(c)
		w.channels.Close()
		seen := len(steps)
		gate := w.server.Hold(ablytest.ToServer(ablytest.ActionDetach))
		w.server.AcceptConnections()
		must(t, gate.Await(soon(t), 1)) // the DETACH that is sent again
		var ok bool
		if w.channels, ok = realtime.New(w.transport, config); !ok {
			t.Fatal("the connection still has a user")
		}
		gate.Open()
		synctest.Wait()
		if len(steps) != seen+1 {
			t.Fatalf("%d steps, want the DETACHED alone: %+v", len(steps)-seen, steps[seen:])
		}
		if last, next := steps[seen-1], steps[seen]; next.Of != last.Of || next.Seq != last.Seq+3 {
			t.Errorf("step %d follows step %d, want two between them: GiveBack and the change of the connection", next.Seq, last.Seq)
		}
	})
}
