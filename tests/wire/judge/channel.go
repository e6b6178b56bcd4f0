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

// ChannelLine is a step of a channel's core, in the terms of the model.
type ChannelLine struct {
	In            model.ChannelInput
	Refused       bool
	Outs          []model.ChannelOutput
	Before, After model.Channel
}

// ChannelStream has the observed steps of the core of one channel's name.
type ChannelStream struct {
	Name  string
	Whole bool // whether the first step of the core was observed
	Lines []ChannelLine

	judge ChannelJudge
	seq   uint64
	wrong error // the first problem; later steps are not checked

	errs    map[*lifecycle.ErrorInfo]int // the number of each error in the model
	serials map[fsm.Serial]int           // the number of each serial in the model
}

// NewChannelStream returns a stream without steps for the channel with this name.
func NewChannelStream(name string) *ChannelStream {
	return &ChannelStream{Name: name, errs: map[*lifecycle.ErrorInfo]int{nil: 0}, serials: map[fsm.Serial]int{"": 0}}
}

// Add appends a step, and checks it with the model.
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
		s.wrong = fmt.Errorf("the step has another number than expected, %d", s.seq)
	}
	if s.wrong != nil {
		s.wrong = fmt.Errorf("channel %q, step %d: %w", s.Name, step.Seq, s.wrong)
	}
}

// Err returns the first problem that the model found, or nil.
func (s *ChannelStream) Err() error { return s.wrong }

// ChannelJudge checks the steps of a channel with the reference model. The zero value is ready for
// the first step.
type ChannelJudge struct {
	run   model.ChannelRun
	begun bool
}

// Take checks a step. It must begin in the state in which the last step ended. The model must
// refuse the same inputs, have the same outputs and come to the same state. If the stream is whole,
// the step must also have every property of docs/channel.md that doesn't depend on a promise of the
// server. A whole stream begins with a channel that was never attached, on a connection in any
// state. Other streams may begin in any state.
func (j *ChannelJudge) Take(l ChannelLine, whole bool) error {
	if !j.begun {
		j.run, j.begun = model.ChannelRun{Channel: l.Before}, true
		if whole && !l.Before.Equal(model.Channel{Connection: l.Before.Connection}) {
			return fmt.Errorf("the stream begins in the state %v, expected a channel that was never attached", l.Before)
		}
	}
	if !l.Before.Equal(j.run.Channel) {
		return fmt.Errorf("the step begins in the state %v, but the step before it ended in %v", l.Before, j.run.Channel)
	}
	next, outs, err := j.run.Step(l.In)
	switch refused := err != nil; {
	case refused != l.Refused:
		return fmt.Errorf("%v: refused by the core: %t, refused by the model: %t", l.In, l.Refused, refused)
	case !slices.Equal(outs, l.Outs):
		return fmt.Errorf("%v had the outputs %v, expected %v", l.In, l.Outs, outs)
	case !l.After.Equal(next.Channel):
		return fmt.Errorf("%v leads to %v, expected %v", l.In, l.After, next.Channel)
	case refused:
		return nil
	}
	for _, p := range model.ChannelProperties() {
		if p.Promise || !whole { // the property needs the steps before the first one
			continue
		}
		if err := p.Check(j.run, model.ChannelEvent{In: l.In}, outs, next); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	j.run = next
	return nil
}

// ChannelLines checks the lines of a whole trace. It returns how many lines the model accepts, and
// an error for the next line; the error is nil if the model accepts all.
func ChannelLines(lines []ChannelLine) (taken int, err error) {
	var j ChannelJudge
	for i, l := range lines {
		if err := j.Take(l, true); err != nil {
			return i, err
		}
	}
	return len(lines), nil
}

// numberIn returns a function that numbers values, in the order in which they come.
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
