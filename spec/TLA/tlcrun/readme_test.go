package tlcrun

import (
	"path/filepath"
	"strings"
	"testing"

	bar "ablyrooms.example/internal/progress"
)

// The README lists each configuration with its number of states, and each property.
func TestReadme(t *testing.T) {
	t.Parallel()
	readme := readText(t, filepath.Join(specDir, "README.md"))
	for _, c := range readAll(t) {
		if !strings.Contains(readme, "`"+c.Name+"`") {
			t.Errorf("the README does not name %s", c.Name)
		}
		for _, p := range c.Properties {
			if !c.IsCanary() && !strings.Contains(readme, "\n| "+p+" |") {
				t.Errorf("the README does not have the property %s", p)
			}
		}
		digits := bar.Grouped(c.Distinct)
		if c.Distinct > 4 && !strings.Contains(readme, "| `"+c.Name+"` |") {
			t.Errorf("the README has no line for %s", c.Name)
		}
		for line := range strings.Lines(readme) {
			if strings.HasPrefix(line, "| `"+c.Name+"` |") && !strings.Contains(line, "| "+digits+" |") {
				t.Errorf("%s has %s states, and the README says %s", c.Name, digits, line)
			}
		}
	}
}
