package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/model"
)

// links is how many connections record at a time.
const links = 3

// newScripts returns the walks that cover the small graph, but for the gets that a ready room answers: those lifecycle.Rooms answers
// without its core, so no trace has them.
func newScripts() iter.Seq[[]model.Input] {
	walks := withoutReadyGets().Explore()
	return func(yield func([]model.Input) bool) {
		for walk := range walks.Cover() {
			if !yield(walk) {
				return
			}
		}
	}
}

// recordAll starts a server and records: so many traces of the adapter's own Rooms, then one for each script.
func recordAll(ctx context.Context, draw *rand.Rand, whole int, scripts iter.Seq[[]model.Input]) ([]trace.Trace, error) {
	server, err := ablytest.Start(ablytest.WithFrameLog(100))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	var connected []*link
	for i := range links {
		l, err := dial(server, i+1)
		if err != nil {
			return nil, err
		}
		connected = append(connected, l)
	}
	traces, err := recordStack(ctx, connected[0], draw, whole)
	if err == nil {
		var scripted []trace.Trace
		scripted, err = recordScripts(ctx, connected, scripts)
		traces = append(traces, scripted...)
	}
	for _, l := range connected {
		err = errors.Join(err, l.close())
	}
	return traces, err
}

// recordStack records traces of the adapter's own Rooms. What has no step is no trace.
func recordStack(ctx context.Context, l *link, draw *rand.Rand, count int) ([]trace.Trace, error) {
	var traces []trace.Trace
	for len(traces) < count && ctx.Err() == nil {
		t, err := recordWhole(l, draw)
		if err != nil {
			return nil, fmt.Errorf("trace %d: %w", len(traces)+1, err)
		}
		if len(t.Lines) > 0 {
			traces = append(traces, t)
		}
	}
	return traces, ctx.Err()
}

// recordScripts records a trace for each script, on all links.
func recordScripts(ctx context.Context, connected []*link, scripts iter.Seq[[]model.Input]) ([]trace.Trace, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next, stop := iter.Pull(scripts)
	defer stop()
	var mu sync.Mutex
	var traces []trace.Trace
	var workers sync.WaitGroup
	for _, l := range connected {
		workers.Go(func() {
			b, err := newAttaching(l)
			for err == nil && ctx.Err() == nil {
				mu.Lock()
				script, ok := next()
				mu.Unlock()
				if !ok {
					break
				}
				var t trace.Trace
				if t, err = b.record(script); err != nil {
					err = fmt.Errorf("the script %v: %w", script, err)
				}
				mu.Lock()
				traces = append(traces, t)
				mu.Unlock()
			}
			if b != nil {
				err = errors.Join(err, b.close())
			}
			if err != nil {
				cancel(err)
			}
		})
	}
	workers.Wait()
	return traces, context.Cause(ctx)
}
