package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// line is a line of the table: a check in one direction, with an outcome for each column.
type line struct {
	feature, what, direction string
	outcomes                 []outcome
}

// counts holds numbers of outcomes; rows is their total.
type counts struct{ rows, passed, differs, failed int }

func (c *counts) add(o counts) {
	c.rows, c.passed = c.rows+o.rows, c.passed+o.passed
	c.differs, c.failed = c.differs+o.differs, c.failed+o.failed
}

// evidence returns the line that tests/report reads.
func (c counts) evidence() string {
	return fmt.Sprintf("EVIDENCE interop rows=%d passed=%d differs=%d failed=%d",
		c.rows, c.passed, c.differs, c.failed)
}

func (o outcome) word() string {
	switch {
	case o.err != nil:
		return "FAIL"
	case o.differs != "":
		return "differs"
	}
	return "ok"
}

// count returns the numbers of the outcomes of some lines.
func count(lines []line) (c counts) {
	for _, l := range lines {
		for _, o := range l.outcomes {
			c.rows++
			switch o.word() {
			case "ok":
				c.passed++
			case "differs":
				c.differs++
			default:
				c.failed++
			}
		}
	}
	return c
}

// write prints the table, and then each outcome that differs or failed, with its reason. Columns
// with the same reason are printed together.
func write(out io.Writer, lines []line) {
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprint(table, "feature\t what\t direction")
	for _, c := range columns {
		fmt.Fprintf(table, "\t %v", c)
	}
	for _, l := range lines {
		fmt.Fprintf(table, "\n%s\t %s\t %s", l.feature, l.what, l.direction)
		for _, o := range l.outcomes {
			fmt.Fprintf(table, "\t %s", o.word())
		}
	}
	fmt.Fprintln(table)
	table.Flush()
	for _, l := range lines {
		in := map[string][]string{}
		var reasons []string
		for i, o := range l.outcomes {
			reason := "differs: " + o.differs
			if o.err != nil {
				reason = "FAIL: " + o.err.Error()
			} else if o.differs == "" {
				continue
			}
			if in[reason] == nil {
				reasons = append(reasons, reason)
			}
			in[reason] = append(in[reason], columns[i].String())
		}
		for _, reason := range reasons {
			fmt.Fprintf(out, "\n%s, %s, %s (%s)\n  %s\n", l.feature, l.what, l.direction,
				strings.Join(in[reason], "; "), strings.ReplaceAll(strings.TrimSpace(reason), "\n", "\n  "))
		}
	}
}
