package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/internal/npm"
)

// sentFrame is a frame that a client sent, field by field. Values are in JSON; those that differ
// from run to run have names, given in the order in which the server sent them.
type sentFrame struct {
	name   string
	fields map[string]string
}

// timeless are the fields whose values say nothing of what a client does on the wire.
var timeless = map[string]string{"timestamp": "a time", "agent": "the client's name",
	"auth.accessToken": "a token"}

// compared returns the frames that a client sent, but those for the barrier, which may stand
// anywhere among the others.
func compared(frames []wireFrame) (sent []sentFrame) {
	named := map[string]string{}
	counts := map[string]int{}
	name := func(kind string, v any) {
		if text, ok := v.(string); ok && text != "" && named[text] == "" {
			counts[kind]++
			named[text] = fmt.Sprintf("%s-%d", kind, counts[kind])
		}
	}
	barriers := map[float64]bool{} // the serials of the barrier's messages on this connection
	connection := any(nil)
	for _, f := range frames {
		serial, numbered := f.fields["msgSerial"].(float64)
		if f.channel == ablychat.ChannelName(barrier) {
			if f.sent && numbered {
				barriers[serial] = true
			}
			continue
		}
		if !f.sent {
			if f.action == ablytest.ActionConnected && f.fields["connectionId"] != connection {
				connection = f.fields["connectionId"]
				clear(barriers)
			}
			name("connection", f.fields["connectionId"])
			if d, ok := f.fields["connectionDetails"].(map[string]any); ok {
				name("key", d["connectionKey"])
			}
			if f.action != ablytest.ActionSync { // its serial is a cursor
				name("serial", f.fields["channelSerial"])
			}
			continue
		}
		s := sentFrame{f.action.String(), map[string]string{}}
		flatten(s.fields, "", f.fields, named)
		if s.fields["msgSerial"] != "" && f.action != ablytest.ActionClose {
			others := serial // as if the barrier's messages were not there
			for b := range barriers {
				if b < serial {
					others--
				}
			}
			s.fields["msgSerial"] = fmt.Sprint(others)
		}
		sent = append(sent, s)
	}
	return sent
}

// flatten adds the fields of a value by their paths.
func flatten(fields map[string]string, path string, v any, named map[string]string) {
	if class := timeless[path]; class != "" {
		fields[path] = class
		return
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			fields[path] = "{}"
		}
		for key, value := range v {
			inner := key
			if path != "" {
				inner = path + "." + key
			}
			flatten(fields, inner, value, named)
		}
		return
	case []any:
		if len(v) == 0 {
			fields[path] = "[]"
		}
		for i, value := range v {
			flatten(fields, fmt.Sprintf("%s[%d]", path, i), value, named)
		}
		return
	case string:
		if strings.HasSuffix(path, ".data") && json.Valid([]byte(v)) { // keys in any order
			var plain any
			if json.Unmarshal([]byte(v), &plain) == nil {
				text, _ := json.Marshal(plain)
				v = string(text)
			}
		}
		if n := named[v]; n != "" {
			fields[path] = n
			return
		}
		if connection, rest, ok := strings.Cut(v, ":"); ok && named[connection] != "" {
			v = named[connection] + ":" + rest
		}
		fields[path] = v
		return
	}
	text, _ := json.Marshal(v)
	fields[path] = string(text)
}

// variance is a difference between what the two clients send: in a field of a frame, or, with no
// field, a frame that one of them doesn't send. A value that is missing is "none".
type variance struct{ frame, field, ours, theirs string }

const (
	absent   = "none"
	anything = "*" // in the table: any value
)

func (v variance) String() string {
	place := strings.TrimSpace(v.frame + " " + v.field)
	return fmt.Sprintf("%s: ours %s, theirs %s", place, v.ours, v.theirs)
}

// variances compares frames in their order, field by field. Where the frames are not the same, as
// few as possible are left over.
func variances(ours, theirs []sentFrame) (found []variance) {
	rest := make([][]int, len(ours)+1) // the longest common rest, from each pair of places on
	for i := range rest {
		rest[i] = make([]int, len(theirs)+1)
	}
	for i := len(ours) - 1; i >= 0; i-- {
		for j := len(theirs) - 1; j >= 0; j-- {
			rest[i][j] = max(rest[i+1][j], rest[i][j+1])
			if ours[i].name == theirs[j].name {
				rest[i][j] = rest[i+1][j+1] + 1
			}
		}
	}
	i, j := 0, 0
	for i < len(ours) || j < len(theirs) {
		switch {
		case i < len(ours) && j < len(theirs) && ours[i].name == theirs[j].name:
			found = append(found, fieldVariances(ours[i], theirs[j])...)
			i, j = i+1, j+1
		case j == len(theirs) || i < len(ours) && rest[i+1][j] >= rest[i][j+1]:
			found = append(found, variance{ours[i].name, "", "sent", absent})
			i++
		default:
			found = append(found, variance{theirs[j].name, "", absent, "sent"})
			j++
		}
	}
	return found
}

