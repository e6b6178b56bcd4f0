package main

import (
	"fmt"
	"io"
	"strings"
)

// line is a row of the table: a check in one direction, with an outcome for each column.
type line struct {
	feature, what, direction string
	outcomes                 []outcome
}

// counts sum up what ran; a row is one outcome.
type counts struct{ rows, passed, differs, failed int }

func (c *counts) add(o counts) {
	c.rows, c.passed, c.differs, c.failed = c.rows+o.rows, c.passed+o.passed, c.differs+o.differs, c.failed+o.failed
}

// evidence is the line that the register reads.
func (c counts) evidence() string {
	return fmt.Sprintf("EVIDENCE interop rows=%d passed=%d differs=%d failed=%d", c.rows, c.passed, c.differs, c.failed)
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

// count sums up the lines.
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

// write prints the table; after it what differs and what failed, each with its reason, once for all columns with the same.
func write(out io.Writer, columns []string, lines []line) {
	head := append([]string{"feature", "what", "direction"}, columns...)
	rows := [][]string{head}
	for _, l := range lines {
		cells := []string{l.feature, l.what, l.direction}
		for _, o := range l.outcomes {
			cells = append(cells, o.word())
		}
		rows = append(rows, cells)
	}
	widths := make([]int, len(head))
	for _, r := range rows {
		for i, cell := range r {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for n, r := range rows {
		for i, cell := range r {
			fmt.Fprintf(out, "| %s%s ", cell, strings.Repeat(" ", widths[i]-len([]rune(cell))))
		}
		fmt.Fprintln(out, "|")
		if n == 0 {
			for _, w := range widths {
				fmt.Fprintf(out, "|%s", strings.Repeat("-", w+2))
			}
			fmt.Fprintln(out, "|")
		}
	}
	for _, l := range lines {
		reasons := map[string][]string{}
		var order []string
		for i, o := range l.outcomes {
			reason := "differs: " + o.differs
			if o.err != nil {
				reason = "FAIL: " + o.err.Error()
			} else if o.differs == "" {
				continue
			}
			if reasons[reason] == nil {
				order = append(order, reason)
			}
			reasons[reason] = append(reasons[reason], columns[i])
		}
		for _, reason := range order {
			fmt.Fprintf(out, "\n%s, %s, %s (%s)\n  %s\n", l.feature, l.what, l.direction, strings.Join(reasons[reason], "; "),
				strings.ReplaceAll(strings.TrimSpace(reason), "\n", "\n  "))
		}
	}
}
