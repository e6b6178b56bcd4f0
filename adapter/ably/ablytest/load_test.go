package ablytest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/coder/websocket"
)

// evidence reports whether the test runs with the larger bounds of make evidence.
func evidence() bool { return os.Getenv("EVIDENCE") == "full" }

// The server serves many connections at the same time. Each attaches to one channel, and receives
// each message.
func TestManyConnections(t *testing.T) {
	n, messages := 100, 5
	if evidence() {
		n = 2_000
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	srv := ablytest.NewServer(t, ablytest.WithFrameLog(0))
	var clients sync.WaitGroup
	var mu sync.Mutex
	got := 0
	for i := range n {
		clients.Go(func() {
			ws, _, err := websocket.Dial(ctx, fmt.Sprintf("ws://%s/?key=app.key:secret&clientId=c%d", srv.Addr(), i), nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer ws.CloseNow()
			if err := ws.Write(ctx, websocket.MessageText, []byte(`{"action":10,"channel":"a"}`)); err != nil {
				t.Error(err)
				return
			}
			for heard := 0; heard < messages; {
				_, b, err := ws.Read(ctx)
				if err != nil {
					t.Errorf("client %d after %d messages: %v", i, heard, err)
					return
				}
				var pm ablytest.ProtocolMessage
				if err := json.Unmarshal(b, &pm); err != nil {
					t.Error(err)
					return
				}
				if pm.Action == ablytest.ActionMessage {
					heard++
				}
			}
			mu.Lock()
			got++
			mu.Unlock()
		})
	}
	if err := srv.Await(ctx, func(st ablytest.State) bool { return len(st.Channels["a"].Attached) == n }); err != nil {
		t.Fatal(err)
	}
	for i := range messages {
		if _, err := srv.Publish("a", ablytest.Message{Name: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	clients.Wait()
	if got != n {
		t.Errorf("%d of %d connections received all messages", got, n)
	}
	fmt.Printf("EVIDENCE connections open=%d\n", got)
}

// The memory of a server is bounded. Clients come, use each feature and go; after a long time, the
// server uses no more memory than after a short time.
func TestAServersMemoryIsFlat(t *testing.T) {
	rounds, each := 4, func(round func()) { round() }
	if evidence() {
		lasts := 10 * time.Minute
		if d, err := time.ParseDuration(os.Getenv("FOR")); err == nil {
			lasts = d
		}
		each = func(round func()) {
			for end := time.Now().Add(lasts / time.Duration(rounds)); time.Now().Before(end); {
				round()
			}
		}
	}
	clock := ablytest.NewManualClock(time.Now())
	srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithMemoryLimit(4<<20), ablytest.WithFrameLog(100),
		ablytest.WithMessageLimit(200), ablytest.WithMaxIdleInterval(0))
	jwt, err := srv.IssueJWT(ablytest.TokenParams{ClientID: "ann", TTL: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	// Unlike get, rest registers no cleanup with the test.
	rest := func(method, path, body string) []byte {
		rq, err := http.NewRequest(method, srv.URL()+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Authorization", "Bearer "+jwt)
		rs, err := client.Do(rq)
		if err != nil {
			t.Fatal(err)
		}
		defer rs.Body.Close()
		b, err := io.ReadAll(rs.Body)
		if err != nil || rs.StatusCode >= 300 {
			t.Fatalf("%s %s: %d %s, %v", method, path, rs.StatusCode, b, err)
		}
		return b
	}
	n := 0
	round := func() {
		n++
		channel := fmt.Sprintf("room-%d::$chat", n%5)
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		ws, _, err := websocket.Dial(ctx, fmt.Sprintf("ws://%s/?key=app.key:secret&clientId=c%d&heartbeats=false", srv.Addr(), n), nil)
		if err != nil {
			t.Fatal(err)
		}
		for serial, frame := range []string{
			`"action":10`, `"action":14,"presence":[{"action":2,"data":"x"}]`, `"action":15,"messages":[{"name":"n","data":"x"}]`,
			`"action":12`,
		} {
			if err := ws.Write(ctx, websocket.MessageText,
				fmt.Appendf(nil, `{%s,"channel":%q,"msgSerial":%d}`, frame, channel, max(0, serial-1))); err != nil {
				t.Fatal(err)
			}
		}
		for detached := false; !detached; {
			_, b, err := ws.Read(ctx)
			if err != nil {
				t.Fatal(err)
			}
			var pm ablytest.ProtocolMessage
			if err := json.Unmarshal(b, &pm); err != nil {
				t.Fatal(err)
			}
			detached = pm.Action == ablytest.ActionDetached
		}
		ws.CloseNow() // without a CLOSE: the server keeps the connection for its time to live
		body := rest("POST", fmt.Sprintf("/chat/v4/rooms/room-%d/messages", n%5), `{"text":"x"}`)
		var sent struct{ Serial string }
		if err := json.Unmarshal(body, &sent); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/chat/v4/rooms/room-%d/messages/%s", n%5, sent.Serial)
		rest("PUT", path, `{"message":{"text":"y"}}`)
		rest("POST", path+"/reactions", `{"type":"unique","name":"like"}`)
		clock.Advance(time.Second)
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	for range 300 { // until every limit is reached
		round()
	}
	var heaps []int64
	for range rounds {
		each(round)
		heaps = append(heaps, heap())
	}
	const slack = 2 << 20
	if last := heaps[len(heaps)-1]; last > heaps[0]+heaps[0]/4+slack {
		t.Errorf("the heap grows: %v bytes", heaps)
	}
	if st := srv.State(); st.HistoryBytes > 4<<20 || len(st.Connections) > 200 {
		t.Errorf("the server has %d bytes of history and %d connections, more than its limits", st.HistoryBytes, len(st.Connections))
	}
	fmt.Printf("EVIDENCE server-memory rounds=%d first=%d last=%d\n", n, heaps[0], heaps[len(heaps)-1])
}
