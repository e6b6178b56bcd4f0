// Package sequence numbers the frames that await an acknowledgement on one connection that
// two owners share, ably-go and the rooms, and splits the acknowledgements between them
// (RTN7, RTN15c, RTN19a). It is pure: it knows no goroutine, lock, clock or network, and the
// same calls give the same answers.
//
// A frame has two numbers. Its serial, the msgSerial on the wire, comes from the one counter
// of the connection, at the moment when the frame is first written; a resumed connection
// keeps it, a new one counts from 0 again. Its number counts the frames of its owner alone,
// without a gap and for ever; ably-go is given it as its msgSerial. Each frame is answered
// once. ably-go's answers come in the order of their numbers: it takes an acknowledgement that
// skips frames for a failure of those. The rooms' answers come at once.
package sequence

import "slices"

// Owner is a party that sends frames on the connection.
type Owner int

// The owners.
const (
	Ably  Owner = iota // ably-go's own channels
	Rooms              // the rooms' channels
	owners
)

// Sequence holds the frames that have no answer yet: items of type T, whose answers are of
// type R. The zero value is an empty sequence of a connection that has not begun.
type Sequence[T, R any] struct {
	next    int64          // the serial of the frame that is numbered next
	open    []*Frame[T, R] // unanswered on the wire: those with a serial, ascending, then the rest
	numbers [owners]int64  // the number of each owner's next frame
	waiting []*Frame[T, R] // of ably-go: those whose answer it does not have, in order
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

// Answer is the end of a frame.
type Answer[T, R any] struct {
	Owner  Owner
	Number int64
	Item   T
	Result R
}

// Push adds a frame behind all others. It has a number, and no serial yet.
func (s *Sequence[T, R]) Push(owner Owner, item T) *Frame[T, R] {
	f := s.number(owner, item)
	s.open = append(s.open, f)
	return f
}

// PushRefused adds a frame that is never to be written, with its answer, which takes its turn.
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

// Write returns the serial under which f is to be written now, and false if f was answered.
// Frames must be written in the order in which they were pushed, or in which Connected
// returned them.
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

// Refuse answers a frame that can't be written or that its owner takes back. If it is the
// last to which Write gave a serial, and the serial was new, the next frame gets that serial:
// nothing of f is on the wire.
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

// Acknowledge takes an ACK or NACK of count frames from serial on. Their results are
// result(0), result(1) and so on, counted from serial; earlier frames that have no answer
// get skipped. Frames that were answered before, and serials that were never written, are
// left out; ok is false if nothing is left.
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

// Connected begins a transport: of the same connection if it was resumed, else of a new one,
// on which all frames lose their serials. It returns the frames to be written first, in
// order (RTN19a).
func (s *Sequence[T, R]) Connected(resumed bool) []*Frame[T, R] {
	if !resumed {
		s.next = 0
		for _, f := range s.open {
			f.writes = 0
		}
	}
	return slices.Clone(s.open)
}

// Fail answers all frames (RTN7e). Serials that they had stay used.
func (s *Sequence[T, R]) Fail(result R) (answers []Answer[T, R]) {
	open := s.open
	s.open = nil
	for _, f := range open {
		answers = append(answers, s.answer(f, result)...)
	}
	return answers
}

// Open returns the frames that wait for an answer of the server, in order.
func (s *Sequence[T, R]) Open() []*Frame[T, R] { return slices.Clone(s.open) }

// Len returns how many frames wait for an answer of the server.
func (s *Sequence[T, R]) Len() int { return len(s.open) }

// answer notes the answer to f and returns those whose turn it is.
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
