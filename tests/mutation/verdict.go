package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// end is what happened to a mutant.
type end uint8

const (
	alive  end = iota
	killed     // a test, a property or the comparison of graphs noticed it
	hung       // the suite did not end, or ran out of memory: that doesn't show what is wrong
	broken     // it doesn't compile, or TLC can't parse it
)

func (e end) String() string {
	return [...]string{"alive", "killed", "hung", "broken"}[e]
}

// verdict says what happened to one mutant, and what noticed it.
type verdict struct {
	Name    string
	Kind    string // the operator by which it was generated
	Message bool   // it changes only the text of a message
	End     end
	By      string // the suite that noticed it; for specs: property, liveness, graph or error
	What    string // the test, the property or the difference of graphs
	Link    string // a link to a script that shows it, in the playground; "" if there is none
}

// tally counts verdicts. Mutants that change only the text of a message are counted separately,
// since suites need not check texts. A mutant that hangs counts as alive.
type tally struct {
	Tried      int            `json:"tried"` // mutants that compile and change more than a message
	Broken     int            `json:"-"`     // those that don't compile
	Killed     int            `json:"killed"`
	Equivalent int            `json:"equivalent"` // alive, and listed in equivalent.txt
	Hung       int            `json:"hung"`       // counts as alive
	Alive      int            `json:"alive"`      // alive, and not listed
	Share      float64        `json:"share"`      // Killed as a share of the not equivalent ones
	Words      int            `json:"words"`      // mutants that change only a message
	WordsKnown int            `json:"wordsKilled"`
	By         map[string]int `json:"by"`        // killed mutants, by what killed them first
	Survivors  []string       `json:"survivors"` // the names of mutants that are alive or hang
	Wrong      []string       `json:"-"`         // killed, but listed as equivalent
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

// mostEquivalent is the maximum share of a package's mutants that equivalent.txt may list.
const mostEquivalent = 0.05

// table prints a row for each kind of mutant and one for all, and the mutants that are alive. With
// verbose, it also prints each verdict.
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
		fmt.Fprintln(w, "WRONG: equivalent.txt says that it can't be noticed, but", text)
	}
	return all
}
