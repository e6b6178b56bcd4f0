package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ablyrooms.example/model"
	tla "ablyrooms.example/spec/TLA"
	"ablyrooms.example/spec/TLA/tlcrun"
	"ablyrooms.example/tests/wire/judge"
)

// channelTrace has the steps of a channel's core, in the terms of the model.
type channelTrace = []judge.ChannelLine

// The number of corrupted traces of channels in a run, and the minimum numbers of recorded ones.
const (
	channelCorruptions = 600
	leastChannels      = 60  // different traces
	leastChannelLines  = 500 // lines in all these traces
)

// runChannels records the channels of the scenarios, and checks their traces.
func runChannels(ctx context.Context, t *testing.T, out io.Writer, draw *rand.Rand) error {
	_, channels, err := recordScenarios(t, draw, faultsEach)
	if err != nil {
		return err
	}
	tlc, err := newTLC(ctx)
	if err != nil {
		return err
	}
	return judgeChannels(ctx, out, tlc, channels, draw)
}

// judgeChannels lets the model and TLC check the traces of channels, without duplicates, and
// corrupted copies of them. The model and TLC must accept all recorded traces. They must agree on
// each corrupted one.
func judgeChannels(ctx context.Context, out io.Writer, tlc *tlcrun.TLC, streams []*judge.ChannelStream, draw *rand.Rand) error {
	var traces []channelTrace
	known, lines := map[string]bool{}, 0
	for _, s := range streams {
		if key := fmt.Sprint(s.Lines); s.Whole && !known[key] {
			known[key] = true
			traces = append(traces, s.Lines)
			lines += len(s.Lines)
		}
	}
	if len(traces) < leastChannels || lines < leastChannelLines {
		return fmt.Errorf("got %d different traces of channels with %d lines, expected at least %d with %d", len(traces), lines,
			leastChannels, leastChannelLines)
	}
	corrupted := corruptChannels(traces, channelCorruptions, draw)
	all := slices.Clone(traces)
	for _, c := range corrupted {
		all = append(all, c.lines)
	}
	accepted, err := acceptedChannels(ctx, tlc, all)
	if err != nil {
		return err
	}
	rejected, legal := map[string]int{}, map[string]int{}
	for i, t := range all {
		taken, refused := judge.ChannelLines(t)
		if accepted[i] != (refused == nil) {
			return fmt.Errorf("channel trace %d: TLC and the model disagree: TLC accepted=%t; the model accepted %d lines, then returned %v", i+1, accepted[i], taken, refused)
		}
		switch {
		case i < len(traces) && refused != nil:
			return fmt.Errorf("trace %d of a channel, line %d: %w", i+1, taken+1, refused)
		case i < len(traces):
		case refused != nil:
			rejected[corrupted[i-len(traces)].kind]++
		default:
			legal[corrupted[i-len(traces)].kind]++
		}
	}
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(channelChanges)) {
		fmt.Fprintf(out, "channel traces with %s: %d rejected, %d still legal\n", kind, rejected[kind], legal[kind])
		if total += rejected[kind]; rejected[kind] == 0 {
			err = errors.Join(err, fmt.Errorf("no channel trace with %s was rejected", kind))
		} else {
			fmt.Fprintf(out, "CAUGHT trace-channel: %s\n", kind)
		}
	}
	fmt.Fprintf(out, "EVIDENCE channel-traces recorded=%d different=%d lines=%d corruptions=%d rejected=%d kinds=%d\n",
		len(streams), len(traces), lines, len(corrupted), total, len(channelChanges))
	return err
}

// corruptedChannel is a trace with one change that may make it wrong.
type corruptedChannel struct {
	kind  string
	lines channelTrace
}

