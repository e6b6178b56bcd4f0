package conformance_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/tests/conformance"
)

// From here to the end mark is all that somebody writes who has an implementation of their own.

type port struct{ *conformance.Backend }

func (p port) Open(ctx context.Context, name string, options lifecycle.RoomOptions) (*conformance.Room, error) {
	return p.Backend.Open(ctx, name, map[bool]string{true: "x", false: "y"}[options.Presence.EnableEvents])
}

func (p port) Release(ctx context.Context, _ string, room *conformance.Room) error {
	return p.Backend.Release(ctx, room)
}

type rooms struct {
	*lifecycle.Rooms[*conformance.Room]
}

func (r rooms) Get(ctx context.Context, name, options string) (*conformance.Room, error) {
	if token, spelledOut := conformance.Spelling(options); token != "x" || spelledOut {
		return r.Rooms.Get(ctx, name, lifecycle.WithPresenceEvents(token == "x"))
	}
	return r.Rooms.Get(ctx, name)
}

var subject = conformance.Subject{
	New: func(b *conformance.Backend) conformance.System { return rooms{lifecycle.NewRooms(port{b})} },
	Classify: conformance.ClassifyBy(lifecycle.RoomExistsWithDifferentOptions,
		lifecycle.RoomReleasedBeforeOperationCompleted, lifecycle.ResourceDisposed),
	Promises: conformance.AllPromises(),
}

func TestMyRooms(t *testing.T) { conformance.Run(t, subject) }

// The end.

func TestASubjectTakesFewLines(t *testing.T) {
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(source), "of their own.\n")
	example, _, _ = strings.Cut(example, "// The end.")
	lines := 0
	for line := range strings.Lines(example) {
		if strings.TrimSpace(line) != "" {
			lines++
		}
	}
	if lines < 10 || lines >= 30 {
		t.Errorf("the example has %d lines, expected fewer than 30", lines)
	}
}
