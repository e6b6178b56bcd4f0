package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// end is what became of a change.
type end uint8

const (
	alive  end = iota
	killed     // a test, a property or the comparison of graphs noticed it
	hung       // what runs it never ends, or eats all memory: that doesn't say what is wrong
	broken     // it is no Go, or no TLA+
)

func (e end) String() string {
	return [...]string{"alive", "killed", "hung", "broken"}[e]
}

// verdict is what became of one change, and by what.
type verdict struct {
	Name    string
	Kind    string // the operator that made it
	Message bool   // it changes only the words of a message
	End     end
	By      string // the suite, or the kind of evidence, that noticed
	What    string // the test, the property or the difference
	Link    string // to a script that shows it, in the playground; "" if there is none
}

// tally adds up verdicts. A change of words is accounted apart: whether suites look at words is
// another question. What hangs counts as alive.
type tally struct {
	Tried      int            `json:"tried"` // changes of more than words that are whole
	Broken     int            `json:"-"`     // those that are not
	Killed     int            `json:"killed"`
	Equivalent int            `json:"equivalent"` // alive, and known by its name, with a reason
	Hung       int            `json:"hung"`       // counts as alive
	Alive      int            `json:"alive"`      // and not known
	Share      float64        `json:"share"`      // killed of those tried that are not equivalent
	Words      int            `json:"words"`      // that change only words
	WordsKnown int            `json:"wordsKilled"`
	By         map[string]int `json:"by"`        // what killed first
	Survivors  []string       `json:"survivors"` // what is alive or hangs, by name
	Wrong      []string       `json:"-"`         // what is known as equivalent and is killed
}

func count(verdicts []verdict, equivalent map[string]string) tally {
	t := tally{By: map[string]int{}, Share: 1}
	for _, v := range verdicts {
		if v.Message {
			t.Words++
			if v.End == killed {
				t.WordsKnown++
			}
			continue
		}
		t.Tried++
		_, known := equivalent[v.Name]
		switch {
		case v.End == broken:
			t.Broken++
			t.Tried--
		case v.End == killed:
			t.Killed++
			t.By[v.By]++
			if known {
				t.Wrong = append(t.Wrong, fmt.Sprintf("%s is killed by %s", v.Name, v.What))
			}
		case v.End == alive && known:
			t.Equivalent++
		case v.End == hung:
			t.Hung++
			t.Survivors = append(t.Survivors, v.Name+" (hangs)")
		default:
			t.Alive++
			t.Survivors = append(t.Survivors, v.Name)
		}
	}
	if n := t.Tried - t.Equivalent; n > 0 {
		t.Share = float64(t.Killed) / float64(n)
	}
	return t
}

// mostEquivalent is the part of a package's mutants that may be called equivalent.
const mostEquivalent = 0.05

// table prints a row for each kind of change and one for all, what is alive, and when it is verbose
// what became of each.
func table(w io.Writer, verdicts []verdict, equivalent map[string]string, verbose bool) tally {
	kinds := map[string][]verdict{}
	for _, v := range verdicts {
		kinds[v.Kind] = append(kinds[v.Kind], v)
	}
	all := count(verdicts, equivalent)
	by := slices.Sorted(maps.Keys(all.By))
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "kind\tplanted\twhole\tby %s\tequivalent\thung\talive\tkilled\t\n",
		strings.Join(by, "\tby "))
	for _, kind := range append(slices.Sorted(maps.Keys(kinds)), "all") {
		t := all
		if kind != "all" {
			t = count(kinds[kind], equivalent)
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t", kind, t.Tried+t.Broken, t.Tried)
		for _, name := range by {
			fmt.Fprintf(out, "%d\t", t.By[name])
		}
		fmt.Fprintf(out, "%d\t%d\t%d\t%.1f %%\t\n", t.Equivalent, t.Hung, t.Alive, 100*t.Share)
	}
	out.Flush()
	for _, v := range verdicts {
		if verbose {
			fmt.Fprintln(w, strings.TrimSpace(fmt.Sprintf("%s\t%s\t%s %s %s", v.End, v.Name, v.By, v.What, v.Link)))
		}
	}
	for _, name := range all.Survivors {
		fmt.Fprintln(w, "alive:", name)
	}
	for _, text := range all.Wrong {
		fmt.Fprintln(w, "WRONG: equivalent.txt says it can't be noticed, but", text)
	}
	return all
}