func fieldVariances(ours, theirs sentFrame) (found []variance) {
	all := maps.Clone(ours.fields)
	maps.Copy(all, theirs.fields)
	for _, field := range slices.Sorted(maps.Keys(all)) {
		a, inOurs := ours.fields[field]
		b, inTheirs := theirs.fields[field]
		if inOurs == inTheirs && a == b {
			continue
		}
		if !inOurs {
			a = absent
		}
		if !inTheirs {
			b = absent
		}
		found = append(found, variance{ours.name, field, a, b})
	}
	return found
}

// judge returns the reasons for differences, and an error for those without a row. It notes the
// rows that occurred.
func judge(table []accepted, occurred map[int]bool, scenario string, found []variance) (
	reasons []string, err error,
) {
	for _, v := range found {
		row := slices.IndexFunc(table, func(a accepted) bool { return a.covers(scenario, v) })
		if row < 0 {
			err = errors.Join(err, fmt.Errorf("%v: no row of the table has it", v))
			continue
		}
		occurred[row] = true
		if reason := v.String() + "\n  " + table[row].reason; table[row].scenario != "" &&
			!slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return reasons, err
}

// unused returns an error for each row of the table that did not occur.
func unused(table []accepted, occurred map[int]bool) (err error) {
	for i, row := range table {
		if !occurred[i] {
			err = errors.Join(err, fmt.Errorf("a row of the table does not occur: %s, %v",
				cmp.Or(row.scenario, "every scenario"), row.variance))
		}
	}
	return err
}

// agreementRows has this library and the official client do each scenario, and compares what they
// send.
func agreementRows(ctx context.Context, js, only string) (c counts, err error) {
	began := time.Now()
	p, err := startPeer(ctx, js, "agreement.mjs")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	occurred := map[int]bool{}
	var lines []agreement
	frames := 0
	for _, s := range scenarios {
		if !strings.Contains("on the wire, "+s.name, only) {
			continue
		}
		l := agreement{scenario: s.name}
		ours, err1 := runScenario(ctx, s, newOurWire, nil)
		theirs, err2 := runScenario(ctx, s, newTheirWire(p), nil)
		if l.err = errors.Join(err1, err2); l.err == nil {
			a, b := compared(ours), compared(theirs)
			frames += len(a)
			l.differs, l.err = judge(acceptedVariances, occurred, s.name, variances(a, b))
		}
		lines = append(lines, l)
	}
	if only == "" {
		if e := unused(acceptedVariances, occurred); e != nil {
			lines = append(lines, agreement{scenario: "the table of differences", err: e})
		}
	}
	if len(lines) == 0 {
		return c, nil
	}
	c = writeAgreement(os.Stdout, lines)
	version, err := npm.Version(js, "ably")
	fmt.Printf("\nably %s and this library on the wire: %d scenarios, %d frames, %d the same, "+
		"%d differ, %d failed, in %.1f s\n", version, c.rows, frames, c.passed, c.differs, c.failed,
		time.Since(began).Seconds())
	fmt.Printf("EVIDENCE agreement scenarios=%d same=%d differ=%d failed=%d frames=%d "+
		"accepted=%d\n", c.rows, c.passed, c.differs, c.failed, frames, len(acceptedVariances))
	return c, err
}

// agreement is the outcome of a scenario.
type agreement struct {
	scenario string
	differs  []string
	err      error
}

// writeAgreement prints the table, the differences that hold everywhere, and those of scenarios.
func writeAgreement(out io.Writer, lines []agreement) (c counts) {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintln(table, "on the wire\t what both send")
	for _, l := range lines {
		c.rows++
		word := "ok"
		switch {
		case l.err != nil:
			word = "FAIL"
			c.failed++
		case len(l.differs) > 0:
			word = "differs"
			c.differs++
		default:
			c.passed++
		}
		fmt.Fprintf(table, "%s\t %s\n", l.scenario, word)
	}
	table.Flush()
	fmt.Fprintln(out, "\nin every scenario where the field is sent:")
	for _, row := range acceptedVariances {
		if row.scenario == "" {
			fmt.Fprintf(out, "  %v\n    %s\n", row.variance, row.reason)
		}
	}
	for _, l := range lines {
		text := strings.Join(l.differs, "\n")
		if l.err != nil {
			text = "FAIL: " + l.err.Error()
		}
		if text != "" {
			fmt.Fprintf(out, "\non the wire, %s\n  %s\n", l.scenario,
				strings.ReplaceAll(text, "\n", "\n  "))
		}
	}
	return c
}
