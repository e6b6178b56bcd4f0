package proof

import (
	"path/filepath"
	"testing"
)

func TestChannelIsRead(t *testing.T) {
	p, err := Channel(".", filepath.Join(root, "spec", "TLA"))
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range p.Actions {
		n := 0
		for _, d := range a.Next {
			n += len(d.Body.String())
		}
		t.Log(a.Name, a.Params, len(a.Guards), n)
	}
}
