package proof

import (
	"path/filepath"
	"testing"
)

func TestZ(t *testing.T) {
	p, err := Room(".", filepath.Join(root, "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	bad := map[string]int{}
	big := map[string]int{}
	for _, c := range p.Conditions() {
		s, err := c.Script()
		if err != nil {
			if bad[c.Goal] == 0 {
				t.Log(c, err)
			}
			bad[c.Goal]++
		} else if len(s) > big[c.Goal] {
			big[c.Goal] = len(s)
		}
	}
	t.Log(bad, len(p.Conditions()))
	t.Log(big)
}
