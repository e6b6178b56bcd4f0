package main

import (
	"slices"

	"ablyrooms.example/spec/TLA/tlcrun/tlatext"
)

// constants finds the sets of constants that the module writes out. It maps each constant to the
// next one of its set. If sets share constants, only the largest counts.
func constants(m *tlatext.Module) map[string]string {
	var sets [][]string
	for i := range m.Tokens {
		if !m.Is(i, "{") {
			continue
		}
		var set []string
		quoted := 0
		for j := i + 1; j < m.Match(i); j++ {
			t := m.Tokens[j]
			switch {
			case t.Kind == tlatext.String:
				quoted++
				set = append(set, t.Text)
			case t.Kind == tlatext.Word:
				set = append(set, t.Text)
			case t.Text != ",":
				quoted = -1000
			}
		}
		if quoted > 1 && len(set) > 1 {
			sets = append(sets, set)
		}
	}
	slices.SortStableFunc(sets, func(a, b []string) int { return len(b) - len(a) })
	next := map[string]string{}
	for _, set := range sets {
		if slices.ContainsFunc(set, func(c string) bool { return next[c] != "" }) {
			continue
		}
		for i, c := range set {
			next[c] = set[(i+1)%len(set)]
		}
	}
	return next
}

// primes returns the variables that each operator changes, directly or through other operators.
func primes(m *tlatext.Module) map[string]map[string]bool {
	changed := map[string]map[string]bool{}
	for again := true; again; {
		again = false
		for _, d := range m.Definitions {
			if changed[d.Name] == nil {
				changed[d.Name] = map[string]bool{}
			}
			before := len(changed[d.Name])
			for i := d.Body.Low; i < d.Body.High; i++ {
				if assigns(m, i) {
					changed[d.Name][m.Tokens[i].Text] = true
				}
				for v := range changed[m.Tokens[i].Text] {
					changed[d.Name][v] = true
				}
			}
			again = again || len(changed[d.Name]) > before
		}
	}
	return changed
}

// values returns the operators that return a changed copy of a record, their first parameter: by
// EXCEPT, or by calling such an operator.
func values(m *tlatext.Module) map[string]bool {
	found, changes := map[string]bool{}, primes(m)
	for again := true; again; {
		again = false
		for _, d := range m.Definitions {
			if found[d.Name] || len(d.Params) == 0 || len(changes[d.Name]) > 0 {
				continue
			}
			for i := d.Body.Low; i < d.Body.High && !found[d.Name]; i++ {
				if m.Is(i, "EXCEPT") || found[m.Tokens[i].Text] && m.Is(i+1, "(") {
					found[d.Name], again = true, true
				}
			}
		}
	}
	return found
}

// assigns reports whether a token is a variable that gets its next value there, even if it keeps
// its value.
func assigns(m *tlatext.Module, i int) bool {
	if !slices.Contains(m.Variables, m.Tokens[i].Text) {
		return false
	}
	if open := m.Within(i); open >= 0 && m.Is(open, "<<") && m.Is(open-1, "UNCHANGED") {
		return true
	}
	next := m.Is(i+1, "'") && (m.Is(i+2, "=") || m.Is(i+2, `\in`)) // otherwise it is only read
	return next || m.Is(i-1, "UNCHANGED")
}

// groups returns, for each bound name, the first set that it ranges over.
func groups(m *tlatext.Module) map[string]string {
	found := map[string]string{}
	for i := range m.Tokens {
		if _, ok := m.Binds(i); ok && found[m.Tokens[i-1].Text] == "" {
			found[m.Tokens[i-1].Text] = m.Tokens[i+1].Text
		}
	}
	return found
}

// mustParse parses a module that has been parsed before.
func mustParse(source string) *tlatext.Module {
	m, err := tlatext.Parse(source)
	if err != nil {
		panic(err)
	}
	return m
}
