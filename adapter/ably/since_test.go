package ablychat_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// texts returns the texts of the messages in a sequence, and its error.
func texts(t *testing.T, messages func(func(ablychat.Message, error) bool)) (all []string) {
	t.Helper()
	for m, err := range messages {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m.Text)
	}
	return all
}

// TestSince: Since returns the messages after a serial, oldest first, from all pages.
func TestSince(t *testing.T) {
	room := newPerson(t, ablytest.NewServer(t), "ann").unattached("lobby")
	m := room.Messages()
	if got := texts(t, m.Since(soon(t), "")); len(got) != 0 {
		t.Errorf("Since in an empty room: %q", got)
	}
	var serials, sent []string
	for i := range 250 { // more than two pages of 100
		sent = append(sent, fmt.Sprint(i))
		serials = append(serials, must(m.Send(soon(t), ablychat.Text(sent[i]))).Serial)
	}
	for _, from := range []int{-1, 0, 100, 248, 249} {
		serial := ""
		if from >= 0 {
			serial = serials[from]
		}
		if got := texts(t, m.Since(soon(t), serial)); !slices.Equal(got, sent[from+1:]) {
			t.Errorf("Since message %d: %q", from, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range m.Since(ctx, "") {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("Since with an ended context: %v", err)
		}
	}
}

// follower is a client with a loop of EventsSince, and another client that sends messages.
type follower struct {
	*testing.T
	server *ablytest.Server
	client *ablychat.Client
	room   *ablychat.Room
	says   *ablychat.Messages
	events chan ablychat.MessageEvent
}

func newFollower(t *testing.T, options ...ably.ClientOption) *follower {
	server := ablytest.NewServer(t)
	options = append(options, ably.WithDisconnectedRetryTimeout(20*time.Millisecond))
	ann, bob := newPerson(t, server, "ann", options...), newPerson(t, server, "bob")
	return &follower{t, server, ann.chat, ann.unattached("lobby"), bob.unattached("lobby").Messages(),
		make(chan ablychat.MessageEvent, 1000)}
}

func (f *follower) say(text string) ablychat.Message {
	f.Helper()
	return must(f.says.Send(soon(f.T), ablychat.Text(text)))
}

// next returns the next event, which must have the text want. A * before the text means that the
// event must be Recovered.
func (f *follower) next(want string) ablychat.MessageEvent {
	f.Helper()
	select {
	case e := <-f.events:
		got := e.Message.Text
		if e.Recovered {
			got = "*" + got
		}
		if got != want {
			f.Fatalf("got %q, expected %q", got, want)
		}
		return e
	case <-soon(f.T).Done():
		f.Fatalf("%q does not come", want)
	}
	return ablychat.MessageEvent{}
}

// lost returns the discontinuities from the call on. The function do must cause one.
func (f *follower) lost(do func()) iter.Seq2[ablychat.Discontinuity, error] {
	all := f.room.DiscontinuityEvents(soon(f.T))
	do()
	return all
}

// outage makes the client lose its connection and the connection's state, calls meanwhile, and lets
// the client come back.
func (f *follower) outage(meanwhile func()) {
	f.Helper()
	if err := f.client.Connection().WaitForStatus(soon(f.T), ablychat.ConnectionConnected); err != nil {
		f.Fatal(err)
	}
	id := ""
	for _, c := range f.server.State().Connections {
		if c.ClientID == "ann" {
			id = c.ID
		}
	}
	f.server.RefuseConnections(nil)
	if err := f.server.Cut(id); err != nil {
		f.Fatal(err)
	}
	if err := f.client.Connection().WaitForStatus(soon(f.T), ablychat.ConnectionDisconnected); err != nil {
		f.Fatal(err)
	}
	if err := f.server.Forget(id); err != nil {
		f.Fatal(err)
	}
	meanwhile()
	f.server.LoseContinuity(ablychat.ChannelName("lobby"))
	for range f.lost(func() { f.server.AcceptConnections() }) {
		break // the room has attached again
	}
}

// TestNothingIsMissed: a program that was away gets the messages that it missed, also after a
// discontinuity. All of them come, in order, once each, and before later events. The test uses a
// loop and a listener.
func TestNothingIsMissed(t *testing.T) {
	for way, follow := range map[string]func(f *follower, serial string) (end func()){
		"events": func(f *follower, serial string) func() {
			ctx, cancel := context.WithCancel(f.Context())
			ended := make(chan error, 1)
			events := f.room.Messages().EventsSince(ctx, serial)
			go func() {
				for e, err := range events {
					if err != nil {
						ended <- err
						return
					}
					f.events <- e
				}
			}()
			return func() {
				cancel()
				if err := <-ended; !errors.Is(err, context.Canceled) {
					f.Errorf("the loop ended with %v", err)
				}
			}
		},
		"subscription": func(f *follower, serial string) func() {
			s := must(f.room.Messages().SubscribeSince(serial, func(e ablychat.MessageEvent) { f.events <- e }))
			return func() {
				s.Unsubscribe()
				<-s.Done()
				if s.Err() != nil {
					f.Errorf("the subscription ended with %v", s.Err())
				}
			}
		},
	} {
		for _, c := range []struct {
			what                 string
			knows, attachedFirst bool // whether the program has a serial; whether it attaches first
		}{
			{"from now on", false, false}, {"from now on, attached", false, true},
			{"from a serial on", true, false}, {"from a serial on, attached", true, true},
		} {
			t.Run(way+"/"+c.what, func(t *testing.T) {
				f := newFollower(t)
				serial := f.say("old").Serial
				f.say("before")
				if !c.knows {
					serial = ""
				}
				attach := func() {
					if err := f.room.Attach(soon(t)); err != nil {
						t.Fatal(err)
					}
				}
				if c.attachedFirst {
					attach()
				}
				end := follow(f, serial)
				if !c.attachedFirst {
					attach()
				}
				if c.knows {
					f.next("*before")
				}
				// an outage before any message has come as an event
				f.outage(func() { f.say("first, missed") })
				f.next("*first, missed")
				f.say("live")
				f.next("live")
				f.outage(func() {
					m := f.say("missed")
					f.say("missed too")
					must(f.says.Update(soon(t), m.Serial, ablychat.Text("edited")))
				})
				if e := f.next("*edited"); e.Type != ablychat.MessageUpdated {
					t.Errorf("the edited message is an event of the type %v", e.Type)
				}
				f.next("*missed too")
				f.outage(func() {})
				f.say("live again")
				f.next("live again")
				if err := f.room.Detach(soon(t)); err != nil {
					t.Fatal(err)
				}
				f.say("while detached")
				attach()
				f.next("*while detached")
				end()
				f.say("unheard")
				if len(f.events) > 0 {
					t.Errorf("the loop received an event after its end: %v", <-f.events)
				}
			})
		}
	}
}

// TestAReadOfWhatWasMissedFails: a fetch that fails is tried again. A fetch that the service
// refuses ends the loop with that error.
func TestAReadOfWhatWasMissedFails(t *testing.T) {
	f := newFollower(t)
	serial := f.say("old").Serial
	f.say("missed")
	fails := f.server.Fault(ablytest.HTTPRequest("GET", "/chat/v4/*").Once(), ablytest.Refuse(ablytest.NewError(50000, 500, "broken")))
	events := f.room.Messages().EventsSince(soon(t), serial)
	if err := f.room.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.Message.Text)
		break
	}
	if !slices.Equal(got, []string{"missed"}) || fails.Hits() != 1 {
		t.Errorf("got %q after %d failed reads, expected \"missed\" after one", got, fails.Hits())
	}
	f.server.Fault(ablytest.HTTPRequest("GET", "/chat/v4/*"), ablytest.Refuse(ablytest.NewError(40160, 401, "not for you")))
	refused := f.room.Messages().EventsSince(soon(t), serial)
	for _, err := range refused {
		if err == nil || !strings.Contains(err.Error(), "not for you") {
			t.Errorf("a refused read: %v", err)
		}
	}
}

