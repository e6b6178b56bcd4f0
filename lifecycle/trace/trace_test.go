package trace_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// backend opens rooms that are strings: the name of the room. It fails to open "bad", and to
// release "stuck".
type backend struct{}

func (backend) Open(_ context.Context, name string, _ lifecycle.RoomOptions) (string, error) {
	if name == "bad" {
		return "", errors.New("no such room")
	}
	return name, nil
}

func (backend) Release(_ context.Context, name string, _ string) error {
	if name == "stuck" {
		return errors.New("")
	}
	return nil
}

func Example() {
	w := trace.NewWriter(os.Stdout, "an example")
	rooms := lifecycle.NewRooms(backend{}, lifecycle.WithObserver(w.Observe), lifecycle.WithObservedStates())
	_ = rooms.Release(context.Background(), "basketball-stream")
	_ = rooms.Dispose(context.Background())
	// Output:
	// {"trace":"rooms","version":1,"label":"an example"}
	// {"seq":1,"input":{"kind":"Release","call":1,"name":"basketball-stream"},"outputs":[{"kind":"settle","call":1,"outcome":"done"}],"state":{"nextCall":2,"incarnations":[],"disposal":"no","lastCreated":0}}
	// {"seq":2,"input":{"kind":"Dispose","call":2},"outputs":[{"kind":"settle","call":2,"outcome":"done"}],"state":{"nextCall":3,"incarnations":[],"disposal":"disposed","lastCreated":0}}
}

// record returns a trace that has all kinds of steps but GiveUp, with failures.
func record(t *testing.T) (text string, steps []lifecycle.RoomsStep) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { text, steps = recordInBubble(t) })
	return text, steps
}

func recordInBubble(t *testing.T) (string, []lifecycle.RoomsStep) {
	var b bytes.Buffer
	var steps []lifecycle.RoomsStep
	w := trace.NewWriter(&b, "")
	rooms := lifecycle.NewRooms(backend{}, lifecycle.WithObservedStates(), lifecycle.WithObserver(func(s lifecycle.RoomsStep) {
		steps = append(steps, s)
		w.Observe(s)
	}))
	ctx := t.Context()
	_, _ = rooms.Get(ctx, "a", lifecycle.WithPresenceEvents(false))
	_, _ = rooms.Get(ctx, "a")
	_, _ = rooms.Get(ctx, "bad")
	_, _ = rooms.Get(ctx, "stuck")
	_ = rooms.Release(ctx, "a")
	if err := rooms.Dispose(ctx); err == nil {
		t.Error("the disposal does not return the error of the release that failed")
	}
	synctest.Wait() // the observer may receive the last step after the call has returned
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	return b.String(), steps
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	text, steps := record(t)
	traces, err := trace.Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(traces) != 1 || len(traces[0].Lines) != len(steps) {
		t.Fatalf("%d traces, %d lines of %d", len(traces), len(traces[0].Lines), len(steps))
	}
	failed := 0
	for i, step := range steps {
		want, err := trace.LineOf(step)
		if err != nil {
			t.Fatal(err)
		}
		if got := traces[0].Lines[i]; !reflect.DeepEqual(got, want) {
			t.Errorf("line %d was read as\n%+v\nwritten was\n%+v", i+1, got, want)
		}
		if want.Error != "" {
			failed++
		}
	}
	if failed != 2 {
		t.Errorf("%d lines have errors, expected 2", failed)
	}
	var again bytes.Buffer
	if err := trace.Write(&again, traces[0].Clone()); err != nil {
		t.Fatal(err)
	}
	if again.String() != text {
		t.Errorf("what was read is written as\n%s\nit was\n%s", again.String(), text)
	}
}

func TestReadIsStrict(t *testing.T) {
	text, _ := record(t)
	lines := strings.SplitAfter(text, "\n")
	for what, bad := range map[string]string{
		"an empty file":      "",
		"no header":          strings.Join(lines[1:], ""),
		"another version":    strings.Replace(text, `"version":1`, `"version":2`, 1),
		"another form":       strings.Replace(text, `"trace":"rooms"`, `"trace":"room"`, 1),
		"an unknown field":   strings.Replace(text, `"seq":1,`, `"seq":1,"sequence":1,`, 1),
		"a line cut off":     text[:len(text)-5],
		"a number as a word": strings.Replace(text, `"call":1,`, `"call":"1",`, 1),
	} {
		if _, err := trace.Read(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was read", what)
		}
	}
}

// limited accepts the given number of bytes, and then fails.
type limited struct{ left int }

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("full")
	}
	return len(p), nil
}

// A writer that can't write a step writes no more lines, since the trace would have a gap; Err
// returns the reason.
func TestAWriterSaysWhatWentWrong(t *testing.T) {
	_, steps := record(t)
	without := steps[0]
	without.State = nil
	for what, do := range map[string]func(*trace.Writer){
		"no state":       func(w *trace.Writer) { w.Observe(without) },
		"a step missing": func(w *trace.Writer) { w.Observe(steps[0]); w.Observe(steps[2]) },
		"a full disk": func(w *trace.Writer) {
			w.Observe(steps[0])
			w.Observe(steps[1])
			w.Observe(steps[2])
			w.Observe(steps[3])
		},
	} {
		w := trace.NewWriter(&limited{1200}, "")
		if do(w); w.Err() == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
