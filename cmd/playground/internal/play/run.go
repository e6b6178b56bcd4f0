// Package play runs scripts on the state machines of this module, for the playground. It runs the
// cores that the library ships. The reference models run beside them: they name the rules of each
// step, and the properties are checked on them. To show what goes wrong, it also runs a registry
// with a fault.
package play

import (
	"fmt"
	"slices"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// MaxSteps is how many steps a script may have.
const MaxSteps = 400

// board plays the steps of a script.
type board interface {
	// step takes a step. It returns a title of the step, and an error if the step can't happen.
	step(playlink.Step) (string, error)
	// frame returns the frame after the last step, and clears the record of the step.
	frame() Frame
	choices() []Choice
}

// newBoard returns the board that a script names.
func newBoard(script playlink.Script) (board, error) {
	switch script.Board {
	case playlink.Rooms:
		return newWorld(slices.ContainsFunc(script.Steps, func(s playlink.Step) bool {
			return s.Word == model.KindReleaseIf.String()
		})), nil
	case playlink.Room:
		return newRoomBoard(), nil
	case playlink.Channel:
		return newChannelBoard(), nil
	}
	return nil, fmt.Errorf(
		"there is no board %q: the boards are rooms, room and channel",
		script.Board,
	)
}

// Run plays the script of a link, and returns what the page shows.
func Run(fragment string) View {
	script, err := playlink.Parse(fragment)
	if err != nil {
		return View{Error: err.Error()}
	}
	v := View{Board: script.Board, Fault: script.Fault}
	b, err := newBoard(script)
	if err != nil {
		return View{Error: err.Error()}
	}
	var faulty *faultyBoard
	if script.Fault != "" {
		fault, ok := FaultByID(script.Fault)
		if !ok || script.Board != playlink.Rooms {
			return View{
				Error: fmt.Sprintf("the board %s has no fault %q", script.Board, script.Fault),
			}
		}
		faulty = newFaultyBoard(fault)
	}
	if len(script.Steps) > MaxSteps {
		return View{
			Error: fmt.Sprintf(
				"the script has %d steps; at most %d are allowed",
				len(script.Steps),
				MaxSteps,
			),
		}
	}
	v.At = len(script.Steps)
	if script.At != 0 {
		v.At = min(max(script.At, 0), v.At)
	}
	for n := range len(script.Steps) + 1 {
		var step *playlink.Step
		var title string
		var refused error
		if n > 0 {
			step = &script.Steps[n-1]
			title, refused = b.step(*step)
		}
		f := b.frame()
		if f.Title = title; step != nil {
			f.Step = step.String()
		}
		if refused != nil {
			f.Refused = refused.Error()
		}
		if faulty != nil {
			f.Faulty = faulty.frame(step)
			f.Parted = faulty.parted(f)
		}
		if n == v.At {
			v.Choices = b.choices()
			if w, ok := b.(*world); ok {
				v.NextCall = len(w.numbers) + 1
			}
		}
		v.Frames = append(v.Frames, f)
	}
	if script.At = 0; v.At == 0 && len(script.Steps) > 0 {
		script.At = -1
	} else if v.At < len(script.Steps) {
		script.At = v.At
	}
	v.Fragment = script.Fragment()
	return v
}

// faultyBoard plays a script on a registry with a fault.
type faultyBoard struct {
	registry Registry
	recorder
	calls   []*CallView
	differs bool
}

func newFaultyBoard(f Fault) *faultyBoard { return &faultyBoard{registry: NewRegistry(f)} }

// frame takes a step, if there is one, and returns the state of the registry after it.
func (b *faultyBoard) frame(step *playlink.Step) *Side {
	side := &Side{Disposal: "no"}
	if step != nil {
		side.Refused = b.take(*step)
	}
	side.Lines, b.lines = b.lines, nil
	side.Broken = append(side.Broken, b.broken...)
	if b.registry.Disposing() {
		side.Disposal = "disposed"
	}
	for i, inc := range b.registry.Incarnations {
		side.Lives = append(
			side.Lives,
			LifeView{
				N:       i + 1,
				Name:    inc.Name,
				Options: inc.Options,
				Life:    inc.Life.String(),
				Work:    inc.Work.String(),
			},
		)
		if inc.Life == model.LifeReleasing && side.Disposal == "disposed" {
			side.Disposal = "disposing"
		}
	}
	for n, c := range b.calls {
		view := *c
		if call := b.registry.Calls[n]; call.Pending() {
			view.Text = waitText(b.registry.State, call)
		}
		side.Calls = append(side.Calls, view)
	}
	return side
}

// take takes a step of the machine of names. It returns why the step can't happen, or "".
func (b *faultyBoard) take(step playlink.Step) string {
	in, ok := roomsInput(step)
	if !ok || in.Kind > model.KindReleaseFailed {
		return "the registry with the fault takes only steps on names"
	}
	before := b.registry
	next, outs, err := before.Step(in)
	if err != nil {
		return err.Error()
	}
	b.registry = next
	said := title(in)
	switch {
	case begins(in.Kind):
		who := caller(step, len(b.calls))
		b.calls = append(b.calls, &CallView{N: in.Call, Who: who, What: said, State: "waits"})
		b.line(0, 1, "call", nil, "%s: %s", who, said)
	case in.Kind == model.KindGiveUp:
		c := b.calls[in.Call-1]
		b.line(0, 1, "call", nil, "%s stops waiting: %s", c.Who, c.What)
	default:
		b.line(2, 1, "end", nil, "%s", said)
	}
	for _, out := range outs {
		i := out.Incarnation
		switch out.Kind {
		case model.OutputSettle:
			c := b.calls[out.Call-1]
			c.State, c.Text = outcomeState(out.Outcome.Kind), outcomeText(out.Outcome)
			b.line(1, 0, "answer", nil, "%s: %s %s", c.Who, c.What, c.Text)
		case model.OutputOpen:
			b.line(1, 2, "ask", nil, "open #%d (%s)", i, next.Incarnations[i-1].Name)
		case model.OutputAbandon:
			b.line(1, 2, "ask", nil, "#%d is no longer wanted", i)
		case model.OutputRelease:
			b.line(1, 2, "ask", nil, "release #%d (%s)", i, next.Incarnations[i-1].Name)
		}
	}
	for _, p := range model.Properties() {
		if p.Check != nil {
			b.fails("Rooms", p.Name, p.Check(next.State))
		}
		if p.CheckStep != nil {
			b.fails("Rooms", p.Name, p.CheckStep(before.State, next.State))
		}
	}
	return ""
}

// parted reports whether the registry with the fault has differed from the right one, in this step
// or before.
func (b *faultyBoard) parted(f Frame) bool {
	texts := func(lines []Line) string {
		said := ""
		for _, l := range lines {
			if l.Kind == "answer" || l.Kind == "ask" {
				said += l.Text + "\n"
			}
		}
		return said
	}
	b.differs = b.differs || (f.Refused == "") != (f.Faulty.Refused == "") ||
		texts(f.Lines) != texts(f.Faulty.Lines)
	return b.differs
}