// channelChanges has the changes that corrupt a trace, by name. Each changes one line of the trace.
// It returns false if the line does not have the part that it would change.
var channelChanges = func() map[string]func(*channelTrace, int) bool {
	changes := map[string]func(*channelTrace, int) bool{
		"a line dropped": func(t *channelTrace, k int) bool {
			*t = slices.Delete(*t, k, k+1)
			return len(*t) > 0
		},
		"a line doubled": func(t *channelTrace, k int) bool { *t = slices.Insert(*t, k, (*t)[k]); return true },
		"two lines swapped": func(t *channelTrace, k int) bool {
			other := (k + 1) % len(*t)
			(*t)[k], (*t)[other] = (*t)[other], (*t)[k]
			return other != k
		},
		"refused": func(t *channelTrace, k int) bool { l := &(*t)[k]; l.Refused = !l.Refused; return true },
		"an output lost": func(t *channelTrace, k int) bool {
			l := &(*t)[k]
			if len(l.Outs) == 0 {
				return false
			}
			l.Outs = l.Outs[1:]
			return true
		},
		"an output doubled": func(t *channelTrace, k int) bool {
			l := &(*t)[k]
			if len(l.Outs) == 0 {
				return false
			}
			l.Outs = append([]model.ChannelOutput{l.Outs[0]}, l.Outs...)
			return true
		},
		"outputs swapped": func(t *channelTrace, k int) bool {
			l := &(*t)[k]
			l.Outs = slices.Clone(l.Outs)
			slices.Reverse(l.Outs)
			return len(l.Outs) > 1
		},
	}
	fields := func(prefix string, of func(*judge.ChannelLine) reflect.Value, set bool) {
		v := of(&judge.ChannelLine{})
		for i := range v.NumField() {
			changes[prefix+v.Type().Field(i).Name] = func(t *channelTrace, k int) bool {
				f := of(&(*t)[k]).Field(i)
				return !(set && f.IsZero()) && otherValue(f)
			}
		}
	}
	// Few fields of an input are set: change only those.
	fields("input ", func(l *judge.ChannelLine) reflect.Value { return reflect.ValueOf(&l.In).Elem() }, true)
	fields("state ", func(l *judge.ChannelLine) reflect.Value { return reflect.ValueOf(&l.After).Elem() }, false)
	return changes
}()

// otherValue changes a value: it adds 1 to a number, negates a bool, and appends an element to a
// list.
func otherValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int:
		v.SetInt(v.Int() + 1)
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	case reflect.Slice:
		list := reflect.AppendSlice(reflect.MakeSlice(v.Type(), 0, 1), v)
		v.Set(reflect.Append(list, reflect.Zero(v.Type().Elem())))
	}
	return true
}

// corruptChannels returns corrupted traces, equally many with each change.
func corruptChannels(traces []channelTrace, count int, draw *rand.Rand) (made []corruptedChannel) {
	kinds := slices.Sorted(maps.Keys(channelChanges))
	for len(made) < count {
		kind := kinds[len(made)%len(kinds)]
		lines := slices.Clone(traces[draw.IntN(len(traces))])
		if channelChanges[kind](&lines, draw.IntN(len(lines))) {
			made = append(made, corruptedChannel{kind, lines})
		}
	}
	return made
}

var acceptedLine = regexp.MustCompile(`(?m)^<<"accepted", (\d+)>>$`)

