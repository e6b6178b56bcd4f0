package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// variance is a difference between two clients, or between two servers: a field of a frame, or, if
// field is empty, a frame that one of them doesn't send. A missing value is "none".
type variance struct{ frame, field, ours, theirs string }

const (
	absent   = "none"
	anything = "*" // means any value, in the table
)

func (v variance) String() string { return v.between("ours", "theirs") }

// between returns the difference as text, with names for the two sides.
func (v variance) between(one, other string) string {
	place := strings.TrimSpace(v.frame + " " + v.field)
	return fmt.Sprintf("%s: %s %s, %s %s", place, one, v.ours, other, v.theirs)
}

// sentOnly is the text for a frame that only one side sends.
func sentOnly(namedFrame) string { return "sent" }

// variances compares frames in their order, field by field. If the two lists have different frames,
// as few frames as possible are left without a counterpart; alone returns the text for these.
func variances(ours, theirs []namedFrame, alone func(namedFrame) string) (found []variance) {
	rest := make([][]int, len(ours)+1) // length of the longest common rest, from i and j on
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
			found = append(found, variance{ours[i].name, "", alone(ours[i]), absent})
			i++
		default:
			found = append(found, variance{theirs[j].name, "", absent, alone(theirs[j])})
			j++
		}
	}
	return found
}

func fieldVariances(ours, theirs namedFrame) (found []variance) {
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

// against compares the frames of both directions. The differences have ">" for frames of the
// client, and "<" for frames of the server.
func (v view) against(other view, alone func(namedFrame) string) (found []variance) {
	for _, lane := range []struct {
		arrow      string
		one, other []namedFrame
	}{
		{">", v.sent, other.sent}, {"<", v.connection, other.connection},
		{"<", v.answers, other.answers}, {"<", v.channel, other.channel},
	} {
		for _, d := range variances(lane.one, lane.other, alone) {
			d.frame = lane.arrow + " " + d.frame
			found = append(found, d)
		}
	}
	return found
}

// occurrence says that a row of the table occurred in a format.
type occurrence struct {
	row int
	in  format
}

// judge returns the reasons that the table has for differences, and an error for differences that
// have no row. It records which rows occurred.
func judge(table []accepted, occurred map[occurrence]bool, scenario string, in format,
	found []variance,
) (reasons []string, err error) {
	for _, v := range found {
		row := slices.IndexFunc(table, func(a accepted) bool { return a.covers(scenario, in, v) })
		if row < 0 {
			err = errors.Join(err, fmt.Errorf("%v: no row of the table accepts this difference", v))
			continue
		}
		occurred[occurrence{row, in}] = true
		if reason := v.String() + "\n  " + table[row].reason; table[row].scenario != "" &&
			!slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return reasons, err
}

// unused returns an error for each row of the table that did not occur in one of its formats.
func unused(table []accepted, occurred map[occurrence]bool) (err error) {
	for i, row := range table {
		for _, in := range formats {
			if row.isFor(in) && !occurred[occurrence{i, in}] {
				err = errors.Join(err, fmt.Errorf("a row of the table does not occur in %s: %s, %v",
					in, cmp.Or(row.scenario, "every scenario"), row.variance))
			}
		}
	}
	return err
}
