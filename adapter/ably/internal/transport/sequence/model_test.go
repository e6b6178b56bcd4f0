package sequence_test

import (
	"fmt"
	"slices"
	"strings"

	"ablyrooms.example/adapter/ably/internal/transport/sequence"
)

// model is a reference model of Sequence, written after RTN7, RTN15c and RTN19a. It keeps every
// frame that was ever pushed, and looks at all of them in each step.
type model struct {
	frames []*modelFrame
	serial int64   // the serial of the next frame that gets one
	wire   []wrote // the frames written on the present transport
}

// wrote is a frame that was written, with the serial that it had.
type wrote struct {
	owner          sequence.Owner
	number, serial int64
}

// answer is the answer to a frame, as its owner receives it.
type answer struct {
	owner  sequence.Owner
	number int64
	result string
}

type modelFrame struct {
	owner    sequence.Owner
	number   int64
	serial   int64 // -1 if it has none on this connection
	written  bool  // it was written on this transport
	finished bool
	result   string
	told     bool // the owner has its answer
}

func (m *model) push(owner sequence.Owner) *modelFrame {
	f := &modelFrame{owner: owner, serial: -1}
	for _, o := range m.frames {
		if o.owner == owner {
			f.number++
		}
	}
	m.frames = append(m.frames, f)
	return f
}

// next is the first unfinished frame that was not written on this transport.
func (m *model) next() *modelFrame {
	for _, f := range m.frames {
		if !f.finished && !f.written {
			return f
		}
	}
	return nil
}

// write writes the next frame. If the frame is unencodable, it fails and uses up no serial.
func (m *model) write(unencodable bool) (answers []answer, done bool) {
	f := m.next()
	if f == nil {
		return nil, false
	}
	if unencodable {
		f.finished, f.result = true, "unencodable"
		return m.tell(), true
	}
	if f.serial < 0 {
		f.serial = m.serial
		m.serial++
	}
	f.written = true
	m.wire = append(m.wire, wrote{f.owner, f.number, f.serial})
	return nil, true
}

func (m *model) acknowledge(serial, count int64, result string) (answers []answer, ok bool) {
	for _, f := range m.frames {
		if serial >= 0 && !f.finished && f.serial >= serial && f.serial < serial+count {
			ok = true
		}
	}
	if !ok {
		return nil, false
	}
	for _, f := range m.frames {
		switch {
		case f.finished || f.serial < 0 || f.serial >= serial+count:
		case f.serial < serial:
			f.finished, f.result = true, "skipped"
		default:
			f.finished, f.result = true, fmt.Sprint(result, f.serial-serial)
		}
	}
	return m.tell(), true
}

// connect begins a new transport.
func (m *model) connect(resumed bool) {
	m.wire = nil
	for _, f := range m.frames {
		f.written = false
		if !resumed {
			f.serial = -1
		}
	}
	if !resumed {
		m.serial = 0
	}
}

// takeBack finishes the last frame that has no serial.
func (m *model) takeBack() []answer {
	for _, f := range slices.Backward(m.frames) {
		if !f.finished && f.serial < 0 {
			f.finished, f.result = true, "taken back"
			break
		}
	}
	return m.tell()
}

func (m *model) fail() []answer {
	for _, f := range m.frames {
		if !f.finished {
			f.finished, f.result = true, "failed"
		}
	}
	return m.tell()
}

// tell returns the answers that owners get now: ably-go gets its answers in order, the rooms at
// once.
func (m *model) tell() (answers []answer) {
	held := false
	for _, f := range m.frames {
		held = held || f.owner == sequence.Ably && !f.finished
		if f.finished && !f.told && (f.owner == sequence.Rooms || !held) {
			f.told = true
			answers = append(answers, answer{f.owner, f.number, f.result})
		}
	}
	return answers
}

// open returns the frames that wait for the server.
func (m *model) open() (open []*modelFrame) {
	for _, f := range m.frames {
		if !f.finished {
			open = append(open, f)
		}
	}
	return open
}

// key identifies the future of the model: models with equal keys answer the same inputs alike,
// except for the numbers of frames.
func (m *model) key() string {
	var b strings.Builder
	fmt.Fprint(&b, m.serial, ":")
	for _, f := range m.frames {
		if !f.told {
			fmt.Fprint(&b, f.owner, f.serial, f.written, f.finished, f.result, ";")
		}
	}
	return b.String()
}
