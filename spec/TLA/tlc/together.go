package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/TLA/tlcrun"
)

// together has the results that need the runs of all configurations: which actions are taken, and
// which antecedents of properties are reached.
type together struct {
	graphs      []*tlcrun.Config
	actions     []string
	taken       map[string]map[string]int // graph, action
	antecedents []tlcrun.Antecedent
}

// module is the module whose actions and antecedents are checked. TLC looks for the antecedents
// within these bounds.
const module = "Rooms"

var bounds = []string{
	`Names = {"a"} Options = {"x"} MaxCalls = 4 Conditional = TRUE`,
	`Names = {"a", "b"} Options = {"x", "y"} MaxCalls = 3 Conditional = TRUE`,
}

// lookTogether finds the actions of the graphs, and has TLC find the antecedents that are reached.
func lookTogether(ctx context.Context, tlc *tlcrun.TLC, configs []*tlcrun.Config, taken map[string]map[string]int) (*together, error) {
	t := &together{taken: taken}
	for _, c := range configs {
		if isGraph(c) && c.Module == module {
			t.graphs = append(t.graphs, c)
		}
	}
	if len(t.graphs) == 0 {
		return nil, errors.New("no configuration of " + module + " is run only for its graph")
	}
	var err error
	dir := t.graphs[0].Dir()
	if t.actions, err = tlcrun.Actions(dir, module); err != nil {
		return nil, err
	}
	t.antecedents, err = tlc.Antecedents(ctx, dir, module, tlcrun.Checked(configs, module), bounds)
	return t, err
}

// wrong returns what is wrong: an edge whose label is not an action, an action without an edge, an
// antecedent that is not reached.
func (t *together) wrong() (wrong []string) {
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for _, c := range t.graphs {
		if len(t.taken[c.Name]) == 0 {
			complain("the graph of %s has no edges", c.Name)
		}
		for _, label := range slices.Sorted(maps.Keys(t.taken[c.Name])) {
			if !slices.Contains(t.actions, label) {
				complain("the graph of %s has %d edges that are called %q, which is not an action", c.Name, t.taken[c.Name][label], label)
			}
		}
	}
	if len(t.actions) == 0 {
		complain("the spec has no actions")
	}
	for _, action := range t.actions {
		if t.times(action) == 0 {
			complain("the action %s is taken in no graph", action)
		}
	}
	if len(t.antecedents) == 0 {
		complain("no property has an antecedent")
	}
	for _, a := range t.antecedents {
		if !a.Reached {
			complain("%s has an antecedent that is never true: %s", a.Property, a.Text)
		}
	}
	return wrong
}

func (t *together) times(action string) (n int) {
	for _, c := range t.graphs {
		n += t.taken[c.Name][action]
	}
	return n
}

// counts returns the numbers of actions that are taken and of antecedents that are reached.
func (t *together) counts() (taken, reached int) {
	for _, action := range t.actions {
		if t.times(action) > 0 {
			taken++
		}
	}
	for _, a := range t.antecedents {
		if a.Reached {
			reached++
		}
	}
	return taken, reached
}

// print prints how often each action is taken, the number of antecedents that are reached, and what
// is wrong.
func (t *together) print(w io.Writer) (failed int) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\naction")
	for _, c := range t.graphs {
		fmt.Fprintf(table, "\tedges in %s", c.Name)
	}
	fmt.Fprintln(table)
	for _, action := range t.actions {
		fmt.Fprint(table, action)
		for _, c := range t.graphs {
			fmt.Fprintf(table, "\t%s", progress.Grouped(t.taken[c.Name][action]))
		}
		fmt.Fprintln(table)
	}
	table.Flush()
	taken, reached := t.counts()
	fmt.Fprintf(&b, "\n%d of %d actions are taken, %d of %d antecedents of properties are reached\n", taken, len(t.actions), reached, len(t.antecedents))
	wrong := t.wrong()
	for _, text := range wrong {
		fmt.Fprintf(&b, "WRONG: %s\n", text)
	}
	io.WriteString(w, b.String())
	return len(wrong)
}
