package chatdebug

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ably/ably-go/ably"
	"go.uber.org/goleak"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that the test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

// connect returns a client on an embedded server. Both end with the test.
func connect(t *testing.T) (*ablytest.Server, *ablychat.Client) {
	t.Helper()
	server := ablytest.NewServer(t)
	client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ada"))...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return server, client
}

func get(t *testing.T, client *ablychat.Client, name string) *ablychat.Room {
	t.Helper()
	room, err := client.Rooms().Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// serve returns the handler's response to a request with a query and an Accept header.
func serve(h http.Handler, query, accept string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/debug/chat"+query, nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func view(t *testing.T, h http.Handler) View {
	t.Helper()
	w := serve(h, "?format=json", "")
	var v View
	if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%v: %v: %s", err, w.Header(), w.Body)
	}
	return v
}

// await waits until an event is recorded. Observers may receive a step after its call has returned.
func await(t *testing.T, h http.Handler, text string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		events := view(t, h).Events
		if slices.ContainsFunc(events, func(e Event) bool { return strings.Contains(e.Text, text) }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no event %q in %+v", text, events)
		}
		runtime.Gosched()
	}
}

// TestAnAttachThatWaits checks that the page shows a room, a call that waits, how long it has
// waited, and the events.
func TestAnAttachThatWaits(t *testing.T) {
	server, client := connect(t)
	clock := newClock()
	h := newHandler(client, clock.now)
	room := get(t, client, "basketball-stream")
	gate := server.Hold(ablytest.ToClient(ablytest.ActionAttached))
	attached := make(chan error, 1)
	go func() { attached <- room.Attach(context.Background()) }()
	if err := gate.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	await(t, h, "the room's call 1, Attach, began")
	clock.pass(90 * time.Second)
	v := view(t, h)
	if len(v.Rooms) != 1 || v.Rooms[0].Name != "basketball-stream" || v.Rooms[0].Status.Status != "attaching" ||
		v.Rooms[0].Life != "ready" || v.Rooms[0].Incarnation != 1 || v.Rooms[0].Operation != "attach: attaching the channel" {
		t.Errorf("rooms: %+v", v.Rooms)
	}
	if len(v.Calls) != 1 || v.Calls[0].Operation != "attach of the room" || v.Calls[0].For != "the channel" ||
		v.Calls[0].Seconds == nil || *v.Calls[0].Seconds != 90 || v.Calls[0].Waits() != "1m30s" {
		t.Errorf("calls: %+v", v.Calls)
	}
	gate.Open()
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	await(t, h, "the room's call 1 is done")
	if v = view(t, h); len(v.Calls) != 0 || v.Rooms[0].Status.Status != "attached" {
		t.Errorf("afterwards: %+v, %+v", v.Rooms, v.Calls)
	}
	for _, want := range []string{"incarnation 1 is being opened", "incarnation 1 is open",
		"got the room of incarnation 1", "status attaching, was initialized", "status attached, was attaching",
		"is done, after 1m30s"} {
		await(t, h, want)
	}
}

// TestARoomBeforeTheHandler makes a handler late. It must show the rooms that are already open,
// show no waiting time for calls that began before it, and record later events.
func TestARoomBeforeTheHandler(t *testing.T) {
	server, client := connect(t)
	room := get(t, client, "old")
	gate := server.Hold(ablytest.ToClient(ablytest.ActionAttached))
	attached := make(chan error, 1)
	go func() { attached <- room.Attach(context.Background()) }()
	if err := gate.Await(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	h := newHandler(client, newClock().now)
	v := view(t, h)
	if len(v.Calls) != 1 || v.Calls[0].Seconds != nil || v.Calls[0].Waits() != "since before this page" || len(v.Events) != 0 {
		t.Errorf("calls %+v, events %+v", v.Calls, v.Events)
	}
	gate.Open()
	if err := <-attached; err != nil {
		t.Fatal(err)
	}
	await(t, h, "status attached, was attaching")
}

// TestThePage checks that the page is accessible to a screen reader, loads no other file, and shows
// neither messages nor keys.
func TestThePage(t *testing.T) {
	_, client := connect(t)
	h := Handler(client)
	room := get(t, client, "<b>room</b>")
	if err := room.Attach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := room.Messages().Send(t.Context(), ablychat.Text("a secret dunk")); err != nil {
		t.Fatal(err)
	}
	w := serve(h, "", "text/html,*/*")
	page := w.Body.String()
	for _, want := range []string{`<html lang="en">`, `name="viewport"`, "<h1>", `scope="col"`, "color-scheme: light dark",
		"&lt;b&gt;room&lt;/b&gt;", `<span class="state ok">attached</span>`, "No call waits."} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, never := range []string{"a secret dunk", "<script", "http://", "https://", "app.key", "<b>"} {
		if strings.Contains(page, never) || strings.Contains(serve(h, "?format=json", "").Body.String(), never) {
			t.Errorf("the page has %q", never)
		}
	}
	if got := w.Header().Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("the page is %s", got)
	}
	if got := serve(h, "", "application/json").Header().Get("Content-Type"); got != "application/json" {
		t.Errorf("for a client that takes JSON: %s", got)
	}
	r := httptest.NewRequest(http.MethodPost, "/debug/chat", nil)
	post := httptest.NewRecorder()
	if h.ServeHTTP(post, r); post.Code != http.StatusMethodNotAllowed {
		t.Errorf("a POST is answered with %d", post.Code)
	}
}

