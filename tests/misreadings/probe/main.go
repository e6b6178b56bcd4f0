// Command probe holds the core and the reference model that it is built with to the properties, and compares their graphs with each other
// and with what the spec's are. Command misreadings builds it with misreadings planted.
//
// Arguments are BOUNDS=DUMP, where BOUNDS are calls, names and options as in 4,1,2, and DUMP is TLC's graph at those bounds, or empty.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"ablyrooms.example/model"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/rooms"
)

// Found is what each check found, empty for nothing.
type Found struct {
	Golden   string // core or model against the kept graph of the spec
	Model    string // the properties of package model, on the model
	Core     string // the same, on the core
	Liveness string // of the core
	Chain    string // core against model
	Spec     string // model against the dumps
}

func main() {
	golden := flag.String("golden", "", "the kept graph of the spec, of 4 calls on 1 name with 1 option")
	flag.Parse()
	found, err := probe(context.Background(), *golden, flag.Args())
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(2)
	}
}

func probe(ctx context.Context, golden string, args []string) (*Found, error) {
	found := &Found{}
	for _, arg := range args {
		at, dump, _ := strings.Cut(arg, "=")
		var b rooms.Bounds
		if _, err := fmt.Sscanf(at, "%d,%d,%d", &b.Calls, &b.Names, &b.Options); err != nil {
			return nil, fmt.Errorf("bounds %q: %w", at, err)
		}
		if err := b.Check(); err != nil {
			return nil, err
		}
		note(&found.Model, properties(b))
		note(&found.Core, invariants(ctx, b))
		reference, _, err := graphs.ToGraph(ctx, rooms.New(b).OfModel())
		if err != nil {
			return nil, err
		}
		if _, _, err := graphs.ToGraph(ctx, rooms.New(b)); err != nil { // each step is held against the model
			note(&found.Chain, "core: "+err.Error())
		}
		if dump != "" {
			file, err := os.Open(dump)
			if err != nil {
				return nil, err
			}
			spec, err := graphs.ReadDot("the spec", file, graphs.Mapping[model.State](Mapping{}))
			file.Close()
			if err != nil {
				note(&found.Spec, err.Error())
			} else {
				note(&found.Spec, difference(spec, reference))
			}
		}
	}
	small := rooms.Bounds{Calls: 3, Names: 1, Options: 1}
	report, err := graphs.CheckLiveness(ctx, rooms.New(small))
	switch {
	case err != nil:
		note(&found.Liveness, err.Error())
	case len(report.Broken) > 0:
		found.Liveness = report.Broken[0].Property
	}
	if golden != "" {
		_, kept, err := graphs.ReadGolden(golden)
		if err != nil {
			return nil, err
		}
		spec, err := graphs.ReadDot("the spec", bytes.NewReader(kept), graphs.Mapping[model.State](rooms.Spec{}))
		if err != nil {
			return nil, err
		}
		b := rooms.Bounds{Calls: 4, Names: 1, Options: 1}
		reference, _, err := graphs.ToGraph(ctx, rooms.New(b).OfModel())
		if err != nil {
			return nil, err
		}
		note(&found.Golden, difference(spec, reference))
	}
	return found, nil
}

// note keeps the first thing that was found.
func note(to *string, what string) {
	if *to == "" {
		*to = what
	}
}

func difference(a, b *graphs.Graph) string {
	found, onlyA, onlyB := graphs.Compare(a, b, 1)
	if onlyA+onlyB+len(found) == 0 {
		return ""
	}
	text := fmt.Sprintf("%d edges of %s are missing in %s, %d the other way", onlyA, a.Name, b.Name, onlyB)
	if len(found) > 0 {
		text += ": " + found[0].String()
	}
	return text
}

// properties walks the model and returns the first property that fails, in the order of distance.
func properties(b rooms.Bounds) string {
	bounds, seen := b.Model(), map[string]bool{model.State{}.Key(): true}
	queue := []model.State{{}}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		for _, in := range s.Enabled(bounds) {
			next, _, err := s.Step(in)
			if err != nil {
				return err.Error()
			}
			for _, p := range model.Properties() {
				if p.Check != nil && p.Check(next) != nil || p.CheckStep != nil && p.CheckStep(s, next) != nil {
					return p.Name
				}
			}
			if key := next.Key(); !seen[key] {
				seen[key] = true
				queue = append(queue, next)
			}
		}
	}
	return ""
}

// invariants explores the core. Any end but a complete one is a finding.
func invariants(ctx context.Context, b rooms.Bounds) string {
	r := graphs.Explore(ctx, rooms.New(b), graphs.Options{Possible: true})
	switch {
	case r.Verdict == graphs.Complete:
		return ""
	case r.Violation != nil:
		return r.Violation.Property
	}
	return r.Reason
}
