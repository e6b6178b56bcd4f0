package play

import (
	"context"
	"fmt"
	"strings"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// Search says what to search for.
type Search struct {
	Fault    string // the id of the planted fault
	Property string // the property to break; empty: any difference from the rules
	Bounds   Bounds
}

// Found is the result of a search.
type Found struct {
	Fragment string // the link of a shortest script; empty if the bounds contain none
	States   int    // how many states were visited
	Depth    int    // the number of steps to the last state
	Why      string // what the last step shows
}

// Properties returns the names of the properties that a [Search] may name.
func Properties() []string {
	var names []string
	for _, p := range model.Properties() {
		names = append(names, p.Name)
	}
	return names
}

// Find searches breadth first for a shortest script in which the registry with the fault differs
// from the rules, or breaks the property. It calls progress now and then, in its own goroutine. If
// ctx ends, Find returns the context's cause.
func Find(ctx context.Context, s Search, progress func(states, depth int)) (Found, error) {
	fault, ok := FaultByID(s.Fault)
	if !ok {
		return Found{}, fmt.Errorf("there is no fault %q", s.Fault)
	}
	bounds := s.Bounds.model()
	type node struct {
		faulty Registry
		right  model.State // the model's state; unused if a property is searched for
		parent int
		by     model.Input
		depth  int
	}
	nodes := []node{{faulty: NewRegistry(fault), parent: -1}}
	seen := map[string]bool{nodes[0].faulty.Key(): true}
	found := Found{States: 1}
	script := func(at int, last model.Input) string {
		steps := []string{last.String()}
		for ; nodes[at].parent >= 0; at = nodes[at].parent {
			steps = append([]string{nodes[at].by.String()}, steps...)
		}
		link, _ := playlink.Parse(playlink.Rooms + "/" + strings.Join(steps, ";"))
		link.Fault = fault.ID
		return link.Fragment()
	}
	for at := 0; at < len(nodes); at++ {
		n := nodes[at]
		// the node is expanded now, and later needs only its path
		nodes[at].faulty, nodes[at].right = Registry{}, model.State{}
		if at%256 == 0 {
			if ctx.Err() != nil {
				return found, context.Cause(ctx)
			}
			progress(found.States, n.depth)
		}
		for _, in := range n.faulty.Enabled(bounds) {
			next, outs, err := n.faulty.Step(in)
			if err != nil {
				continue
			}
			right := n.right
			why := ""
			if s.Property == "" {
				var want []model.Output
				right, want, err = n.right.Step(in)
				why = differs(outs, want, err)
			} else {
				why = breaks(s.Property, n.faulty.State, next.State)
			}
			if why != "" {
				found.Fragment, found.Why, found.Depth = script(at, in), why, n.depth+1
				return found, nil
			}
			if key := next.Key(); !seen[key] {
				seen[key] = true
				found.States, found.Depth = found.States+1, n.depth+1
				nodes = append(nodes, node{next, right, at, in, n.depth + 1})
			}
		}
	}
	return found, nil
}

// differs describes how a step differs from what the rules require; it returns "" if it doesn't
// differ.
func differs(outs, want []model.Output, refused error) string {
	if refused != nil {
		return refused.Error()
	}
	got, asked := strings.Join(words(outs), ", "), strings.Join(words(want), ", ")
	if got == asked {
		return ""
	}
	none := func(s string) string {
		if s == "" {
			return "nothing"
		}
		return s
	}
	return fmt.Sprintf("the rules require %s; the registry does %s", none(asked), none(got))
}

// breaks returns why a property fails in a step, or "" if it holds.
func breaks(name string, before, after model.State) string {
	for _, p := range model.Properties() {
		if p.Name != name {
			continue
		}
		if p.Check != nil {
			if err := p.Check(after); err != nil {
				return err.Error()
			}
		}
		if p.CheckStep != nil {
			if err := p.CheckStep(before, after); err != nil {
				return err.Error()
			}
		}
	}
	return ""
}