// acceptedChannels lets TLC check traces by TraceChannel.tla, and returns which ones it accepts.
func acceptedChannels(ctx context.Context, tlc *tlcrun.TLC, traces []channelTrace) ([]bool, error) {
	dir, err := os.MkdirTemp("", "channel-traces-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	const name = "RecordedChannels"
	config := filepath.Join(dir, name+".cfg")
	err = errors.Join(os.CopyFS(dir, tla.FS),
		os.WriteFile(filepath.Join(dir, name+".tla"), []byte(channelModule(name, traces)), 0o644),
		os.WriteFile(config, []byte("SPECIFICATION TraceSpec\nCONSTANTS Traces <- TheTraces\nCHECK_DEADLOCK FALSE\n"), 0o644))
	if err != nil {
		return nil, err
	}
	r, err := tlc.Exec(ctx, tlcrun.Job{Dir: dir, Module: name, Config: config, Workers: 1})
	if err != nil {
		return nil, err
	}
	if r.Exit != tlcrun.ExitOK || !r.NoError || r.Left != 0 || len(r.Errors) > 0 {
		return nil, fmt.Errorf("TLC did not finish: exit code %d, %s\n%.2000s", r.Exit, strings.Join(r.Errors, "; "), r.Output)
	}
	accepted := make([]bool, len(traces))
	for _, m := range acceptedLine.FindAllStringSubmatch(r.Output, -1) {
		n, _ := strconv.Atoi(m[1])
		if n < 1 || n > len(traces) {
			return nil, fmt.Errorf("TLC accepts trace %d of %d", n, len(traces))
		}
		accepted[n-1] = true
	}
	return accepted, nil
}

// channelModule returns the TLA+ module of the traces. Each distinct value is defined once.
func channelModule(name string, traces []channelTrace) string {
	m := &module{defined: map[string]string{}}
	var all []string
	for _, t := range traces {
		var lines []string
		for _, l := range t {
			lines = append(lines, m.define("L", channelLine(m, l)))
		}
		all = append(all, m.define("T", "<<"+strings.Join(lines, ", ")+">>"))
	}
	return fmt.Sprintf("---- MODULE %s ----\nEXTENDS TraceChannel\n\n%s\nAllTraces == <<\n  %s>>\nTheTraces == AllTraces\n====\n",
		name, strings.Join(m.definitions, "\n"), strings.Join(all, ",\n  "))
}

// channelLine returns a line in the form that TraceChannel.tla expects.
func channelLine(m *module, l judge.ChannelLine) string {
	v := func(value any) string { return m.value(reflect.ValueOf(value)) }
	words := func(list []string) string { return "<<" + strings.Join(list, ", ") + ">>" }
	state := func(c model.Channel) string {
		wire := make([]string, len(c.Wire))
		for i, r := range c.Wire {
			wire[i] = quote(r.String())
		}
		return m.define("S", fmt.Sprintf("[last |-> %d, state |-> %s, reason |-> %d, connection |-> %s, wire |-> %s, "+
			"awaited |-> %s, held |-> %s, doubt |-> %s, leftover |-> %s, attachers |-> %s, detachers |-> %s, back |-> %s, "+
			"retries |-> %d, channelSerial |-> %d, attachSerial |-> %d, resume |-> %s, givenBack |-> %s, outs |-> <<>>]",
			c.Last, quote(c.State.String()), c.Reason, quote(c.Connection.String()), words(wire), v(c.Awaited), v(c.Held),
			v(c.Doubt), v(c.Leftover), v(c.Attachers), v(c.Detachers), quote(c.Back.String()), c.Retries, c.ChannelSerial,
			c.AttachSerial, v(c.Resume), v(c.GivenBack)))
	}
	outs := make([]string, len(l.Outs))
	for i, o := range l.Outs {
		parts := []string{quote(o.Kind.String())}
		switch o.Kind {
		case model.OutputChannelSettle:
			parts = append(parts, v(o.Call), quote(o.Outcome.String()), v(o.Err))
		case model.OutputSendAttach:
			parts = append(parts, v(o.Serial), v(o.Resumed))
		case model.OutputStartRetryTimer:
			parts = append(parts, v(o.Retry))
		case model.OutputChannelState:
			parts = append(parts, quote(o.Previous.String()), quote(o.State.String()), v(o.Resumed), v(o.Err))
		case model.OutputUpdate:
			parts = append(parts, v(o.Err))
		case model.OutputApply:
			parts = append(parts, v(o.Resumed))
		}
		outs[i] = words(parts)
	}
	return fmt.Sprintf("[kind |-> %s, call |-> %d, resumed |-> %s, serial |-> %d, err |-> %d, connection |-> %s, refused |-> %s, "+
		"outs |-> %s, before |-> %s, after |-> %s]", quote(l.In.Kind.String()), l.In.Call, v(l.In.Resumed), l.In.Serial, l.In.Err,
		quote(l.In.Connection.String()), v(l.Refused), words(outs), state(l.Before), state(l.After))
}