// TestDroppedEventsAreRecovered: messages whose events were dropped, because a loop was far behind,
// are fetched.
func TestDroppedEventsAreRecovered(t *testing.T) {
	f := newFollower(t)
	f.client.Bound(20)
	if err := f.room.Attach(soon(t)); err != nil {
		t.Fatal(err)
	}
	events := f.room.Messages().EventsSince(soon(t), "")
	f.say("first")
	const n = 150 // more than one page has
	seen, recovered := 0, 0
	for e, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprint(seen - 1); seen > 0 && e.Message.Text != want {
			t.Fatalf("got %q (recovered: %t), expected %q", e.Message.Text, e.Recovered, want)
		}
		if seen == 0 { // block the loop at its first event
			other := make(chan struct{})
			f.client.Bound(ablychat.MaxPending) // for the listener that must receive all events
			s := must(f.room.Messages().Subscribe(func(e ablychat.MessageEvent) {
				if e.Message.Text == fmt.Sprint(n-1) {
					close(other)
				}
			}))
			for i := range n {
				f.say(fmt.Sprint(i))
			}
			<-other
			s.Unsubscribe()
		}
		if e.Recovered {
			recovered++
		}
		if seen++; seen > n {
			break
		}
	}
	if recovered == 0 {
		t.Error("no event was recovered, so none had been dropped")
	}
}
