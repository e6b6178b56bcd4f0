package graphs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// CheckFaults plants each fault of the machine, and checks the properties that the fault lists,
// each on its own. It returns the names of the properties that were broken. It returns an error if
// a fault doesn't break a property that it lists, or if there is a property that no fault breaks.
// If a property has a part for states and a part for steps, faults must break both. Liveness is
// checked on live, which is usually a smaller machine. Faults that are caught are recorded, in the
// families explorer-FAMILY and liveness-FAMILY.
func CheckFaults[S, M, I, O any](ctx context.Context, family string, m, live Machine[S, M, I, O]) (
	map[string]bool, error) {
	broken := map[string]bool{}
	var errs []error
	for _, f := range m.Faults {
		names, err := m.breaks(ctx, live, f)
		errs = append(errs, err)
		for _, name := range names {
			broken[name] = true
			if slices.ContainsFunc(live.Liveness, func(p LeadsTo[M]) bool { return p.Name == name }) {
				Caught("liveness-"+family, f.Name)
			} else {
				Caught("explorer-"+family, f.Name)
			}
		}
		for _, name := range f.Breaks {
			if !slices.ContainsFunc(names, func(n string) bool { return n == name || strings.HasPrefix(n, name+"(") }) {
				errs = append(errs, fmt.Errorf("the fault %s must break %s; it breaks only %v", f.Name, name, names))
			}
		}
	}
	for _, half := range m.halves() {
		if name := half.Properties[0].Name; !broken[name] {
			errs = append(errs, fmt.Errorf("no fault breaks %s", name))
		}
	}
	if m.Agrees != nil && !broken[Bookkeeping] {
		errs = append(errs, errors.New("no fault breaks "+Bookkeeping))
	}
	return broken, errors.Join(errs...)
}

// Caught records that a planted fault was caught. tests/report compares the record with an earlier
// one.
func Caught(family, name string) { fmt.Printf("CAUGHT %s: %s\n", family, name) }

// halves returns machines with one property each. A property for both states and steps becomes two,
// NAME(states) and NAME(steps).
func (m Machine[S, M, I, O]) halves() (list []Machine[S, M, I, O]) {
	alone := m
	alone.Agrees = nil
	add := func(p Property[M, I, O]) {
		alone.Properties = []Property[M, I, O]{p}
		list = append(list, alone)
	}
	for _, p := range m.Properties {
		if p.State == nil || p.Step == nil {
			add(p)
			continue
		}
		add(Property[M, I, O]{Name: p.Name + "(states)", State: p.State})
		add(Property[M, I, O]{Name: p.Name + "(steps)", Step: p.Step})
	}
	return list
}

// breaks returns the names of those properties that a fault lists and really breaks.
func (m Machine[S, M, I, O]) breaks(ctx context.Context, live Machine[S, M, I, O], f Fault[S, I, O]) (
	names []string, err error) {
	m.fault, live.fault = f, f
	lists := func(name string) bool {
		kind, _, _ := strings.Cut(name, "(")
		return slices.Contains(f.Breaks, kind)
	}
	try := func(m Machine[S, M, I, O], name string) {
		r := Explore(ctx, m, Options{Possible: name != Unchanged})
		if r.Verdict == Violated && r.Violation.Property == name {
			names = append(names, name)
		}
	}
	for _, half := range m.halves() {
		if name := half.Properties[0].Name; lists(name) {
			try(half, name)
		}
	}
	m.Properties = nil
	for _, name := range []string{Bookkeeping, Unchanged} {
		if lists(name) {
			try(m, name)
		}
	}
	live.Liveness = slices.DeleteFunc(slices.Clone(live.Liveness), func(p LeadsTo[M]) bool { return !lists(p.Name) })
	if len(live.Liveness) == 0 {
		return names, nil
	}
	r, err := CheckLiveness(ctx, live)
	if err != nil {
		return names, err
	}
	for _, l := range r.Broken {
		names = append(names, l.Property)
	}
	return names, nil
}
