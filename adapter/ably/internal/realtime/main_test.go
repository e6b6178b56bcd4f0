package realtime_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/memnet"
	"ablyrooms.example/adapter/ably/internal/realtime"
	"ablyrooms.example/adapter/ably/internal/transport"
	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/chat"
	"ablyrooms.example/internal/bubble"
	"ablyrooms.example/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const name = "lounge::$chat"

const allModes = wire.ModePublish | wire.ModeSubscribe | wire.ModePresence | wire.ModePresenceSubscribe |
	wire.ModeAnnotationPublish | wire.ModeAnnotationSubscribe

// eachFormat runs a test in both formats, each in a bubble.
func eachFormat(t *testing.T, f func(t *testing.T, format ably.ClientOption)) {
	inBubble(t, "json", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(false)) })
	inBubble(t, "msgpack", func(t *testing.T) { f(t, ably.WithUseBinaryProtocol(true)) })
}

// limits are the limits of a test, which takes some milliseconds of real time.
var limits = bubble.Limits{Look: 300 * time.Millisecond, Patience: 15 * time.Second,
	Virtual: 2 * time.Minute}

// inBubble runs a test, or a subtest if name isn't "", in a bubble. A test that hangs fails.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	if name == "" {
		bubble.Test(t, limits, f)
		return
	}
	t.Run(name, func(t *testing.T) { bubble.Test(t, limits, f) })
}

// network is the network in memory that all servers share.
var network = memnet.New()

func newServer(t testing.TB, options ...ablytest.Option) *ablytest.Server {
	t.Helper()
	return ablytest.NewServer(t, append(options, ablytest.WithListener(network.Listen()))...)
}

// world has the channels of one realtime client, and its embedded server.
type world struct {
	t         testing.TB
	server    *ablytest.Server
	client    *ably.Realtime
	transport *transport.Transport
	channels  *realtime.Client
	states    *log // the connection's states, as Status reports them
	status    func(state string)
}

func newWorld(t testing.TB, server *ablytest.Server, config realtime.Config, options ...ably.ClientOption) *world {
	t.Helper()
	options = append([]ably.ClientOption{
		ably.WithLogLevel(ably.LogNone), ably.WithAutoConnect(false), ably.WithClientID("ann"),
		ably.WithDisconnectedRetryTimeout(10 * time.Millisecond),
		ably.WithSuspendedRetryTimeout(10 * time.Millisecond),
		ably.WithHTTPClient(&http.Client{Transport: &http.Transport{
			DialContext: network.DialContext, DisableKeepAlives: true}}),
	}, options...)
	client, tr, err := transport.NewRealtime(transport.Options{
		Logger: slog.New(slog.DiscardHandler), DialContext: network.DialContext}, server.ClientOptions(options...)...)
	must(t, err)
	w := &world{t: t, server: server, client: client, transport: tr, states: newLog(t)}
	if config.RequestTimeout == 0 {
		config.RequestTimeout = 10 * time.Second
	}
	if config.RetryTimeout == 0 {
		config.RetryTimeout = 50 * time.Millisecond
	}
	config.Status = func(c ably.ConnectionStateChange, _ *lifecycle.ErrorInfo) {
		state := strings.ToLower(c.Current.String())
		w.states.add("%s", state)
		if w.status != nil {
			w.status(state)
		}
	}
	var ok bool
	if w.channels, ok = realtime.New(tr, config); !ok {
		t.Fatal("the new transport has channels")
	}
	t.Cleanup(w.close)
	return w
}

func connected(t testing.TB, options ...ably.ClientOption) *world {
	t.Helper()
	w := newWorld(t, newServer(t), realtime.Config{}, options...)
	w.connect()
	return w
}

func (w *world) connect() {
	w.t.Helper()
	w.client.Connect()
	w.states.await("connected")
}

// close closes the client and waits until its goroutines have ended.
func (w *world) close() {
	changed := make(chan struct{}, 1)
	defer w.client.Connection.OnAll(func(ably.ConnectionStateChange) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})()
	w.client.Close()
	for s := w.client.Connection.State(); s != ably.ConnectionStateInitialized &&
		s != ably.ConnectionStateClosed && s != ably.ConnectionStateFailed; s = w.client.Connection.State() {
		<-changed
		if w.client.Connection.State() == ably.ConnectionStateConnected {
			w.client.Close() // ably-go loses a Close that comes when it begins to dial
		}
	}
	w.channels.Close()
	if err := w.transport.Close(soon(w.t)); err != nil {
		w.t.Errorf("close: %v", err)
	}
	time.Sleep(time.Second) // a dial of ably-go's that is one too many ends soon
}

// cut ends the WebSocket and waits until the client has noticed.
func (w *world) cut() {
	w.t.Helper()
	must(w.t, w.server.Cut(""))
	w.states.await("disconnected")
}

