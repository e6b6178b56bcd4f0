package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/spec/proof"
	"ablyrooms.example/spec/proof/solver"
)

// chooseHypotheses asks the solver which hypotheses it used for each condition. For each goal it
// writes the hypotheses that were used for at least one action to hypotheses.txt.
func (c *command) chooseHypotheses(ctx context.Context, root string, proofs []*proof.Proof, only *regexp.Regexp) error {
	file := filepath.Join(root, "spec", "proof", "hypotheses.txt")
	had, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lists := map[string][]string{}
	for line := range strings.Lines(string(had)) {
		name, list, _ := strings.Cut(line, ":")
		lists[name] = strings.Fields(list)
	}
	for _, p := range proofs {
		if err := c.used(ctx, p, only, lists); err != nil {
			return err
		}
	}
	var out []string
	for name, list := range lists {
		slices.Sort(list)
		out = append(out, name+": "+strings.Join(slices.Compact(list), " ")+"\n")
	}
	slices.Sort(out)
	return os.WriteFile(file, []byte(strings.Join(out, "")), 0o644)
}

func (c *command) used(ctx context.Context, p *proof.Proof, only *regexp.Regexp, lists map[string][]string) error {
	var conditions []*proof.Condition
	for _, condition := range p.Conditions() {
		if condition.Action != proof.Initially && only.MatchString(p.Name+": "+condition.String()) {
			conditions = append(conditions, condition)
			delete(lists, p.Name+" "+condition.Goal)
		}
	}
	var mu sync.Mutex
	err := progress.Each(ctx, c.workers, len(conditions), func() string { return p.Name },
		func(ctx context.Context, _, i int) error {
			script, err := conditions[i].Script()
			if err != nil {
				return err
			}
			a, err := solver.Ask(ctx, c.solver, cored(script), solver.Options{Seed: c.seed, Limit: c.limit})
			mu.Lock()
			defer mu.Unlock()
			used := conditions[i].From
			if err == nil && a.Verdict == "unsat" {
				used = core(a.Rest)
			} else {
				fmt.Fprintf(c.stdout, "%v: the answer is %s %v: all its hypotheses are kept\n", conditions[i], a.Verdict, err)
			}
			name := p.Name + " " + conditions[i].Goal
			for _, h := range used {
				if slices.Contains(p.Invariant, h) {
					lists[name] = append(lists[name], h)
				}
			}
			return nil
		})
	return err
}

// cored returns a script whose assertions have names. Its last command asks the solver which
// assertions it used.
func cored(script string) string {
	var b strings.Builder
	b.WriteString("(set-option :produce-unsat-cores true)\n")
	name, n := "", 0
	for line := range strings.Lines(script) {
		switch {
		case strings.HasPrefix(line, "; "):
			name = strings.TrimSpace(line[2:])
			continue
		case name != "" && strings.HasPrefix(line, "(assert "):
			n++
			inner := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "(assert "), ")")
			line = fmt.Sprintf("(assert (! %s :named |%s#%d|))\n", inner, name, n)
			name = ""
		}
		b.WriteString(line)
	}
	b.WriteString("(get-unsat-core)\n")
	return b.String()
}

// core returns the names of the assertions that the solver lists.
func core(lines []string) (names []string) {
	for _, word := range strings.Fields(strings.Trim(strings.Join(lines, " "), "()")) {
		name, _, _ := strings.Cut(strings.Trim(word, "|()"), "#")
		names = append(names, name)
	}
	return names
}
