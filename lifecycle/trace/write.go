package trace

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"ablyrooms.example/lifecycle"
)

// Writer writes a trace of one Rooms, from its beginning on. Pass its Observe to
// [lifecycle.WithObserver], and use [lifecycle.WithObservedStates] too. For a chat client on Ably,
// use the options of package ablychat with the same names.
type Writer struct {
	mu   sync.Mutex
	w    io.Writer
	next uint64
	err  error
}

// NewWriter writes the header, and returns a writer. label says what is traced, for the reader of
// the file; it may be empty.
func NewWriter(w io.Writer, label string) *Writer {
	t := &Writer{w: w, next: 1}
	t.write(Header{Trace: Format, Version: Version, Label: label})
	return t
}

// Observe writes one step, with one call of Write. After an error it writes nothing more, so that a
// trace has no gaps.
func (t *Writer) Observe(step lifecycle.RoomsStep) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return
	}
	line, err := LineOf(step)
	if err == nil && line.Seq != t.next {
		err = fmt.Errorf("trace: step %d follows, expected step %d; a Writer must observe one Rooms from its beginning on", line.Seq, t.next)
	}
	if err != nil {
		t.err = err
		return
	}
	t.next++
	t.write(line)
}

// Err returns the first error of writing, or nil.
func (t *Writer) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *Writer) write(v any) {
	data, err := json.Marshal(v)
	if err == nil {
		_, err = t.w.Write(append(data, '\n'))
	}
	t.err = err
}

// Write writes whole traces, one after the other.
func Write(w io.Writer, traces ...Trace) error {
	for _, t := range traces {
		to := NewWriter(w, t.Label)
		for _, l := range t.Lines {
			if to.err == nil {
				to.write(l)
			}
		}
		if to.err != nil {
			return to.err
		}
	}
	return nil
}
