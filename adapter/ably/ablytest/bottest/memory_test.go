//go:build !race

package bottest_test

import (
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

// load is a set of clients and users that use a server for a while. They send, react, type, come
// and go, and lose connections, their state and their tokens.
type load struct {
	server *bottest.Server
	rooms  []*ablychat.Room
	count  int
}

func newLoad(t *testing.T, server *bottest.Server) *load {
	l := &load{server: server}
	for i := range 5 {
		id := fmt.Sprintf("client %d", i)
		// A test keeps its log in memory, so these clients have none.
		quiet := ablychat.WithLogger(slog.New(slog.DiscardHandler))
		client, err := ablychat.Connect(append(server.Options(id, server.Tokens(id, time.Hour)), quiet)...)
		succeeds(t, err)
		t.Cleanup(func() { _ = client.Close() })
		l.rooms = append(l.rooms, enter(t, client))
	}
	return l
}

// tenSeconds uses the server for ten seconds of virtual time.
func (l *load) tenSeconds(t *testing.T) {
	for range 10 {
		for i := range 20 {
			l.count++
			eve := l.server.User(fmt.Sprintf("user %d", i))
			serial := eve.Says("lobby", fmt.Sprintf("message %d", l.count))
			switch i % 5 {
			case 0:
				eve.Edits("lobby", serial, "edited")
			case 1:
				eve.Reacts("lobby", serial, "👍")
			case 2:
				eve.Types("lobby")
				eve.ReactsToRoom("lobby", "🎉")
			case 3:
				eve.Enters("lobby", nil)
				eve.Leaves("lobby")
			}
		}
		time.Sleep(time.Second)
	}
	for _, room := range l.rooms {
		if _, err := room.Messages().Send(t.Context(), ablychat.Text("here")); err != nil {
			t.Error(err)
		}
	}
	switch l.count % 3 {
	case 0:
		l.server.LoseState()
	case 1:
		_ = l.server.Cut("") // with "", Cut never fails
	case 2:
		l.server.ExpireTokens()
	}
	time.Sleep(30 * time.Second)
	synctest.Wait()
}

// heap returns the number of bytes that are in use.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // objects with a cleanup are freed by the second
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// grows uses a server for some rounds. It returns the size of the heap once the server's limits are
// reached, and at the end.
func grows(t *testing.T, rounds int, options ...ablytest.Option) (before, after int64) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoad(t, bottest.NewServer(t, options...))
		for i := range rounds {
			if i == rounds/2 {
				before = heap()
			}
			l.tenSeconds(t)
		}
		after = heap()
	})
	return before, after
}

// The memory of a server that is used for ten minutes stays flat, once the server's limits are
// reached. Without EVIDENCE=full, the time is shorter.
func TestMemoryStaysFlat(t *testing.T) {
	rounds := 6
	if os.Getenv("EVIDENCE") == "full" {
		rounds = 120 // ten minutes of use, and more than an hour with the pauses
	}
	const slack = 1 << 20
	kept := []ablytest.Option{ablytest.WithMessageLimit(500), ablytest.WithFrameLog(500)}
	before, after := grows(t, rounds, kept...)
	fmt.Printf("EVIDENCE memory rounds=%d kib=%d grown=%d\n", rounds, before>>10, (after-before)>>10)
	if after > before+before/10+slack {
		t.Errorf("the heap grew from %d KiB to %d KiB", before>>10, after>>10)
	}
	// The test notices a server whose memory grows without limits.
	before, after = grows(t, 6, ablytest.WithMessageLimit(1<<30), ablytest.WithFrameLog(1<<30))
	if after <= before+before/10+slack {
		t.Errorf("the heap of a server without limits did not grow: %d KiB, then %d KiB", before>>10, after>>10)
	}
}
