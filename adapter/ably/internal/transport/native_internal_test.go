package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"github.com/ugorji/go/codec"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/internal/bubble"
)

// otherFrame is a frame type with the fields that are asked for, where ably-go's has them not.
type otherFrame struct {
	Action   int
	Channel  string
	Error    *struct{}
	Messages []*struct{ ConnectionID string }
	Presence []*struct{ ConnectionID int }
	State    []*struct{ Name string }

	MsgSerial int64
	Count     int
	Res       []*struct {
		More    int
		Serials []string
	}
	Auth *struct{ AccessToken string }
}

// Fields are found by their names, and what is not of the kind that is known is left alone.
func TestFieldsOfAnotherFrameType(t *testing.T) {
	n, err := newNative(reflect.TypeFor[*otherFrame]())
	if err != nil {
		t.Fatal(err)
	}
	serial := "s"
	ack := n.ack(7, [][]*string{{&serial, nil}, nil}).(*otherFrame)
	if ack.MsgSerial != 7 || ack.Count != 2 || !reflect.DeepEqual(ack.Res[0].Serials, []string{"s", ""}) ||
		len(ack.Res[1].Serials) != 0 {
		t.Errorf("the ACK is %+v", ack)
	}
	f := &otherFrame{Messages: []*struct{ ConnectionID string }{{"c"}},
		Presence: []*struct{ ConnectionID int }{{5}}, State: []*struct{ Name string }{{"n"}}}
	n.clearConnectionIDs(f)
	if f.Messages[0].ConnectionID != "" || f.Presence[0].ConnectionID != 5 || f.State[0].Name != "n" {
		t.Errorf("it is %+v %+v %+v", *f.Messages[0], *f.Presence[0], *f.State[0])
	}
	type Embedded struct{ Action int }
	type deeper struct {
		Embedded
		Channel                   string
		Error                     *struct{}
		Messages, Presence, State []*struct{}
		MsgSerial                 int64
		Count                     int
		Res                       []*struct{ Serials []string }
		Auth                      *struct{ AccessToken string }
	}
	if _, err := newNative(reflect.TypeFor[*deeper]()); !errors.Is(err, errAblyGo) {
		t.Errorf("a field of an embedded struct: %v", err)
	}
}

// oddConn is a connection whose frames are no frames.
type oddConn struct{}

func (oddConn) Send(*int) error                 { return nil }
func (oddConn) Receive(time.Time) (*int, error) { return nil, nil }
func (oddConn) Close() error                    { return nil }

// A version of ably-go with other frames gets no way to dial.
func TestNoDialForOtherFrames(t *testing.T) {
	option, err := dialOption(newTransport(Options{}),
		func(func(string, *url.URL, time.Duration) (oddConn, error)) ably.ClientOption {
			t.Error("it can dial")
			return nil
		})
	if option != nil || !errors.Is(err, errAblyGo) {
		t.Errorf("got %v", err)
	}
}

// ably-go's own codec makes text of MessagePack's bin, where no type is asked for.
func TestBytesAreTextForAblyGo(t *testing.T) {
	_, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false))
	if err != nil {
		t.Fatal(err)
	}
	var b []byte
	h := &codec.MsgpackHandle{}
	h.WriteExt = true // bin is not str
	codec.NewEncoderBytes(&b, h).MustEncode(map[string]any{"action": 15, "channel": "own",
		"messages": []any{map[string]any{"data": []byte("x")}}})
	v, err := tr.native.decode(wire.MsgPack, b)
	if err != nil {
		t.Fatal(err)
	}
	first := tr.native.field(v, tr.native.lists[0]).Index(0).Elem()
	if data := first.FieldByName("Data").Interface(); data != "x" {
		t.Errorf("ably-go gets %#v", data)
	}
	// Bytes of its own it sends as bin.
	first.FieldByName("Data").Set(reflect.ValueOf([]byte("x")))
	if b, err = tr.native.encode(wire.MsgPack, v, -1); err != nil || !bytes.Contains(b, []byte("\xc4\x01x")) {
		t.Errorf("ably-go sends %q, %v", b, err)
	}
}

// RTL6c4, TO3g: without queues ably-go's messages fail without a connection, and none waits. A
// frame of the rooms' channels that ably-go sends fails with one, and is not sent.
func TestFramesOfAblyGosThatFail(t *testing.T) { bubble.Test(t, limits, testFramesOfAblyGosThatFail) }

func testFramesOfAblyGosThatFail(t *testing.T) {
	_, tr, err := NewRealtime(Options{}, ably.WithKey("app.key:secret"), ably.WithAutoConnect(false),
		ably.WithQueueMessages(false))
	if err != nil {
		t.Fatal(err)
	}
	message := func(channel string) any {
		return tr.native.from(&wire.ProtocolMessage{Action: wire.ActionMessage, Channel: channel,
			Messages: []*wire.Message{{Name: "m"}}})
	}
	code := func(r received) int64 {
		return tr.native.field(r.v, tr.native.errorField).Elem().FieldByName("Code").Int()
	}
	over, s := newSocket(tr, nil, wire.JSON, time.Minute), newSocket(tr, nil, wire.JSON, time.Minute)
	tr.sendNative(over, message("own"))
	if len(tr.owed) != 1 || code(tr.owed[0]) != codeDisconnected || tr.seq.Len() != 0 {
		t.Errorf("owed are %v, %d messages wait", tr.owed, tr.seq.Len())
	}
	s.up, tr.sock = true, s
	tr.sendNative(s, message("a::$chat"))
	if len(s.inbox) != 1 || code(s.inbox[0]) != codeBadRequest || len(s.queue) != 0 || tr.seq.Len() != 0 {
		t.Errorf("ably-go gets %v, sent are %d", s.inbox, len(s.queue))
	}
	tr.sendNative(s, message("own"))
	if len(s.queue) != 1 || len(s.inbox) != 1 {
		t.Errorf("ably-go gets %v, sent are %d", s.inbox, len(s.queue))
	}
}

// body is the body of an answer that may be closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error { b.closed = true; return nil }

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The answer to a request of ably-go's is read to its end, and let go. EndRequests ends requests
// that wait, and those to come.
func TestRequestsOfAblyGos(t *testing.T) {
	bubble.Test(t, limits, func(t *testing.T) {
		tr, answer := newTransport(Options{}), &body{Reader: strings.NewReader("text")}
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://h", nil)
		if err != nil {
			t.Fatal(err)
		}
		answers := reauth{tr, roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: answer}, nil
		})}
		response, err := answers.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(response.Body); string(b) != "text" || err != nil || !answer.closed {
			t.Errorf("read %q, %v, closed: %t", b, err, answer.closed)
		}
		waits := reauth{tr, roundTripper(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		time.AfterFunc(time.Second, tr.EndRequests)
		for _, want := range []time.Duration{time.Second, 0} {
			d := took(func() { _, err = waits.RoundTrip(request) })
			if d != want || !errors.Is(err, context.Canceled) {
				t.Errorf("a request ended after %v: %v", d, err)
			}
		}
	})
}
