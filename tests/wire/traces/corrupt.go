package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/tests/wire/judge"
)

// corruption is a trace with something wrong with it.
type corruption struct {
	kind  string // dropped, swapped, doubled or changed
	what  string // the line, and what was changed in it
	trace trace.Trace
}

var corruptionKinds = []string{"dropped", "swapped", "doubled", "changed"}

// corrupt makes corruptions, the same for the same seed: of each kind as many, and of the changes each as many too. Where lines come and go
// the others are numbered anew, or their numbers alone would give it away.
func corrupt(traces []trace.Trace, count int, draw *rand.Rand) []corruption {
	var made []corruption
	for len(made) < count {
		original := traces[draw.IntN(len(traces))]
		if len(original.Lines) < 2 {
			continue
		}
		c := corruption{kind: corruptionKinds[len(made)%len(corruptionKinds)], trace: original.Clone()}
		lines := c.trace.Lines
		k := draw.IntN(len(lines))
		c.what = fmt.Sprintf("line %d", k+1)
		switch c.kind {
		case "dropped":
			lines = slices.Delete(lines, k, k+1)
		case "swapped":
			other := draw.IntN(len(lines))
			lines[k], lines[other] = lines[other], lines[k]
			c.what += fmt.Sprintf(" and line %d", other+1)
		case "doubled":
			lines = slices.Insert(lines, k+1, original.Clone().Lines[k])
		case "changed":
			change := changes[len(made)/len(corruptionKinds)%len(changes)]
			if !change.do(&lines[k], draw) {
				continue
			}
			c.what += ", " + change.name
		}
		if c.trace.Lines = lines; c.kind != "changed" {
			for i := range lines {
				lines[i].Seq = uint64(i + 1)
			}
		}
		if reflect.DeepEqual(c.trace, original) {
			continue
		}
		made = append(made, c)
	}
	return made
}

// change changes one thing in a line; it returns false where the line has no such thing.
type change struct {
	name string
	do   func(*trace.Line, *rand.Rand) bool
}

