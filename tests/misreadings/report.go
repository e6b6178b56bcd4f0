package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

// cite names the rules and points that are misread.
func cite(m misreading) string {
	if len(m.Spec) == 0 {
		return m.Rules + " (a decision)"
	}
	return m.Rules + ": " + strings.Join(m.Spec, ", ")
}

// either returns the first that was found.
func either(all ...found) string {
	for _, f := range all {
		if f.is() {
			return string(f)
		}
	}
	for _, f := range []found{notAsked, hangs} {
		if slices.Contains(all, f) {
			return string(f)
		}
	}
	return "-"
}

// cells says what caught a misreading: in the core; in core and model; in all three by the spec's properties, by those of model and
// core, by the sentences of Ably's specification, by the model's examples, and by the tests of the core and of the goroutine layer.
func (r result) cells() []string {
	return []string{
		either(r.Chain, r.CoreTests, r.DriverTests),
		either(r.Golden, r.Examples, r.Sentences, r.ModelProperties, r.CoreProperties, r.CoreTests, r.DriverTests),
		either(r.TLC), either(r.ModelProperties, r.CoreProperties, r.Liveness), either(r.Sentences),
		either(r.Examples), either(r.DriverTests, r.CoreTests), string(r.misreading.SDK),
	}
}

var head = []string{"misreading", "rules and points", "core: chain or tests", "core, model: golden or tests", "all: TLC", "all: properties in Go",
	"all: sentences", "all: examples of rules", "all: tests of core and driver", "client in JavaScript"}

// report prints the table and the figures, and returns whether they are as they must be.
func report(w io.Writer, results []result) bool {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, strings.Join(append([]string{head[0]}, head[2:]...), "\t"))
	n := len(results)
	var core, both, all, properties, client int
	var missed []string
	count := func(c *int, is bool) {
		if is {
			*c++
		}
	}
	for _, r := range results {
		fmt.Fprintln(out, strings.Join(append([]string{r.misreading.Name}, r.cells()...), "\t"))
		count(&core, r.byCore())
		count(&both, r.byModel())
		count(&properties, r.byProperties())
		count(&all, r.byProperties() || r.byExamples())
		count(&client, r.misreading.SDK == differs)
		if !r.byProperties() {
			missed = append(missed, r.misreading.Name)
		}
	}
	out.Flush()
	if len(missed) > 0 {
		fmt.Fprintf(w, "\nIn all three alike, no property catches these; examples alone may:\n  %s\n", strings.Join(missed, "\n  "))
	}
	share := float64(all) / float64(max(n, 1))
	fmt.Fprintf(w, "EVIDENCE misreadings total=%d of=%d escaped=%d core=%d/%d coremodel=%d/%d all=%d/%d share=%.2f properties=%d/%d client=%d/%d\n",
		n, len(misreadings()), 2*n-core-both, core, n, both, n, all, n, share, properties, n, client, n)
	return n > 0 && core == n && both == n && share >= goal
}

// The marks between which the README has the table.
const (
	begin = "<!-- begin results -->\n"
	end   = "<!-- end results -->"
)

// writeTable writes the table of the README anew: the rows of the results, and those that it had of what was not tried.
func writeTable(root string, results []result) error {
	file := filepath.Join(root, "tests", "misreadings", "README.md")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(data), begin)
	old, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return errors.New("README.md has no place for the table")
	}
	rows := map[string]string{}
	for line := range strings.Lines(old) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| "), " | "); ok {
			rows[name] = line
		}
	}
	row := func(cells []string) string { return "| " + strings.Join(cells, " | ") + " |\n" }
	for _, r := range results {
		rows[r.misreading.Name] = row(append([]string{r.misreading.Name, cite(r.misreading)}, r.cells()...))
	}
	table := row(head) + strings.Repeat("|---", len(head)) + "|\n"
	for _, m := range misreadings() {
		table += rows[m.Name]
	}
	return os.WriteFile(file, []byte(before+begin+table+end+after), 0o644)
}