// TestAfterTheEnd checks that the page is still served after the client is disposed of.
func TestAfterTheEnd(t *testing.T) {
	_, client := connect(t)
	h := Handler(client)
	get(t, client, "a")
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	v := view(t, h)
	if v.Disposal != "disposed" || len(v.Rooms) != 0 || !strings.Contains(serve(h, "", "text/html").Body.String(), "disposed") {
		t.Errorf("%+v", v)
	}
}

func TestSecretsInErrors(t *testing.T) {
	for text, want := range map[string]string{
		"Invalid key abcdef.ghijkl:mnopqrstuvwx": "Invalid key (redacted)",
		"GET /?access_token=abc.def&v=2":         "GET /?(redacted)&v=2",
		"token eyJhbGciOi.eyJpYXQi.c2ln expired": "token (redacted) expired",
		"40160: no capability for room a:b":      "40160: no capability for room a:b",
	} {
		if got := redacted(errors.New(text)); got != want {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}

// TestTheRingKeepsTheNewest records more events than the ring holds.
func TestTheRingKeepsTheNewest(t *testing.T) {
	r := newRecorder(time.Now)
	for i := range 2*kept + 3 {
		r.note(time.Unix(int64(i), 0), "", "")
	}
	events, _ := r.last()
	if len(events) != kept || events[0].At.Unix() != 2*kept+2 || events[kept-1].At.Unix() != kept+3 {
		t.Errorf("%d events, from %v to %v", len(events), events[0].At, events[len(events)-1].At)
	}
}

// TestNothingUntilItIsMounted checks that, until a handler is made, an attach of an attached room
// allocates no more than without this package.
func TestNothingUntilItIsMounted(t *testing.T) {
	_, client := connect(t)
	room := get(t, client, "a")
	if err := room.Attach(context.Background()); err != nil {
		t.Fatal(err)
	}
	allocations := func() float64 {
		least := math.Inf(1)
		for range 20 { // other goroutines sometimes allocate too, so measure several times
			least = min(least, testing.AllocsPerRun(200, func() {
				_, _ = client.Rooms().Get(context.Background(), "a")
				_ = room.Attach(context.Background())
			}))
		}
		return least
	}
	before := allocations()
	Handler(client)
	if after := allocations(); before > most || after <= before {
		t.Errorf("%v allocations before there is a handler, expected at most %v; %v with it", before, most, after)
	}
}

// most is the number of allocations of an attach of an attached room without an observer.
const most = 2

func BenchmarkAttach(b *testing.B) {
	for _, mounted := range []bool{false, true} {
		b.Run(map[bool]string{false: "without", true: "mounted"}[mounted], func(b *testing.B) {
			server, err := ablytest.Start()
			if err != nil {
				b.Fatal(err)
			}
			defer server.Close()
			client, err := ablychat.Connect(ablychat.Ably(server.ClientOptions(ably.WithClientID("ada"))...))
			if err != nil {
				b.Fatal(err)
			}
			defer client.Close()
			if mounted {
				Handler(client)
			}
			room, err := client.Rooms().Get(b.Context(), "a")
			if err == nil {
				err = room.Attach(b.Context())
			}
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				_ = room.Attach(context.Background())
			}
		})
	}
}
