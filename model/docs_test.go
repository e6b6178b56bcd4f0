package model

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page is a document of rules and properties, with the rules and properties of the model.
type page struct {
	file       string
	line       string // the letter that a rule's number begins with
	ids        *regexp.Regexp
	promise    string // the first words of the properties that need a promise; "" for none
	rules      []cited
	properties []cited
	liveness   []string // the names of the liveness properties
}

// cited is a rule or a property of the model.
type cited struct {
	name    string
	spec    []string
	promise bool
	whole   bool // all fields that the model requires are set
}

var (
	chaID     = regexp.MustCompile(`CHA-[A-Z]+\d+[a-z0-9]*`)
	rtlID     = regexp.MustCompile(`\bRT[A-Z]+\d+[a-z0-9]*`)
	statedRow = regexp.MustCompile(`(?m)^\| (R\d+|CHA-[A-Za-z0-9]+) \| (.*) \| (.*) \|$`)
)

func (p page) text(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + p.file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func citedRules[R interface {
	String() string
	Spec() []string
}](rules []R) (list []cited) {
	for _, r := range rules {
		list = append(list, cited{name: r.String(), spec: r.Spec(), whole: true})
	}
	return list
}

func pages() []page {
	rooms := page{file: "rooms.md", line: "R", ids: chaID, rules: citedRules(Rules())}
	for _, p := range Properties() {
		rooms.properties = append(rooms.properties, cited{p.Name, p.Spec, false, p.Check != nil || p.CheckStep != nil})
	}
	for _, p := range liveness() {
		rooms.liveness = append(rooms.liveness, p.Name)
	}
	room := page{file: "room.md", line: "S", ids: chaID, promise: "Safety that needs the port's promise",
		rules: citedRules(RoomRules()), liveness: []string{"CallsSettle", "ReleasesEnd"}}
	for _, p := range RoomProperties() {
		whole := p.Says != "" && len(p.Rules) > 0 && p.Check != nil
		room.properties = append(room.properties, cited{p.Name, p.Spec, p.Promise, whole})
	}
	channel := page{file: "channel.md", line: "C", ids: rtlID, promise: "Safety that needs the server's promise",
		rules: citedRules(ChannelRules()), liveness: []string{"CallsSettle", "RetriesForEver", "Heals"}}
	for _, p := range ChannelProperties() {
		whole := p.Says != "" && len(p.Rules) > 0 && p.Check != nil
		channel.properties = append(channel.properties, cited{p.Name, p.Spec, p.Promise, whole})
	}
	return []page{rooms, room, channel}
}

// The rules of the model are those of the document, in its order, and cite the same points.
func TestRulesCiteWhatTheDocumentCites(t *testing.T) {
	for _, p := range pages() {
		line := regexp.MustCompile(`(?m)^- \*\*(` + p.line + `\d+)\*\*(?: \[([^\]]*)\])?`)
		lines := line.FindAllStringSubmatch(p.text(t), -1)
		if len(lines) != len(p.rules) {
			t.Fatalf("%s has %d rules, but the model has %d", p.file, len(lines), len(p.rules))
		}
		for i, r := range p.rules {
			if lines[i][1] != r.name || !slices.Equal(p.ids.FindAllString(lines[i][2], -1), r.spec) {
				t.Errorf("in the model, the rule %v cites %v; in %s it is the line %q", r.name, r.spec, p.file, lines[i][0])
			}
		}
	}
}

// The properties of the model are those of the document, in its order, and cite the same points.
// Only the names of liveness properties are compared here; other tests check these properties.
func TestPropertiesAreThoseOfTheDocument(t *testing.T) {
	for _, p := range pages() {
		_, must, ok := strings.Cut(p.text(t), "\n## What must hold\n")
		must, _, _ = strings.Cut(must, "\n## ")
		safety, live, found := strings.Cut(must, "\nLiveness")
		always, promised := safety, ""
		if p.promise != "" {
			var split bool
			always, promised, split = strings.Cut(safety, "\n"+p.promise)
			ok = ok && split
		}
		if !ok || !found {
			t.Fatalf("%s lacks the heading \"What must hold\", or a part of its list", p.file)
		}
		want := append(stated(p, always, false), stated(p, promised, true)...)
		if len(want) != len(p.properties) {
			t.Fatalf("%s has %d properties, but the model has %d", p.file, len(want), len(p.properties))
		}
		for i, of := range p.properties {
			w := want[i]
			if of.name != w.name || of.promise != w.promise || !slices.Equal(of.spec, w.spec) {
				t.Errorf("property %d of the model is %+v, but in %s it is %+v", i+1, of, p.file, w)
			}
			if !of.whole {
				t.Errorf("the property %s of the model has an empty field", of.name)
			}
		}
		var names []string
		for _, item := range stated(p, live, false) {
			names = append(names, item.name)
		}
		if !slices.Equal(names, p.liveness) {
			t.Errorf("%s has the liveness properties %v, but the test expects %v", p.file, names, p.liveness)
		}
	}
}

// stated returns the properties in a part of a page.
func stated(p page, part string, promise bool) (list []cited) {
	for _, item := range strings.Split(part, "\n- **")[1:] {
		names, sentence, _ := strings.Cut(item, "**")
		sentence, _, _ = strings.Cut(sentence, "\n\n")
		for _, name := range strings.Split(names, ", ") {
			list = append(list, cited{name: name, spec: p.ids.FindAllString(sentence, -1), promise: promise})
		}
	}
	return list
}

// statedBy returns, for each rule and point in the tables of docs/rooms.md, the properties in the
// second and in the third column.
func statedBy(t *testing.T) map[string][2][]string {
	t.Helper()
	_, part, ok := strings.Cut(pages()[0].text(t), "\n## The properties of each rule\n")
	if !ok {
		t.Fatal("the document has no table of the properties that state each rule")
	}
	rows := map[string][2][]string{}
	for _, row := range statedRow.FindAllStringSubmatch(part, -1) {
		if _, twice := rows[row[1]]; twice {
			t.Errorf("the tables have two rows for %s", row[1])
		}
		rows[row[1]] = [2][]string{strings.Split(row[2], ", "), strings.Split(row[3], ", ")}
	}
	return rows
}

// The tables list every rule and every cited point, with properties in both columns.
func TestEachRuleIsStatedInBothDirections(t *testing.T) {
	rows, properties, want := statedBy(t), map[string]bool{}, map[string]bool{}
	for _, p := range append(Properties(), liveness()...) {
		properties[p.Name] = true
		for _, id := range p.Spec {
			want[id] = true
		}
	}
	for _, r := range Rules() {
		want[r.String()] = true
		for _, id := range r.Spec() {
			want[id] = true
		}
	}
	for sentence := range want {
		for direction, names := range rows[sentence] {
			if len(names) == 0 {
				t.Errorf("no property is listed for %s in column %d", sentence, direction+2)
			}
			for _, name := range names {
				if !properties[name] {
					t.Errorf("the table lists %[2]q for %[1]s, but there is no such property", sentence, name)
				}
			}
		}
	}
	for sentence := range rows {
		if !want[sentence] {
			t.Errorf("the tables have a row for %s, which is neither a rule nor a point that is cited", sentence)
		}
	}
}
