package site

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Cited has the sentences of the documents that state rules and properties.
type Cited struct {
	Rules      map[string]Sentence            // by the rule's name, such as R9
	Properties map[string]map[string]Sentence // by the machine, and then by the property's name
}

// Sentence is the text of a rule or property, with the points of Ably's specification that it
// names.
type Sentence struct {
	Says string
	Spec []string
	Doc  string
}

// documents are the documents that state rules, with the machine of each.
var documents = []struct{ machine, file string }{
	{
		"Rooms",
		"docs/rooms.md",
	}, {"Leases", "docs/leases.md"}, {"Room", "docs/room.md"}, {"Channel", "docs/channel.md"},
}

var (
	item    = regexp.MustCompile(`(?m)^- \*\*([A-Za-z0-9, ]+)\*\*:?((?:.*\n)(?:  .*\n|\n  .*\n)*)`)
	ruleID  = regexp.MustCompile(`^[RSCL]\d+$`)
	points  = regexp.MustCompile(`\[([^\]]*)\](\([^)]*\))?`)
	point   = regexp.MustCompile(`^(CHA-|RT|RS|CD|RSA)`)
	special = strings.NewReplacer("*", "", "`", "", "\n", " ")
)

// Cite reads the rules and properties from the documents of the module.
func Cite(root string) (Cited, error) {
	c := Cited{Rules: map[string]Sentence{}, Properties: map[string]map[string]Sentence{}}
	for _, d := range documents {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(d.file)))
		if err != nil {
			return c, err
		}
		c.Properties[d.machine] = map[string]Sentence{}
		for _, m := range item.FindAllStringSubmatch(string(text), -1) {
			s := sentence(m[2])
			s.Doc = d.file
			for name := range strings.SplitSeq(m[1], ", ") {
				if ruleID.MatchString(name) {
					c.Rules[name] = s
				} else {
					c.Properties[d.machine][name] = s
				}
			}
		}
	}
	if len(c.Rules) == 0 {
		return c, fmt.Errorf("the documents have no rules")
	}
	return c, nil
}

// sentence reads the text of an item. It removes the Markdown, and returns the points in brackets
// separately.
func sentence(text string) (s Sentence) {
	said := points.ReplaceAllStringFunc(text, func(found string) string {
		m := points.FindStringSubmatch(found)
		if m[2] != "" { // a link
			return m[1]
		}
		for p := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\n' }) {
			if point.MatchString(p) {
				s.Spec = append(s.Spec, p)
			}
		}
		return ""
	})
	s.Says = strings.Join(strings.Fields(special.Replace(said)), " ")
	return s
}
