package judge

import (
	"fmt"
	"slices"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs/channel"
)

// ChannelLine is a step of a channel's core in the words of the model.
type ChannelLine struct {
	In            model.ChannelInput
	Refused       bool
	Outs          []model.ChannelOutput
	Before, After model.Channel
}

// ChannelStream is what the core of one channel's name was seen to do.
type ChannelStream struct {
	Name  string
	Whole bool // it was seen from its beginning on
	Lines []ChannelLine

	judge ChannelJudge
	seq   uint64
	wrong error // what was found first; no step is taken after that

	errs    map[*lifecycle.ErrorInfo]int // the model knows errors and serials by number
	serials map[fsm.Serial]int
}

// NewChannelStream returns the stream of a channel's name that did nothing yet.
func NewChannelStream(name string) *ChannelStream {
	return &ChannelStream{Name: name, errs: map[*lifecycle.ErrorInfo]int{nil: 0}, serials: map[fsm.Serial]int{"": 0}}
}

// Add appends a step, which the model takes.
func (s *ChannelStream) Add(step ablychat.ChannelStep) {
	n := channel.Numbers[*lifecycle.ErrorInfo]{Err: numberIn(s.errs), Serial: numberIn(s.serials)}
	line := ChannelLine{Before: channel.FromState(step.Before, n), In: channel.FromInput(step.Input, n),
		Refused: step.Refused, After: channel.FromState(step.After, n)}
	for _, out := range step.Outputs {
		line.Outs = append(line.Outs, channel.FromOutput(out, n))
	}
	if len(s.Lines) == 0 {
		s.Whole, s.seq = step.Seq == 1, step.Seq-1
	}
	s.Lines = append(s.Lines, line)
	s.seq++
	if s.wrong != nil {
		return
	}
	if s.wrong = s.judge.Take(line, s.Whole); step.Seq != s.seq {
		s.wrong = fmt.Errorf("it came where step %d was expected", s.seq)
	}
	if s.wrong != nil {
		s.wrong = fmt.Errorf("channel %q, step %d: %w", s.Name, step.Seq, s.wrong)
	}
}

// Err returns what the model found wrong, or nil.
func (s *ChannelStream) Err() error { return s.wrong }

// ChannelJudge has the reference model take the steps of a channel. The zero value is ready for the
// first.
type ChannelJudge struct {
	run   model.ChannelRun
	begun bool
}

// Take has the model take a step: it must begin where the one before ended, the model must refuse
// the same, put out the same and come to the same state; and, of a stream that is whole, the step
// must have every property of docs/channel.md that needs no promise of the server. A whole stream
// begins with a channel that was never attached, on a connection in any state; another one anyhow.
func (j *ChannelJudge) Take(l ChannelLine, whole bool) error {
	if !j.begun {
		j.run, j.begun = model.ChannelRun{Channel: l.Before}, true
		if whole && !l.Before.Equal(model.Channel{Connection: l.Before.Connection}) {
			return fmt.Errorf("it begins as %v", l.Before)
		}
	}
	if !l.Before.Equal(j.run.Channel) {
		return fmt.Errorf("the channel was %v, and is %v now", j.run.Channel, l.Before)
	}
	next, outs, err := j.run.Step(l.In)
	switch refused := err != nil; {
	case refused != l.Refused:
		return fmt.Errorf("%v is refused by the core: %t, by the model: %t", l.In, l.Refused, refused)
	case !slices.Equal(outs, l.Outs):
		return fmt.Errorf("%v put out %v, expected %v", l.In, l.Outs, outs)
	case !l.After.Equal(next.Channel):
		return fmt.Errorf("%v leads to %v, expected %v", l.In, l.After, next.Channel)
	case refused:
		return nil
	}
	for _, p := range model.ChannelProperties() {
		if p.Promise || !whole { // no history of what was before
			continue
		}
		if err := p.Check(j.run, model.ChannelEvent{In: l.In}, outs, next); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	j.run = next
	return nil
}

// ChannelLines has the model take the lines of a whole trace, and returns how many it takes and why
// not the next one; nil when it takes all.
func ChannelLines(lines []ChannelLine) (taken int, err error) {
	var j ChannelJudge
	for i, l := range lines {
		if err := j.Take(l, true); err != nil {
			return i, err
		}
	}
	return len(lines), nil
}

// numberIn gives each value a number of its own, in the order in which they come.
func numberIn[T comparable](known map[T]int) func(T) int {
	return func(v T) int {
		n, ok := known[v]
		if !ok {
			n = len(known)
			known[v] = n
		}
		return n
	}
}
