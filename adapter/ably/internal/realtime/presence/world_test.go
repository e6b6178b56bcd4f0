package presence_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	. "ablyrooms.example/adapter/ably/internal/realtime/presence"

	"pgregory.net/rapid"
)

// world has a client's presence on one channel, a service that keeps the members, and a network
// between them. The network delivers in order, until it is cut. The client's transport sends
// messages without an answer again if the connection is resumed, and returns them if it isn't: see
// docs/transport.md.
type world struct {
	set        Set[int]
	connection int    // the number of the present connection, 0 for none
	attached   bool   // the client's channel is attached
	up, down   []wire // frames on their way to the service, and to the client
	unanswered []wire // frames that were sent and have no answer, in order
	serial     int    // the serial of the next frame
	clock      int64

	service map[string]Message[int] // members by connection and client
	inChan  bool                    // the present connection has attached the channel
	// the service's answers on this connection, by serial: ack or nack
	answered map[int]string
	refuse   bool // the service refuses the next PRESENCE

	next Call
	wish map[Call]Message[int] // the calls that are not settled
	// by client: the data that the program believes to be present; nil for none
	intent map[string]*int
	unsure map[string]bool // clients for which an error was reported
	events map[string]int  // by member: its reports as present, minus its reports as left
}

type wire struct {
	kind   string // "presence", "attach", "ack", "nack", "attached", "event", "sync"
	serial int
	call   Call
	m      Message[int]
	list   []Message[int]
	again  bool
	has    bool
}

func newWorld() *world {
	return &world{service: map[string]Message[int]{}, wish: map[Call]Message[int]{}, next: 1,
		intent: map[string]*int{}, unsure: map[string]bool{}, events: map[string]int{}}
}

func (w *world) id() string { return fmt.Sprintf("c%d", w.connection) }

func (w *world) input(t *rapid.T, in Input[int]) {
	for _, o := range w.set.Step(in, nil) {
		switch o.Kind {
		case Send:
			f := wire{kind: "presence", serial: w.serial, call: o.Call, m: o.Message}
			w.serial++
			w.unanswered = append(w.unanswered, f)
			w.up = append(w.up, f)
		case Settle:
			m, ok := w.wish[o.Call]
			if !ok {
				t.Fatalf("call %d is settled twice, or never began", o.Call)
			}
			delete(w.wish, o.Call)
			if o.Outcome != Done {
				w.unsure[m.ClientID] = true // the program doesn't know whether the call took effect
			} else if delete(w.unsure, m.ClientID); m.Action == Leave {
				w.intent[m.ClientID] = nil
			} else {
				w.intent[m.ClientID] = &m.Payload
			}
		case Report:
			who := o.Message.ConnectionID + "/" + o.Message.ClientID
			if o.Message.Action != Leave {
				w.events[who] = 1
			} else if w.events[who]--; w.events[who] < 0 {
				t.Fatalf("OneLeave: %s leaves and was not present", who)
			}
		case ReentryRefused:
			w.unsure[o.Message.ClientID] = true
		}
	}
}

// connect begins a new connection, or one that resumes the old, and attaches the channel.
func (w *world) connect(t *rapid.T, resumed bool) {
	w.up, w.down = nil, nil
	back := w.unanswered
	if !resumed {
		w.connection++
		w.serial, w.inChan, w.answered = 0, false, map[int]string{}
		w.unanswered = nil
	}
	w.input(t, Input[int]{Kind: Connected, Connection: w.id()})
	w.attached = false
	w.input(t, Input[int]{Kind: ChannelState, State: Attaching})
	for _, f := range back {
		if resumed {
			w.up = append(w.up, f)
		} else {
			w.input(t, Input[int]{Kind: Returned, Call: f.call, Client: f.m.ClientID})
		}
	}
	w.up = append(w.up, wire{kind: "attach"})
}

// deliverUp delivers the client's next frame to the service.
func (w *world) deliverUp() {
	if len(w.up) == 0 {
		return
	}
	f := w.up[0]
	w.up = w.up[1:]
	if f.kind == "attach" {
		w.inChan = true
		w.down = append(w.down, wire{kind: "attached", has: len(w.service) > 0})
		if len(w.service) > 0 {
			w.down = append(w.down, wire{kind: "sync", list: w.members()})
		}
		return
	}
	// a frame that is sent again gets the answer that was lost
	if answer := w.answered[f.serial]; answer != "" {
		w.down = append(w.down, wire{kind: answer, serial: f.serial})
		return
	}
	if !w.inChan || w.refuse {
		w.refuse = false
		w.answered[f.serial] = "nack"
		w.down = append(w.down, wire{kind: "nack", serial: f.serial})
		return
	}
	w.answered[f.serial] = "ack"
	key := w.id() + "/" + f.m.ClientID
	stored, is := w.service[key]
	m := Message[int]{Action: f.m.Action, ClientID: f.m.ClientID, ConnectionID: w.id(),
		ID: fmt.Sprintf("%s:%d:0", w.id(), f.serial), Timestamp: w.now(), Payload: f.m.Payload}
	switch {
	case m.Action == Leave:
		delete(w.service, key)
		if is {
			w.down = append(w.down, wire{kind: "event", m: m})
		}
	case is && f.m.ID == stored.ID: // a re-entry of a member that is present
	default:
		if is {
			m.Action = Update
		}
		w.service[key] = m
		w.down = append(w.down, wire{kind: "event", m: m})
	}
	w.down = append(w.down, wire{kind: "ack", serial: f.serial})
}

