package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/internal/npm"
)

// checks returns all checks. Each compares one thing that both libraries do.
func checks() []check {
	return slices.Concat(messageChecks, historyChecks, historyBeforeChecks, nameChecks(), reactionChecks,
		roomReactionChecks, typingChecks, presenceDataChecks(), presenceChecks, occupancyChecks, lifecycleChecks)
}

// clippedAt is the number of clients above which the embedded server clips a summary.
const clippedAt = 2

func serverOptions() []ablytest.Option {
	return []ablytest.Option{ablytest.WithModeration(forbidden), ablytest.WithSummaryLimit(clippedAt),
		ablytest.WithFrameLog(1_000_000)}
}

// atOnce is how many trials run at the same time. They share clients, but each has a room of its
// own.
const atOnce = 6

// column is a pair of formats: of the client that acts, and of the client that sees.
type column struct{ do, see string }

var columns = []column{{"json", "json"}, {"msgpack", "msgpack"}, {"json", "msgpack"}, {"msgpack", "json"}}

func (c column) String() string {
	if c.do == c.see {
		return c.do
	}
	return c.do + " to " + c.see
}

// direction says which library acts, and which one sees.
type direction struct {
	name    string
	do, see map[string]person // by format
}

// chatRows runs the checks with this library and the official one, as clients of one embedded
// server.
func chatRows(ctx context.Context, js, only string) (c counts, err error) {
	began := time.Now()
	server, err := ablytest.Start(serverOptions()...)
	if err != nil {
		return c, err
	}
	defer server.Close()
	p, err := startPeer(ctx, js, "chat.mjs")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	ours, theirs := map[string]person{}, map[string]person{}
	for _, format := range []string{"json", "msgpack"} {
		g, e := newGoPerson(server, "gö/"+format+"?", format == "msgpack")
		if e != nil {
			return c, e
		}
		defer func() { err = errors.Join(err, g.client.Dispose(ctx)) }()
		j, e := newJSPerson(ctx, p, server, "jé/"+format+" &", format == "msgpack")
		if e != nil {
			return c, e
		}
		defer func() { err = errors.Join(err, j.close(ctx)) }()
		ours[format], theirs[format] = g, j
	}
	directions := []direction{{"Go to JS", ours, theirs}, {"JS to Go", theirs, ours}}
	var wanted []check
	for _, k := range checks() {
		if strings.Contains(k.feature+", "+k.what, only) {
			wanted = append(wanted, k)
		}
	}
	lines := tryAll(ctx, server, wanted, directions)
	fmt.Println()
	write(os.Stdout, lines)
	c = count(lines)
	version, err := npm.Version(js, "@ably/chat")
	fmt.Printf("\n@ably/chat %s with this library: %d rows, %d passed, %d differ, %d failed, in %.1f s\n",
		version, c.rows, c.passed, c.differs, c.failed, time.Since(began).Seconds())
	return c, err
}

// tryAll runs the checks in all directions and formats, several at the same time.
func tryAll(ctx context.Context, server *ablytest.Server, wanted []check, directions []direction) []line {
	var lines []line
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	rooms := 0
	for _, k := range wanted {
		for _, d := range directions {
			l := line{k.feature, k.what, d.name, make([]outcome, len(columns))}
			for i, f := range columns {
				rooms++
				name := fmt.Sprintf("interop-%d", rooms)
				slots <- struct{}{}
				all.Go(func() {
					l.outcomes[i] = try(ctx, patience, server, name, k, d.do[f.do], d.see[f.see])
					<-slots
				})
			}
			lines = append(lines, l)
		}
	}
	all.Wait()
	return lines
}
