package judge

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Stream is what one room was seen to do.
type Stream struct {
	Room  string
	Steps []Seen

	core *fsm.Room[*lifecycle.ErrorInfo] // that has taken the steps, to tell whose the next is
}

// Seen is a step and when it was told.
type Seen struct {
	At time.Duration // since the recorder's begin
	lifecycle.RoomStep
}

// Recorder notes the steps of all rooms of a client.
type Recorder struct {
	begin time.Time

	mu      sync.Mutex
	streams []*Stream
}

// NewRecorder returns a recorder that counts time from begin; its Observe is for ablychat.WithRoomObserver.
func NewRecorder(begin time.Time) *Recorder { return &Recorder{begin: begin} }

// Observe notes a step.
func (r *Recorder) Observe(step lifecycle.RoomStep) {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := Seen{time.Since(r.begin), step}
	if step.Seq > 1 {
		for _, fits := range []func(*Stream, lifecycle.RoomStep) bool{(*Stream).takes, (*Stream).counts} {
			for i := len(r.streams) - 1; i >= 0; i-- {
				if s := r.streams[i]; s.Room == step.Room && fits(s, step) {
					s.Steps = append(s.Steps, seen)
					return
				}
			}
		}
		if step.Status == lifecycle.StatusReleased {
			return // a late call on a room that was forgotten
		}
	}
	s := &Stream{Room: step.Room, core: fsm.NewRoom[*lifecycle.ErrorInfo]()}
	s.takes(step)
	s.Steps = append(s.Steps, seen)
	r.streams = append(r.streams, s)
}

// takes tells whether a step is the stream's next, and what the core does there: the last steps of a room may be told after the first of the name's
// next room, and have the same numbers.
func (s *Stream) takes(step lifecycle.RoomStep) bool {
	next := s.core.Clone()
	outs, err := next.Step(step.Input, nil)
	if status, _ := next.Status(); err != nil || status != step.Status || !slices.Equal(outs, step.Outputs) || !s.counts(step) {
		return false
	}
	s.core = next
	return true
}

// counts tells whether a step has the number of the stream's next.
func (s *Stream) counts(step lifecycle.RoomStep) bool { return int(step.Seq) == len(s.Steps)+1 }

// Streams returns what has been noted, in the order in which the rooms began.
func (r *Recorder) Streams() []Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Stream, len(r.streams))
	for i, s := range r.streams {
		all[i] = Stream{Room: s.Room, Steps: slices.Clone(s.Steps)}
	}
	return all
}

// Forget drops the rooms that are released and returns them: a recorder that runs for long holds no more than what is alive.
func (r *Recorder) Forget() (released []Stream) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var alive []*Stream
	for _, s := range r.streams {
		if slices.ContainsFunc(s.Steps, func(step Seen) bool { return step.Input.Kind == fsm.GiveBackEnded }) {
			released = append(released, *s)
		} else {
			alive = append(alive, s)
		}
	}
	r.streams = alive
	return released
}

// Check holds a stream to the judges, and returns what the first of them has against it.
func (s Stream) Check(judges ...Judge) error {
	for _, j := range judges {
		for _, step := range s.Steps {
			if err := j.Step(step.RoomStep); err != nil {
				return fmt.Errorf("room %q, step %d: the %s: %w", s.Room, step.Seq, j.Name(), err)
			}
		}
	}
	return nil
}

// Rest holds a room that is at rest to the judges that have taken its stream.
func (s Stream) Rest(status lifecycle.Status, err *lifecycle.ErrorInfo, judges ...Judge) error {
	for _, j := range judges {
		if err := j.Rest(status, err); err != nil {
			return fmt.Errorf("room %q at rest: the %s: %w", s.Room, j.Name(), err)
		}
	}
	return nil
}

// String prints the stream, a step to a line.
func (s Stream) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "room %q\n", s.Room)
	for _, step := range s.Steps {
		fmt.Fprintf(&b, "  %9s  %-3d %v", step.At.Round(time.Millisecond), step.Seq, step.Input)
		for i, out := range step.Outputs {
			sep := ", "
			if i == 0 {
				sep = "  ->  "
			}
			fmt.Fprintf(&b, "%s%v", sep, out)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
