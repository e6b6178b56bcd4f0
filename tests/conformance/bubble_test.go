package conformance

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ablyrooms.example/model"
)

// spinning never comes to rest.
type spinning struct{ stop *atomic.Bool }

func (s spinning) Get(context.Context, string, string) (*Room, error) {
	for !s.stop.Load() {
	}
	return nil, nil
}

func (s spinning) Release(context.Context, string) error { return nil }

func (s spinning) Dispose(context.Context) error { return nil }

func TestWhatNeverRestsIsAHang(t *testing.T) {
	defer func(p time.Duration) { patience = p }(patience)
	patience = time.Millisecond
	var stop atomic.Bool
	defer stop.Store(true)
	subject := Subject{
		New:      func(*Backend) System { return spinning{&stop} },
		Classify: func(error) Rejection { return Unknown },
	}
	v := RunScript(t, subject, []model.Input{model.Get(1, "a", "x")})
	if v == nil || v.Kind != Hang || !strings.Contains(v.Got, "keeps moving") {
		t.Errorf("got %v", v)
	}
}

// TestScriptsAreCounted compares the number of scripts of a length with figures worked out apart: paths of the model's graph with 2 names and
// 2 options, of which a renaming of the names leaves those that begin with a, or with neither.
func TestScriptsAreCounted(t *testing.T) {
	b := Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
	for n, want := range []int{1, 4, 31, 286, 1622, 6322} {
		got, seen := 0, map[string]bool{}
		for script := range scripts(b, n, AllPromises().allows) {
			got++
			seen[FormatScript(script)] = true
		}
		if got != want || len(seen) != want {
			t.Errorf("%d scripts of length %d, %d distinct, expected %d", got, n, len(seen), want)
		}
	}
}

// TestShortenFindsWhatMatters plants a violation that needs an opening with the options y, and begins with a long script.
func TestShortenFindsWhatMatters(t *testing.T) {
	long := []model.Input{
		model.Get(1, "a", "x"), model.Get(2, "b", "y"), model.OpenFailed(1), model.Release(3, "a"), model.Get(4, "b", "y"),
		model.Opened(2), model.Get(5, "b", "x"),
	}
	try := func(script []model.Input) *Violation {
		state := model.State{}
		for i, in := range script {
			state, _, _ = state.Step(in)
			if in.Kind == model.KindOpened && state.Incarnations[in.Incarnation-1].Options == "y" {
				return &Violation{Script: script[:i+1]}
			}
		}
		return nil
	}
	b := DefaultBounds()
	v := shorten(try(long), b, try)
	if got := v.Steps(); got != "get(1, a, y); opened(1)" {
		t.Errorf("shortened to %q", got)
	}
	if v = shortest(v, AllPromises(), 100, try); !v.Shortest {
		t.Error("not known to be a shortest one")
	}
	unshortened := shortest(try(long), AllPromises(), 100_000, try)
	if got := unshortened.Steps(); got != "get(1, a, y); opened(1)" {
		t.Errorf("a shortest one is %q", got)
	}
}
