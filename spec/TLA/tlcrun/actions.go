package tlcrun

import (
	"fmt"
	"os"
	"path/filepath"

	"ablyrooms.example/spec/TLA/tlcrun/tlatext"
)

// Actions returns the names of a module's actions: the operators that Next refers to through \/ and
// \E alone.
func Actions(dir, module string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, module+".tla"))
	if err != nil {
		return nil, err
	}
	m, err := tlatext.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", module, err)
	}
	if m.Definition("Next") == nil {
		return nil, fmt.Errorf("%s does not define Next", module)
	}
	var actions []string
	seen := map[string]bool{}
	var visit func(name string)
	visit = func(name string) {
		d := m.Definition(name)
		if d == nil || seen[name] {
			return
		}
		seen[name] = true
		if isAction(m, d) {
			actions = append(actions, name)
			return
		}
		for i := d.Body.Low; i < d.Body.High; i++ {
			if open := m.Within(i); open < 0 && !m.Is(i-1, `\in`) {
				visit(m.Tokens[i].Text)
			}
		}
	}
	visit("Next")
	return actions, nil
}

// isAction reports whether an operator describes a step itself. It returns false for an operator
// that only combines others by \/ and \E.
func isAction(m *tlatext.Module, d *tlatext.Definition) bool {
	for i := d.Body.Low; i < d.Body.High; i++ {
		switch m.Tokens[i].Text {
		case `/\`, "'", "UNCHANGED":
			return true
		}
	}
	return false
}

// Taken counts the edges of a dump by their labels.
func Taken(file string) (map[string]int, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	taken := map[string]int{}
	return taken, EachLine(f, func(l DumpLine) error {
		if l.To != nil {
			taken[l.Label()]++
		}
		return nil
	})
}
