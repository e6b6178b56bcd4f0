package main

import (
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// apiRecord is the record of the public API. After an intended change, this command rewrites it:
//
//	go test ./tests/report -count=1 -run TestThePublicAPI -update
//
// A removed or changed line breaks programs, so CHANGELOG.md must describe it.
const apiRecord = "api/ablychat.txt"

// TestThePublicAPI compares the exported names of package ablychat with the record.
func TestThePublicAPI(t *testing.T) {
	lines, err := publicAPI(root, module+"/adapter/ably")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		text := strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(root, apiRecord), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	gone, added := apiChanges(strings.Split(strings.TrimSpace(read(t, apiRecord)), "\n"), lines)
	for _, line := range gone {
		t.Errorf("the API no longer has: %s", line)
	}
	for _, line := range added {
		t.Errorf("the record lacks: %s", line)
	}
	if len(gone)+len(added) > 0 {
		t.Errorf("if this is intended, run go test ./tests/report -count=1 -run TestThePublicAPI -update, and add a line to CHANGELOG.md")
	}
	if len(lines) < 200 {
		t.Errorf("only %d lines were made", len(lines))
	}
}

// apiChanges returns the lines that are gone from a record, and those that are new.
func apiChanges(record, now []string) (gone, added []string) {
	for _, line := range record {
		if !slices.Contains(now, line) {
			gone = append(gone, line)
		}
	}
	for _, line := range now {
		if !slices.Contains(record, line) {
			added = append(added, line)
		}
	}
	return gone, added
}

// TestAChangeOfTheAPIIsSeen shows that the comparison can fail, for each kind of change.
func TestAChangeOfTheAPIIsSeen(t *testing.T) {
	text := read(t, apiRecord)
	for what, line := range map[string]string{
		"a function's signature":   "func Connect(options ...Option) (*Client, error)",
		"a method of a type":       "type Room, method Attach(ctx context.Context) error",
		"a method of an alias":     "type Message, method IsDeleted() bool",
		"a field of an alias":      "type MessageEvent, field Recovered bool",
		"a constant":               "const ErrRoomInInvalidState lifecycle.ErrorCode = 102112",
		"a type of the package's":  "type Subscription struct",
		"what an alias stands for": "type RoomStatus = fsm.Status uint8",
	} {
		record := strings.Split(strings.TrimSpace(text), "\n")
		if !slices.Contains(record, line) {
			t.Errorf("%s: the record of the API lacks the line %q", what, line)
			continue
		}
		without := slices.DeleteFunc(slices.Clone(record), func(l string) bool { return l == line })
		gone, _ := apiChanges(record, without)
		_, added := apiChanges(without, record)
		if len(gone) != 1 || len(added) != 1 {
			t.Errorf("after a change of %s, apiChanges returned %q as gone and %q as added", what, gone, added)
			continue
		}
		fmt.Println("CAUGHT api:", what)
	}
}

// Names that are not exported are not part of the record.
func TestTheAPIHasWhatIsExportedAlone(t *testing.T) {
	pkg := types.NewPackage("p", "p")
	field := func(name string) *types.Var {
		return types.NewField(token.NoPos, pkg, name, types.Typ[types.Int], false)
	}
	name := types.NewTypeName(token.NoPos, pkg, "T", nil)
	types.NewNamed(name, types.NewStruct([]*types.Var{field("Shown"), field("hidden")}, nil), nil)
	var lines []string
	describe(func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }, name, types.RelativeTo(pkg))
	if want := []string{"type T struct", "type T, field Shown int"}; !slices.Equal(lines, want) {
		t.Errorf("publicAPI returned %q, expected %q", lines, want)
	}
}
