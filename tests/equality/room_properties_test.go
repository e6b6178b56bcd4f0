package equality

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// Each property that docs/room.md says must hold has a configuration of the room's spec where it holds, and a twin of that spec that it
// rejects. The lint of all configurations knows properties by their names, which the room shares with Rooms in part.
func TestEachPropertyOfTheRoomHasItsTwin(t *testing.T) {
	all, err := tlcrun.ReadConfigs(filepath.Join(root, "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join(root, "docs", "room.md"))
	if err != nil {
		t.Fatal(err)
	}
	room := slices.DeleteFunc(all, func(c *tlcrun.Config) bool { return !strings.Contains(c.Module, "RoomStatus") })
	if err := tlcrun.LintAll(room, string(document)); err != nil {
		t.Error(err)
	}
	without := slices.DeleteFunc(slices.Clone(room), func(c *tlcrun.Config) bool { return c.Violates == "GivenBackOnce" })
	if tlcrun.LintAll(without, string(document)) == nil {
		t.Error("a property without a twin is not seen")
	}
}
