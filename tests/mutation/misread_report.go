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

// leastNoticed is the share of misreadings in all three alike that must be noticed.
const leastNoticed = 0.8

// cite names the rules and points that are misread.
func (m misreading) cite() string {
	if m.Fields["points"] == "" {
		return m.Fields["rules"] + " (a decision)"
	}
	return m.Fields["rules"] + ": " + m.Fields["points"]
}

// columns are those of the table: what noticed a misreading in the core, in core and model, and in
// all three alike.
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

// reportMisread prints the table and the figures, and reports whether they are as they must be.
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
	fmt.Fprintln(w, "\nWhere the core of each goes another way, as the rules ask for it, step by step:")
	for _, r := range rows {
		if r.link != "" {
			fmt.Fprintf(w, "  %s: %s\n", r.Name, r.link)
		}
	}
	list := func(what string, names []string) {
		if len(names) > 0 {
			fmt.Fprintf(w, "\nIn all three alike, %s:\n  %s\n", what, strings.Join(names, "\n  "))
		}
	}
	list("sentences notice these, and no property", sentencesAlone)
	list("no property and no sentence notices these; examples alone may", none)
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

// misreadTable is the page with the table, below the module's root.
const misreadTable = "tests/mutation/misreadings.md"

// The marks between which the page has the table.
const (
	begin  = "<!-- begin results -->\n"
	finish = "<!-- end results -->"
)

// writeMisread writes the table.
func writeMisread(root string, rows []row) error {
	file := filepath.Join(root, misreadTable)
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(data), begin)
	_, after, ok2 := strings.Cut(rest, finish)
	if !ok || !ok2 {
		return errors.New(misreadTable + " has no place for the table")
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