func (w *world) now() int64 { w.clock++; return w.clock }

func (w *world) members() (list []Message[int]) {
	for _, m := range w.service {
		m.Action = Present
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Message[int]) int {
		return strings.Compare(a.ConnectionID+a.ClientID, b.ConnectionID+b.ClientID)
	})
	return list
}

// deliverDown delivers the service's next frame to the client.
func (w *world) deliverDown(t *rapid.T) {
	if len(w.down) == 0 {
		return
	}
	f := w.down[0]
	w.down = w.down[1:]
	switch f.kind {
	case "ack", "nack":
		i := slices.IndexFunc(w.unanswered, func(u wire) bool { return u.serial == f.serial })
		if i < 0 {
			return
		}
		u := w.unanswered[i]
		w.unanswered = slices.Delete(w.unanswered, i, i+1)
		w.input(t, Input[int]{Kind: Answered, Call: u.call, Client: u.m.ClientID, Refused: f.kind == "nack"})
	case "attached":
		again := w.attached
		w.attached = true
		w.input(t, Input[int]{Kind: ChannelAttached, HasPresence: f.has, Again: again && f.again})
	case "event":
		w.input(t, Input[int]{Kind: Received, Messages: []Message[int]{f.m}})
	case "sync":
		w.input(t, Input[int]{Kind: Synced, Serial: "s:", Messages: f.list})
	}
}

// vanish makes the service drop a member of an older connection, or by mistake one of the present
// connection.
func (w *world) vanish(key string) {
	m := w.service[key]
	delete(w.service, key)
	m.Action, m.ID, m.Timestamp = Leave, "synthesized", w.now()
	if w.inChan {
		w.down = append(w.down, wire{kind: "event", m: m})
	}
}

func (w *world) run(t *rapid.T) {
	w.connect(t, false)
	t.Repeat(map[string]func(*rapid.T){
		"call": func(t *rapid.T) {
			action := rapid.SampledFrom([]Action{Enter, Update, Leave}).Draw(t, "action")
			client := rapid.SampledFrom([]string{"me", "you"}).Draw(t, "client")
			c := w.next
			w.next++
			w.wish[c] = Message[int]{Action: action, ClientID: client, Payload: int(c)}
			kind := map[Action]InputKind{Enter: CallEnter, Update: CallUpdate, Leave: CallLeave}[action]
			w.input(t, Input[int]{Kind: kind, Call: c, Client: client, Payload: int(c)})
		},
		"up":           func(*rapid.T) { w.deliverUp() },
		"down":         func(t *rapid.T) { w.deliverDown(t) },
		"cut":          func(t *rapid.T) { w.connect(t, true) },
		"cut for good": func(t *rapid.T) { w.connect(t, false) },
		"refuse":       func(*rapid.T) { w.refuse = true },
		"attached again": func(t *rapid.T) {
			if w.inChan && w.attached {
				w.down = append(w.down, wire{kind: "attached", has: len(w.service) > 0, again: rapid.Bool().Draw(t, "resumed")})
				if len(w.service) > 0 {
					w.down = append(w.down, wire{kind: "sync", list: w.members()})
				}
			}
		},
		"vanish": func(t *rapid.T) {
			for _, m := range w.members() {
				if m.ConnectionID != w.id() || !w.attached {
					w.vanish(m.ConnectionID + "/" + m.ClientID)
					return
				}
			}
		},
		"suspended": func(t *rapid.T) {
			if w.attached {
				w.attached, w.inChan = false, false
				w.input(t, Input[int]{Kind: ChannelState, State: Suspended})
				w.connect(t, rapid.Bool().Draw(t, "resumed"))
			}
		},
	})
	// All frames arrive, then the channel is attached again.
	for range 2 {
		w.refuse = false
		for len(w.up)+len(w.down) > 0 {
			w.deliverUp()
			w.deliverDown(t)
		}
		w.up = append(w.up, wire{kind: "attach"})
		if w.attached {
			w.down = append(w.down, wire{kind: "attached", has: len(w.service) > 0}, wire{kind: "sync", list: w.members()})
		}
	}
	for len(w.up)+len(w.down) > 0 {
		w.deliverUp()
		w.deliverDown(t)
	}
	for client, data := range w.intent { // OwnIsPresent
		m, is := w.service[w.id()+"/"+client]
		switch {
		case w.unsure[client]:
		case data == nil && is:
			t.Fatalf("%s left and is present: %+v", client, m)
		case data != nil && (!is || m.Payload != *data):
			t.Fatalf("OwnIsPresent: %s entered with %d and did not leave; the service has %+v (%t)", client, *data, m, is)
		}
	}
	if len(w.wish) > 0 {
		t.Fatalf("calls are never settled: %v", w.wish)
	}
}

// TestAMemberThatEnteredIsPresent checks OwnIsPresent, SettledOnce and OneLeave of docs/presence.md
// in random runs.
func TestAMemberThatEnteredIsPresent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) { newWorld().run(t) })
}
