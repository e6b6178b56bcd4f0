package judge

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
)

// Recorder records the steps of chat clients. Its methods may be called concurrently.
type Recorder struct {
	begin time.Time

	mu      sync.Mutex
	streams []*Stream
	byRoom  map[any]*Stream
	byCore  []map[any]*ChannelStream // one map for each chat client
	cores   []*ChannelStream
	traces  []trace.Trace
	err     error
}

// NewRecorder returns a recorder that counts time from begin.
func NewRecorder(begin time.Time) *Recorder {
	return &Recorder{begin: begin, byRoom: map[any]*Stream{}}
}

// Rooms returns an observer for a Rooms, whose steps become a trace. Use it in lifecycle.Observer,
// with States set.
func (r *Recorder) Rooms() func(lifecycle.RoomsStep) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := len(r.traces)
	r.traces = append(r.traces, trace.Trace{})
	return func(step lifecycle.RoomsStep) {
		line, err := trace.LineOf(step)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.traces[n].Lines, r.err = append(r.traces[n].Lines, line), errors.Join(r.err, err)
	}
}

// Traces returns the traces of all observers that Rooms returned, in order and with a label.
func (r *Recorder) Traces(label string) ([]trace.Trace, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Clone(r.traces)
	for i := range all {
		all[i].Label = label
	}
	return all, r.err
}

// Observe records a step of a room. Use it in lifecycle.Observer.
func (r *Recorder) Observe(step lifecycle.RoomStep) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byRoom[step.Of]
	if s == nil {
		s = NewStream(step.Room)
		r.streams, r.byRoom[step.Of] = append(r.streams, s), s
	}
	s.Add(Seen{time.Since(r.begin), step})
}

// Cores returns an observer for the channels of one chat client. Use it with
// ablychat.WithChannelObserver. Each chat client needs its own: if several use one connection after
// another, steps of a channel between them are not observed.
func (r *Recorder) Cores() func(ablychat.ChannelStep) {
	byCore := map[any]*ChannelStream{} // guarded by the recorder's lock
	r.mu.Lock()
	r.byCore = append(r.byCore, byCore)
	r.mu.Unlock()
	return func(step ablychat.ChannelStep) {
		r.mu.Lock()
		defer r.mu.Unlock()
		s := byCore[step.Of]
		if s == nil {
			s = NewChannelStream(step.Name)
			r.cores, byCore[step.Of] = append(r.cores, s), s
		}
		s.Add(step)
	}
}

// Channels returns the streams of channels, in the order in which they began. The streams must not
// be read while steps are still observed.
func (r *Recorder) Channels() []*ChannelStream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.cores)
}

// Forget drops all streams, since goroutines that ably-go never ends may keep the recorder in
// memory.
func (r *Recorder) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.streams, r.byRoom = nil, map[any]*Stream{}
	r.cores = nil
	for _, streams := range r.byCore {
		clear(streams)
	}
}

// Of returns the stream of a room, or nil if the room has no steps. See [Recorder.Streams].
func (r *Recorder) Of(room *ablychat.Room) *Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byRoom[room]
}

// Rest returns an error if a room is not at rest.
func (r *Recorder) Rest(room *ablychat.Room) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.byRoom[room]
	if s == nil {
		s = NewStream(room.Name())
	}
	if err := s.Rest(room.Status(), lifecycle.AsErrorInfo(room.Error())); err != nil {
		return fmt.Errorf("room %q is not at rest: %w", s.Room, err)
	}
	return nil
}

// released reports whether the room's channel was released.
func (s *Stream) released() bool {
	return slices.ContainsFunc(s.Steps, func(step Seen) bool { return step.Input.Kind == fsm.GiveBackEnded })
}

// Streams returns the streams of rooms, in the order in which they began. The streams must not be
// read while steps are still observed.
func (r *Recorder) Streams() []*Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.streams)
}

// Unreleased returns the rooms that are not at rest or not released. After a dispose there should
// be none, but the last steps may be observed only after the dispose has returned.
func (r *Recorder) Unreleased() (found []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.streams {
		last := s.Steps[len(s.Steps)-1]
		if err := s.Rest(last.Status, last.StatusOf); err != nil {
			found = append(found, fmt.Sprintf("room %q is not at rest: %v", s.Room, err))
		} else if !s.released() {
			found = append(found, fmt.Sprintf("room %q is not released", s.Room))
		}
	}
	return found
}
