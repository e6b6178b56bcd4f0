package ablytest_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
)

var update = flag.Bool("update", false, "write the generated part of doc.go")

// The end of the package's documentation is generated from the table in served.go.
func TestTheDocumentationSaysWhatIsServed(t *testing.T) {
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	head, _, ok := strings.Cut(string(source), "// # Served\n")
	if !ok {
		t.Fatal("doc.go has no section on what is served")
	}
	want := head + servedText() + "package ablytest\n"
	if string(source) == want {
		return
	}
	if !*update {
		t.Fatal("doc.go doesn't say what served.go does: go test ./adapter/ably/ablytest -run TestTheDocumentation -update")
	}
	if err := os.WriteFile("doc.go", []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

// servedText returns the table as a part of a doc comment.
func servedText() string {
	var b strings.Builder
	for _, section := range []struct {
		title, intro string
		support      ablytest.Support
	}{
		{"Served", "", ablytest.Whole},
		{"Served in part", "", ablytest.InPart},
		{"Not served", "What isn't served is refused in Ably's error form: a NACK, an ERROR, an HTTP error with\nits headers.\n\n",
			ablytest.Refused},
	} {
		text := "# " + section.title + "\n\n" + section.intro
		for _, s := range ablytest.Served() {
			if s.Support == section.support {
				text += fmt.Sprintf("  - %s, %s: %s.\n", s.Group, s.Name, s.Text)
			}
		}
		for line := range strings.Lines(text) {
			b.WriteString(wrapped(strings.TrimRight(line, "\n")))
		}
		b.WriteString("//\n")
	}
	return strings.TrimSuffix(b.String(), "//\n")
}

// wrapped returns a line as lines of a comment. The further lines of a list item are indented.
func wrapped(line string) string {
	const width = 96
	out, indent := "", "// "
	for len(indent)+len(line) > width {
		i := strings.LastIndex(line[:width-len(indent)], " ")
		out += indent + line[:i] + "\n"
		line, indent = line[i+1:], "//     "
	}
	return out + strings.TrimRight(indent+line, " ") + "\n"
}

// Each row of the table is compared with answers of the server: it serves what the row says, or
// refuses it in Ably's error form.
func TestEachRowOfWhatIsServed(t *testing.T) {
	rows, served := map[string]bool{}, map[string]bool{}
	for _, s := range ablytest.Served() {
		name := s.Group + ", " + s.Name
		if rows[name] {
			t.Errorf("two rows for %s", name)
		}
		rows[name] = true
		probe := probes[name]
		if probe == nil {
			t.Errorf("no probe of the server for the row %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			clock := ablytest.NewManualClock(time.Now())
			srv := ablytest.NewServer(t, ablytest.WithClock(clock), ablytest.WithMaxIdleInterval(0),
				ablytest.WithKeys(ablytest.DefaultKey, ablytest.Key{Name: "other.key", Secret: "secret"}))
			probe(&probeServer{T: t, srv: srv, clock: clock}, s.Support)
			for _, f := range srv.Frames() {
				if f.Action == ablytest.ActionHTTP && f.Status != 0 && f.Status < 300 {
					served[ablytest.EndpointOf(f.Method, f.Path)] = true
				}
			}
		})
	}
	for _, e := range ablytest.Endpoints() {
		if !served[e] && e != "GET keys/*/requestToken" { // an endpoint that only refuses
			t.Errorf("no row of the table has a probe of the endpoint %s", e)
		}
	}
	for name := range probes {
		if !rows[name] {
			t.Errorf("no row for the probe %s", name)
		}
	}
}
