// Package sequence numbers the frames that await an acknowledgement on one connection. Two owners
// share the connection, ably-go and the rooms; the package splits the acknowledgements between them
// (RTN7, RTN15c, RTN19a). It is pure: it uses no goroutine, lock, clock or network, and the same
// calls return the same answers.
//
// A frame has two numbers. Its serial is the msgSerial on the wire. The serials of a connection are
// counted from 0, and a frame gets one when it is first written. It keeps its serial when the
// connection is resumed, and gets a new one on a new connection. Its number counts only the frames
// of its owner, without a gap, across connections; ably-go receives it as its msgSerial.
//
// Each frame is answered once. ably-go gets its answers in the order of their numbers, because it
// takes an acknowledgement that skips frames as a failure of those frames. The rooms get theirs at
// once.
package sequence

import "slices"

// Owner is one of the two that send frames on the connection.
type Owner int

// The owners.
const (
	Ably  Owner = iota // ably-go's own channels
	Rooms              // the rooms' channels
	owners
)

// Sequence holds the frames that have no answer yet. A frame carries an item of type T; an answer
// carries a result of type R. The zero value is an empty sequence, before the first connection.
type Sequence[T, R any] struct {
	next    int64          // the serial of the next frame that gets one
	open    []*Frame[T, R] // unanswered frames: those with a serial, ascending, then the rest
	numbers [owners]int64  // the number of each owner's next frame
	waiting []*Frame[T, R] // ably-go's frames, in order, whose answers it didn't get yet
}

// Frame is one frame that awaits an acknowledgement.
type Frame[T, R any] struct {
	Owner  Owner
	Number int64 // counts the owner's frames, from 0
	Item   T

	serial   int64 // meaningful if writes > 0
	writes   int   // how often it was written on this connection
	answered bool
	result   R
}

// Answer is the answer to a frame, for its owner.
type Answer[T, R any] struct {
	Owner  Owner
	Number int64
	Item   T
	Result R
}

// Push adds a frame after all others. The frame has a number, and no serial yet.
func (s *Sequence[T, R]) Push(owner Owner, item T) *Frame[T, R] {
	f := s.number(owner, item)
	s.open = append(s.open, f)
	return f
}

// PushRefused adds a frame that is never written, and answers it with result. It returns the frame,
// and the answers that owners get now.
func (s *Sequence[T, R]) PushRefused(owner Owner, item T, result R) (*Frame[T, R], []Answer[T, R]) {
	f := s.number(owner, item)
	return f, s.answer(f, result)
}

func (s *Sequence[T, R]) number(owner Owner, item T) *Frame[T, R] {
	f := &Frame[T, R]{Owner: owner, Number: s.numbers[owner], Item: item}
	s.numbers[owner]++
	if owner == Ably {
		s.waiting = append(s.waiting, f)
	}
	return f
}

// Write returns the serial to write f with, or false if f was already answered. Frames must be
// written in the order in which they were pushed, or in which Connected returned them.
func (s *Sequence[T, R]) Write(f *Frame[T, R]) (serial int64, ok bool) {
	if f.answered {
		return 0, false
	}
	if f.writes == 0 {
		f.serial = s.next
		s.next++
	}
	f.writes++
	return f.serial, true
}

// Refuse answers a frame that can't be written or that its owner takes back. If nothing of f is on
// the wire and f has the last serial, the next frame gets that serial.
func (s *Sequence[T, R]) Refuse(f *Frame[T, R], result R) []Answer[T, R] {
	if f.answered {
		return nil
	}
	if f.writes == 1 && f.serial == s.next-1 {
		s.next--
	}
	s.open = slices.DeleteFunc(s.open, func(o *Frame[T, R]) bool { return o == f })
	return s.answer(f, result)
}

// Written reports whether f may have reached the server.
func (f *Frame[T, R]) Written() bool { return f.writes > 0 }

// Acknowledge takes an ACK or NACK of count frames from serial on. The frame with that serial gets
// result(0), the next result(1), and so on. Earlier frames that have no answer get the result
// skipped. Frames that were already answered, and serials that were never written, are ignored; ok
// is false if all are ignored.
func (s *Sequence[T, R]) Acknowledge(
	serial, count int64, result func(i int) R, skipped R,
) (answers []Answer[T, R], ok bool) {
	if serial < 0 || count <= 0 {
		return nil, false
	}
	n := 0
	for _, f := range s.open {
		if f.writes == 0 || f.serial-serial >= count {
			break
		}
		ok = ok || f.serial >= serial
		n++
	}
	if !ok {
		return nil, false
	}
	done := slices.Clone(s.open[:n])
	s.open = slices.Delete(s.open, 0, n)
	for _, f := range done {
		r := skipped
		if f.serial >= serial {
			r = result(int(f.serial - serial))
		}
		answers = append(answers, s.answer(f, r)...)
	}
	return answers, true
}

// Connected begins a transport. If resumed is false, the transport is one of a new connection, on
// which all frames lose their serials. It returns the frames to be written first, in order
// (RTN19a).
func (s *Sequence[T, R]) Connected(resumed bool) []*Frame[T, R] {
	if !resumed {
		s.next = 0
		for _, f := range s.open {
			f.writes = 0
		}
	}
	return slices.Clone(s.open)
}

// Fail answers all frames (RTN7e). Their serials are not used again.
func (s *Sequence[T, R]) Fail(result R) (answers []Answer[T, R]) {
	open := s.open
	s.open = nil
	for _, f := range open {
		answers = append(answers, s.answer(f, result)...)
	}
	return answers
}

// Open returns the frames that the server has not answered, in order.
func (s *Sequence[T, R]) Open() []*Frame[T, R] { return slices.Clone(s.open) }

// Len returns how many frames the server has not answered.
func (s *Sequence[T, R]) Len() int { return len(s.open) }

// answer records the answer to f, and returns the answers that owners get now.
func (s *Sequence[T, R]) answer(f *Frame[T, R], result R) (answers []Answer[T, R]) {
	f.answered, f.result = true, result
	if f.Owner != Ably {
		return []Answer[T, R]{{f.Owner, f.Number, f.Item, result}}
	}
	n := 0
	for _, w := range s.waiting {
		if !w.answered {
			break
		}
		n++
		answers = append(answers, Answer[T, R]{w.Owner, w.Number, w.Item, w.result})
	}
	s.waiting = slices.Delete(s.waiting, 0, n)
	return answers
}
