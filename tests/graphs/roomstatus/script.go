package roomstatus

import (
	"slices"

	"pgregory.net/rapid"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
)

// Script draws a script of up to longest inputs. Ends are drawn more often than their share, so that
// operations come to an end.
func Script(t *rapid.T, b Bounds, longest int) []model.RoomInput {
	weight := func(in model.RoomInput) int {
		switch {
		case in.Kind >= model.KindAttachEnded:
			return 8
		case in.Kind <= model.KindRoomRelease:
			return 6
		}
		return 1
	}
	return graphs.Draw(New(b), rapid.IntRange(1, longest).Draw(t, "length"), func(enabled []model.RoomInput) int {
		total := 0
		for _, in := range enabled {
			total += weight(in)
		}
		at := rapid.IntRange(0, total-1).Draw(t, "input")
		return slices.IndexFunc(enabled, func(in model.RoomInput) bool { at -= weight(in); return at < 0 })
	})
}
