package lifecycle

import (
	"context"
	"iter"

	"ablyrooms.example/lifecycle/listen"
)

// StatusChanges is [Room.OnStatusChange] for those who range: every change from the call on, in order, none lost. It ends after the change
// to released, which is the last one, when the context ends, or when the loop is left, and can't be ranged over again. Nothing runs in the
// background meanwhile; changes that are not taken wait. Whoever doesn't range over it must end the context.
//
//	for change := range room.StatusChanges(ctx) {
//		fmt.Println(change)
//	}
func (r *Room) StatusChanges(ctx context.Context) iter.Seq[StatusChange] {
	changes := r.statusListeners.Events(ctx, r.listening())
	return func(yield func(StatusChange) bool) {
		for change := range changes { // there is no limit, so that none is lost
			if !yield(change) || change.Current == StatusReleased {
				return
			}
		}
	}
}

// Discontinuities is [Room.OnDiscontinuity] for those who range: every discontinuity from the call on, until the context ends or the loop is
// left. All else is as for [Room.StatusChanges].
func (r *Room) Discontinuities(ctx context.Context) iter.Seq[*ErrorInfo] {
	losses := r.discontinuities.Events(ctx, r.listening())
	return func(yield func(*ErrorInfo) bool) {
		for loss := range losses {
			if !yield(loss) {
				return
			}
		}
	}
}

func (r *Room) listening() listen.Config {
	c := listen.Config{Room: r.name}
	if r.watch != nil {
		c.Log = r.watch.log
	}
	return c
}
