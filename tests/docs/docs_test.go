// Package docs checks that what the documents show of the code has not drifted from it.
package docs

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"ablyrooms.example/fsm"
)

var update = flag.Bool("update", false, "write the generated parts of the documents anew")

const readme = "../../README.md"

// generated makes the parts of the README that stand between <!-- begin NAME --> and <!-- end NAME -->.
func generated(t *testing.T) map[string]string {
	lifecycle, err := fsm.RoomLifecycle().Definition().Mermaid()
	if err != nil {
		t.Fatal(err)
	}
	fence := func(s string) string { return "```mermaid\n" + s + "```\n" }
	example, err := os.ReadFile("../../examples/quickstart/main.go")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"room lifecycle machine": fence(lifecycle),
		"room status machine":    fence(fsm.RoomStatus().MermaidOverview("follows its channel")),
		"quickstart":             "```go\n" + string(example) + "```\n",
	}
}

func TestGeneratedPartsHaveNotDrifted(t *testing.T) {
	data, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for name, want := range generated(t) {
		part := regexp.MustCompile(`(?s)(<!-- begin ` + name + ` -->\n)(.*?)(<!-- end ` + name + ` -->)`)
		found := part.FindStringSubmatch(text)
		switch {
		case found == nil:
			t.Errorf("README.md has no part %q", name)
		case found[2] != want && *update:
			text = strings.Replace(text, found[0], found[1]+want+found[3], 1)
		case found[2] != want:
			t.Errorf("the part %q of README.md has drifted from the code; write it anew with: make generate", name)
		}
	}
	if *update {
		if err := os.WriteFile(readme, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
