package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
)

// leastNoticed is the share of the misreadings that must be noticed when core, model and spec are
// misread in the same way.
const leastNoticed = 0.8

// cite returns the rules that are misread, and the points of the specification that they come from.
func (m misreading) cite() string {
	if m.Fields["points"] == "" {
		return m.Fields["rules"] + " (a decision)"
	}
	return m.Fields["rules"] + ": " + m.Fields["points"]
}

// columns are the columns of the table. A column has the result of its first catcher that noticed:
// with only the core misread, with core and model misread, and with all three misread.
var columns = []struct {
	head     string
	catchers []string
}{
	{"core: chain", []string{byChain}},
	{"core, model: golden or tests", []string{byGolden, byExamples, bySentences, byProperties}},
	{"all: TLC", []string{byTLC}},
	{"all: properties in Go", []string{byProperties}},
	{"all: sentences", []string{bySentences}},
	{"all: examples of rules", []string{byExamples}},
}

func (r row) cells() []string {
	cells := []string{r.Name, r.cite()}
	for _, c := range columns {
		text := ""
		for _, name := range c.catchers {
			text = cmp.Or(text, r.said[name])
		}
		cells = append(cells, cmp.Or(text, "-"))
	}
	return append(cells, r.Fields["client"])
}

// reportMisread prints the table and the figures. It reports whether enough was noticed.
func reportMisread(w io.Writer, rows []row, of int) bool {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	var core, both, all, stated, properties, client int
	var sentencesAlone, none []string
	for _, r := range rows {
		cells := r.cells()
		fmt.Fprintln(out, strings.Join(append(cells[:1:1], cells[2:]...), "\t"))
		core += one(r.by(byChain))
		both += one(r.by(byGolden, byExamples, bySentences, byProperties))
		all += one(r.by(byTLC, byProperties, bySentences, byExamples))
		stated += one(r.by(byTLC, byProperties))
		properties += one(r.by(byTLC, byProperties, bySentences))
		client += one(r.Fields["client"] == "differs")
		switch {
		case !r.by(byTLC, byProperties, bySentences):
			none = append(none, r.Name)
		case !r.by(byTLC, byProperties):
			sentencesAlone = append(sentencesAlone, r.Name)
		}
	}
	out.Flush()
	for _, r := range rows {
		if r.by(byChain) && r.by(byTLC, byProperties, bySentences, byExamples) {
			fmt.Fprintln(w, "CAUGHT misreading:", r.Name)
		}
	}
	fmt.Fprintln(w, "\nScripts at which the core of a misreading differs; the links show what the rules require, step by step:")
	for _, r := range rows {
		if r.link != "" {
			fmt.Fprintf(w, "  %s: %s\n", r.Name, r.link)
		}
	}
	list := func(what string, names []string) {
		if len(names) > 0 {
			fmt.Fprintf(w, "\nWith all three misread, %s:\n  %s\n", what, strings.Join(names, "\n  "))
		}
	}
	list("sentences notice these, and no property", sentencesAlone)
	list("no property and no sentence notices these; only examples may", none)
	n := len(rows)
	share := float64(all) / float64(max(n, 1))
	fmt.Fprintf(w, "EVIDENCE misreadings total=%d of=%d escaped=%d core=%d/%d coremodel=%d/%d all=%d/%d "+
		"share=%.2f stated=%d/%d properties=%d/%d client=%d/%d\n", n, of, 2*n-core-both, core, n, both, n,
		all, n, share, stated, n, properties, n, client, n)
	return n > 0 && core == n && both == n && share >= leastNoticed
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// misreadTable is the page with the table, relative to the module's root.
const misreadTable = "tests/mutation/misreadings.md"

// The lines around the table in the page.
const (
	begin  = "<!-- begin results -->\n"
	finish = "<!-- end results -->"
)

// writeMisread writes the table to the page.
func writeMisread(root string, rows []row) error {
	file := filepath.Join(root, misreadTable)
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, ok2 := strings.Cut(rest, finish)
	if !ok || !ok2 {
		return errors.New(misreadTable + " lacks the lines around the table")
	}
	line := func(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
	heads := []string{"misreading", "rules and points"}
	for _, c := range columns {
		heads = append(heads, c.head)
	}
	heads = append(heads, "client in JavaScript")
	text := line(heads) + strings.Repeat("|---", len(heads)) + "|\n"
	for _, r := range rows {
		text += line(r.cells())
	}
	return os.WriteFile(file, []byte(before+begin+text+finish+after), 0o644)
}
