package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"ablyrooms.example/lifecycle"
	"ablyrooms.example/lifecycle/trace"
	"ablyrooms.example/tests/wire/judge"
)

// corruption is a trace with one change that may make it wrong.
type corruption struct {
	kind  string // dropped, swapped, doubled or changed
	what  string // the line, and what was changed in it
	trace trace.Trace
}

var corruptionKinds = []string{"dropped", "swapped", "doubled", "changed"}

// corrupt returns corrupted traces, equally many of each kind, and among the changed ones equally
// many with each change. The same seed gives the same traces. If lines are dropped, swapped or
// doubled, it numbers the lines again; otherwise the numbers alone would show the corruption.
func corrupt(traces []trace.Trace, count int, draw *rand.Rand) []corruption {
	var made []corruption
	for kinds := len(corruptionKinds); len(made) < count; {
		original := traces[draw.IntN(len(traces))]
		if len(original.Lines) < 2 {
			continue
		}
		c := corruption{kind: corruptionKinds[len(made)%kinds], trace: original.Clone()}
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
			change := changes[len(made)/kinds%len(changes)]
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

// change changes one value in a line. do returns false if the line has no such value.
type change struct {
	name string
	do   func(*trace.Line, *rand.Rand) bool
}

// words has the possible values of each field that holds a word.
var words = map[string][]string{
	"input.kind": {"Get", "Release", "Dispose", "ReleaseIf", "GiveUp", "Opened", "OpenFailed",
		"Released", "ReleaseFailed"},
	"input.name":  {"a", "b", "c"},
	"output.kind": {"settle", "open", "release", "abandon"},
	"output.outcome": {"room", "done", "disposed", "differentOptions", "releasedBefore", "openFailed",
		"releaseFailed", "failed", "gaveUp"},
	"state.disposal":   {"no", "disposing", "disposed"},
	"incarnation.name": {"a", "b", "c"},
	"incarnation.life": {"initializing", "ready", "releasing", "released"},
	"incarnation.work": {"none", "opening", "closing"},
}

// fields has the fields of a line other than its error. "output" means one of the line's outputs,
// and "incarnation" one of the incarnations in its state.
var fields = []string{"seq", "input.kind", "input.call", "input.incarnation", "input.name", "input.options",
	"output.kind", "output.call", "output.incarnation", "output.outcome", "output.failed",
	"state.nextCall", "state.lastCreated", "state.disposal", "state.disposers", "state.failed",
	"incarnation.incarnation", "incarnation.name", "incarnation.options", "incarnation.life", "incarnation.work",
	"incarnation.waiters"}

// changes has a change for every field of a line, and changes of its lists.
var changes = func() []change {
	all := []change{
		{"error", func(l *trace.Line, _ *rand.Rand) bool {
			if l.Error == "" {
				l.Error = "an invented error"
			} else {
				l.Error = ""
			}
			return true
		}},
		{"output lost", func(l *trace.Line, d *rand.Rand) bool { return drop(&l.Outputs, d) }},
		{"output doubled", func(l *trace.Line, d *rand.Rand) bool {
			if len(l.Outputs) > 0 {
				l.Outputs = append(l.Outputs, l.Outputs[d.IntN(len(l.Outputs))])
			}
			return len(l.Outputs) > 0
		}},
		{"outputs swapped", func(l *trace.Line, _ *rand.Rand) bool { return reverse(l.Outputs) }},
		{"incarnation lost", func(l *trace.Line, d *rand.Rand) bool { return drop(&l.State.Incarnations, d) }},
		{"incarnations swapped", func(l *trace.Line, _ *rand.Rand) bool { return reverse(l.State.Incarnations) }},
	}
	for _, name := range fields {
		all = append(all, change{name, func(l *trace.Line, d *rand.Rand) bool {
			of, part, _ := strings.Cut(name, ".")
			within := reflect.ValueOf(l).Elem()
			named := func(name string) func(string) bool {
				return func(field string) bool { return strings.EqualFold(field, name) }
			}
			switch of {
			case "output":
				within = one(l.Outputs, d)
			case "incarnation":
				within = one(l.State.Incarnations, d)
			default:
				if within = within.FieldByNameFunc(named(of)); part == "" {
					return alter(within, nil, d)
				}
			}
			return within.IsValid() && alter(within.FieldByNameFunc(named(part)), words[name], d)
		}})
	}
	return all
}()

// alter changes a field: it replaces a word or options by others, changes a number by one, and adds
// a number to a list or removes one. It returns false if the field is empty.
func alter(field reflect.Value, words []string, d *rand.Rand) bool {
	if field.Kind() == reflect.Pointer {
		field = field.Elem()
	}
	if !field.IsValid() || field.Kind() != reflect.Slice && field.IsZero() {
		return false
	}
	switch field.Kind() {
	case reflect.String:
		others := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == field.String() })
		field.SetString(others[d.IntN(len(others))])
	case reflect.Uint64:
		field.SetUint(field.Uint() + 1 - 2*d.Uint64N(2))
	case reflect.Slice: // a sorted list of numbers
		n, i := uint64(1+d.IntN(limit)), 0
		for i < field.Len() && field.Index(i).Uint() < n {
			i++
		}
		before, after := field.Slice(0, i), field.Slice(i, field.Len())
		changed := reflect.AppendSlice(reflect.MakeSlice(field.Type(), 0, 1), before)
		if i < field.Len() && field.Index(i).Uint() == n {
			after = field.Slice(i+1, field.Len())
		} else {
			changed = reflect.Append(changed, reflect.ValueOf(n).Convert(field.Type().Elem()))
		}
		field.Set(reflect.AppendSlice(changed, after))
	case reflect.Struct:
		o := field.Addr().Interface().(*lifecycle.RoomOptions)
		o.Presence.EnableEvents = !o.Presence.EnableEvents
		return *o == judge.Tokens["x"] || *o == judge.Tokens["y"]
	}
	return true
}

// one returns a random element of a list, or the zero Value if the list is empty.
func one[T any](list []T, d *rand.Rand) reflect.Value {
	if len(list) == 0 {
		return reflect.Value{}
	}
	return reflect.ValueOf(&list[d.IntN(len(list))]).Elem()
}

func drop[T any](list *[]T, d *rand.Rand) bool {
	if len(*list) == 0 {
		return false
	}
	k := d.IntN(len(*list))
	*list = slices.Delete(*list, k, k+1)
	return true
}

func reverse[T any](list []T) bool {
	slices.Reverse(list)
	return len(list) > 1
}