// outage keeps the client from connecting again until over is called. over waits for the
// connection.
func (w *world) outage() (over func()) {
	w.t.Helper()
	w.server.RefuseConnections(nil)
	w.cut()
	return func() {
		w.t.Helper()
		w.server.AcceptConnections()
		w.states.await("connected")
	}
}

// channel is a life of the channel, with a log of what its sink and its room got, in one order.
type channel struct {
	*realtime.Channel
	*log
	t  testing.TB
	at func(resumed bool) // is called with each Attached of the sink; nil for nothing
}

func (w *world) channel() *channel { return w.channelTo(newLog(w.t)) }

func (w *world) channelTo(l *log) *channel {
	c := &channel{t: w.t, log: l}
	c.Channel = w.channels.Channel(name, realtime.Options{
		Room: "lounge", Modes: allModes, Params: map[string]string{"agent": "test/1"},
	}, c)
	c.OnStateChange(func(e lifecycle.ChannelStateChange) {
		line := e.Current.String()
		if e.Update {
			line = "update"
		}
		if e.Resumed {
			line += " resumed"
		}
		if e.Reason != nil {
			line += fmt.Sprintf(" %d", e.Reason.Code)
		}
		c.add("%s", line)
	})
	return c
}

func (w *world) attached() *channel {
	w.t.Helper()
	c := w.channel()
	must(w.t, c.Attach(soon(w.t)))
	c.is("attaching", "at", "attached")
	return c
}

// end gives the channel back.
func (c *channel) end() {
	c.t.Helper()
	must(c.t, c.GiveBack(soon(c.t)))
}

func (c *channel) Attached(_ string, resumed bool) {
	line := "at"
	if resumed {
		line += " resumed"
	}
	c.add("%s", line)
	if c.at != nil {
		c.at(resumed)
	}
}

func (c *channel) Left() { c.add("left") }

func (c *channel) Messages(messages []chat.WireMessage, _ string) {
	for _, m := range messages {
		if m.Action == chat.WireSummary {
			c.add("summary %s %v", m.Serial, m.Summary)
			continue
		}
		c.add("message %s %#v %q", m.Name, m.Data, m.Encoding)
	}
}

func (c *channel) Annotations(annotations []chat.WireAnnotation, _ string) {
	for _, a := range annotations {
		c.add("annotation %s %s %s", a.MessageSerial, a.Type, a.Name)
	}
}

var presenceNames = [...]string{"absent", "present", "enter", "leave", "update"}

func (c *channel) Presence(m chat.WirePresence) {
	c.add("%s %s %v", presenceNames[m.Action], m.ClientID, m.Data)
}

// log is a queue of lines.
type log struct {
	t     testing.TB
	lines chan string
}

func newLog(t testing.TB) *log { return &log{t, make(chan string, 100_000)} }

func (l *log) add(format string, args ...any) { l.lines <- fmt.Sprintf(format, args...) }

func (l *log) next() string {
	l.t.Helper()
	select {
	case line := <-l.lines:
		return line
	case <-soon(l.t).Done():
		l.t.Fatal("nothing more came")
		panic("unreachable")
	}
}

// await takes lines until one has the prefix, and returns the lines before it.
func (l *log) await(prefix string) (before []string) {
	l.t.Helper()
	for line := l.next(); !strings.HasPrefix(line, prefix); line = l.next() {
		before = append(before, line)
	}
	return before
}

// is takes as many lines as want has, and compares them.
func (l *log) is(want ...string) {
	l.t.Helper()
	for _, w := range want {
		if line := l.next(); line != w {
			l.t.Fatalf("got %q, want %q of %q", line, w, want)
		}
	}
}

// empty fails the test if a line is left.
func (l *log) empty() {
	l.t.Helper()
	select {
	case line := <-l.lines:
		l.t.Errorf("too much: %q", line)
	default:
	}
}

// soon returns a context with a timeout, for operations that should end at once. It only keeps a
// failing test from hanging. In a bubble waiting costs no real time.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// fails fails the test unless err has the code.
func fails(t testing.TB, err error, code lifecycle.ErrorCode) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("error %v, want code %d", err, code)
	}
}

// sent returns the frames with the given actions that clients have sent on the channel.
func sent(server *ablytest.Server, actions ...ablytest.Action) (out []string) {
	for _, f := range server.Frames() {
		for _, a := range actions {
			if f.Direction == ablytest.ClientToServer && f.Action == a && f.Channel == name {
				out = append(out, a.String())
			}
		}
	}
	return out
}

func equal(t testing.TB, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// later runs a call in a goroutine, and returns a channel that gets its error.
func later(call func() error) chan error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	return done
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
