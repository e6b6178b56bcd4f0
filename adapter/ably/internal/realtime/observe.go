package realtime

import (
	"fmt"
	"log/slog"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// Step is one step of the core of a channel's name, for an observer.
type Step struct {
	Seq     uint64 // 1, 2, 3, … for this core; steps without an observer count too
	Name    string // the channel's name
	Of      any    // identifies the core: a name may have one core after another
	Input   fsm.ChannelInput[*lifecycle.ErrorInfo]
	Outputs []fsm.ChannelOutput[*lifecycle.ErrorInfo]
	Refused bool // the input came too late, and was dropped

	Before, After fsm.ChannelCoreState[*lifecycle.ErrorInfo]
}

// observed passes an input to the core, and queues a call of the observer. The observer is called
// before the other reports of the step, and without the lock. The lock is held.
func (l *line) observed(observe func(Step), in input) []output {
	step := Step{Seq: l.steps, Name: l.name, Of: l, Input: in}
	l.core.StateInto(&step.Before)
	outs, err := l.core.Step(in, nil)
	step.Outputs, step.Refused = slices.Clone(outs), err != nil
	l.core.StateInto(&step.After)
	log := l.client.config.Load().Log
	l.later(func() {
		defer func() {
			if p := recover(); p != nil {
				log.Error("observer panicked", slog.String("panic", fmt.Sprint(p)))
			}
		}()
		observe(step)
	})
	return outs
}