// changes change every field that a line has.
var changes = []change{
	{"seq", func(l *trace.Line, d *rand.Rand) bool { l.Seq += 1 + d.Uint64N(2); return true }},
	{"error", func(l *trace.Line, _ *rand.Rand) bool {
		if l.Error == "" {
			l.Error = "an error that never was"
		} else {
			l.Error = ""
		}
		return true
	}},
	{"input.kind", func(l *trace.Line, d *rand.Rand) bool {
		return other(&l.Input.Kind, d, "Get", "Release", "Dispose", "GiveUp", "Opened", "OpenFailed", "Released", "ReleaseFailed")
	}},
	{"input.call", func(l *trace.Line, d *rand.Rand) bool { return shift(&l.Input.Call, d) }},
	{"input.incarnation", func(l *trace.Line, d *rand.Rand) bool { return shift(&l.Input.Incarnation, d) }},
	{"input.name", func(l *trace.Line, d *rand.Rand) bool { return other(&l.Input.Name, d, "a", "b", "c") }},
	{"input.options", func(l *trace.Line, d *rand.Rand) bool { return l.Input.Options != nil && otherOptions(l.Input.Options) }},
	{"output lost", func(l *trace.Line, d *rand.Rand) bool { return drop(&l.Outputs, d) }},
	{"output doubled", func(l *trace.Line, d *rand.Rand) bool {
		return onOne(l.Outputs, d, func(o *trace.Output) bool { l.Outputs = append(l.Outputs, *o); return true })
	}},
	{"outputs swapped", func(l *trace.Line, _ *rand.Rand) bool { slices.Reverse(l.Outputs); return len(l.Outputs) > 1 }},
	{"output.kind", func(l *trace.Line, d *rand.Rand) bool {
		return onOne(l.Outputs, d, func(o *trace.Output) bool { return other(&o.Kind, d, "settle", "open", "release", "abandon") })
	}},
	{"output.call", func(l *trace.Line, d *rand.Rand) bool {
		return onOne(l.Outputs, d, func(o *trace.Output) bool { return shift(&o.Call, d) })
	}},
	{"output.incarnation", func(l *trace.Line, d *rand.Rand) bool {
		return onOne(l.Outputs, d, func(o *trace.Output) bool { return shift(&o.Incarnation, d) })
	}},
	{"output.outcome", func(l *trace.Line, d *rand.Rand) bool {
		return onOne(l.Outputs, d, func(o *trace.Output) bool {
			return o.Kind == "settle" && other(&o.Outcome, d, "room", "done", "disposed", "differentOptions", "releasedBefore", "openFailed", "releaseFailed", "failed", "gaveUp")
		})
	}},
	{"output.failed", func(l *trace.Line, d *rand.Rand) bool {
		return onOne(l.Outputs, d, func(o *trace.Output) bool { return o.Kind == "settle" && toggle(&o.Failed, d) })
	}},
	{"state.nextCall", func(l *trace.Line, d *rand.Rand) bool { return shift(&l.State.NextCall, d) }},
	{"state.lastCreated", func(l *trace.Line, d *rand.Rand) bool { return shift(&l.State.LastCreated, d) }},
	{"state.disposal", func(l *trace.Line, d *rand.Rand) bool {
		return other(&l.State.Disposal, d, "no", "disposing", "disposed")
	}},
	{"state.disposers", func(l *trace.Line, d *rand.Rand) bool { return toggle(&l.State.Disposers, d) }},
	{"state.failed", func(l *trace.Line, d *rand.Rand) bool { return toggle(&l.State.Failed, d) }},
	{"incarnation lost", func(l *trace.Line, d *rand.Rand) bool { return drop(&l.State.Incarnations, d) }},
	{"incarnations swapped", func(l *trace.Line, _ *rand.Rand) bool {
		slices.Reverse(l.State.Incarnations)
		return len(l.State.Incarnations) > 1
	}},
	{"incarnation.incarnation", func(l *trace.Line, d *rand.Rand) bool {
		return onInc(l, d, func(i *inc) bool { return shift(&i.Incarnation, d) })
	}},
	{"incarnation.name", func(l *trace.Line, d *rand.Rand) bool {
		return onInc(l, d, func(i *inc) bool { return other(&i.Name, d, "a", "b", "c") })
	}},
	{"incarnation.options", func(l *trace.Line, d *rand.Rand) bool {
		return onInc(l, d, func(i *inc) bool { return otherOptions(&i.Options) })
	}},
	{"incarnation.life", func(l *trace.Line, d *rand.Rand) bool {
		return onInc(l, d, func(i *inc) bool { return other(&i.Life, d, "initializing", "ready", "releasing", "released") })
	}},
	{"incarnation.work", func(l *trace.Line, d *rand.Rand) bool {
		return onInc(l, d, func(i *inc) bool { return other(&i.Work, d, "none", "opening", "closing") })
	}},
	{"incarnation.waiters", func(l *trace.Line, d *rand.Rand) bool {
		return onInc(l, d, func(i *inc) bool { return toggle(&i.Waiters, d) })
	}},
}

type inc = fsm.IncarnationState[lifecycle.RoomOptions]

// other puts another word in the place of one that is there.
func other(s *string, d *rand.Rand, words ...string) bool {
	if *s == "" {
		return false
	}
	words = slices.DeleteFunc(words, func(w string) bool { return w == *s })
	*s = words[d.IntN(len(words))]
	return true
}

// shift changes a number by one, where there is one.
func shift[N ~uint64](n *N, d *rand.Rand) bool {
	if *n == 0 {
		return false
	}
	if *n++; d.IntN(2) == 0 {
		*n -= 2
	}
	return true
}

func otherOptions(o *lifecycle.RoomOptions) bool {
	if o.Presence.EnableEvents = !o.Presence.EnableEvents; *o != judge.Tokens["x"] && *o != judge.Tokens["y"] {
		return false
	}
	return true
}

// toggle takes a number out of a list, or adds one.
func toggle[N ~uint64](list *[]N, d *rand.Rand) bool {
	n := N(1 + d.IntN(limit))
	if i, ok := slices.BinarySearch(*list, n); ok {
		*list = slices.Delete(*list, i, i+1)
	} else {
		*list = slices.Insert(*list, i, n)
	}
	return true
}

func drop[T any](list *[]T, d *rand.Rand) bool {
	if len(*list) == 0 {
		return false
	}
	k := d.IntN(len(*list))
	*list = slices.Delete(*list, k, k+1)
	return true
}

func onOne[T any](list []T, d *rand.Rand, do func(*T) bool) bool {
	return len(list) > 0 && do(&list[d.IntN(len(list))])
}

func onInc(l *trace.Line, d *rand.Rand, do func(*inc) bool) bool {
	return onOne(l.State.Incarnations, d, do)
}
