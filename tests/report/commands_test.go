package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	makeTarget = regexp.MustCompile(`(?m)^([a-z-]+):`)
	inline     = regexp.MustCompile("`((?:make|go run|go test|go doc) [^`]*)`")
	command    = regexp.MustCompile(`(?m)^    ((?:make|go|git|sed) .*)$`)
	stepsLine  = regexp.MustCompile(`(?m)^STEPS = (.*)$`)
)

// misnamed returns an error text for each target of make and each package of go in a command that
// doesn't exist.
func misnamed(command, makefile string) (bad []string) {
	words := strings.Fields(strings.TrimPrefix(command, "@"))
	targets := map[string]bool{}
	for _, m := range makeTarget.FindAllStringSubmatch(makefile, -1) {
		targets[m[1]] = true
	}
	for i, word := range words {
		path := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(word, module), "/..."), "/")
		switch {
		case strings.HasPrefix(word, "#"):
			return bad
		case words[0] == "make" && i > 0 && !strings.Contains(word, "=") && !targets[word]:
			bad = append(bad, "make has no target "+word)
		case words[0] == "go" && (strings.HasPrefix(path, "./") || strings.HasPrefix(word, module+"/")):
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				bad = append(bad, "there is no "+word)
			}
		}
	}
	return bad
}

// sameAs names, for commands of the documents, the test or the step of make check that does the
// same.
var sameAs = map[string]string{
	"go mod init mybot": "TestProgramsInDocumentsRun",
	"go mod edit -require ablyrooms.example@v0.0.0 -replace ablyrooms.example=../path/to/this/checkout": "TestProgramsInDocumentsRun",
	"go mod tidy":   "TestProgramsInDocumentsRun",
	"go run .":      "TestProgramsInDocumentsRun",
	"make page":     "browser",
	"make generate": "TestGeneratedPartsHaveNotDrifted",
	"go run ./tests/conformance/try -without Cancellation,Causes -- node subject.mjs": "interop",
	"go run ./spec/TLA/tlc -dir FOLDER":                                               "TestAFolderOfAnybodys",
	"go run ./spec/proof/prove -only SameRoom":                                        "prove",
	"go run ./spec/proof/prove -only SameRoom -save out":                              "prove",
	"sed -i 's/^HasPredecessor(i) .*/HasPredecessor(i) == FALSE/' spec/TLA/Rooms.tla": "TestPlantedFaultsBreakTheProof",
	"go run ./spec/proof/prove -only 'OneReleasing by ReleaseReady'":                  "prove",
	"git checkout spec/TLA/Rooms.tla":                                                 "TestPlantedFaultsBreakTheProof",
	"go run ./tests/wire/traces":                                                      "traces",
	"go run ./tests/wire/traces -channels":                                            "traces",
}

// notRun gives the reason for each command that no test runs.
var notRun = map[string]string{
	"make check":              "it runs this test",
	"make evidence":           "it takes hours",
	"make bench":              "it takes minutes, and asserts nothing",
	"make live":               "it needs a key of Ably",
	"make conformance-js":     "it takes minutes, and the interop step runs the same client",
	"make conformance-python": "it fetches packages of Python",
}

// runHere matches the commands that [TestCommandsInDocuments] runs.
var runHere = regexp.MustCompile(`^(go doc .*|make help|make demo|go run ./examples/demo|go run .* -h)$`)

// commandsIn returns the commands of a document, without comments.
func commandsIn(page, text string) (all []string) {
	for _, b := range blocks(page, text) {
		if b.language == "sh" {
			all = append(all, strings.Split(strings.TrimSpace(b.text), "\n")...)
		}
	}
	for _, pattern := range []*regexp.Regexp{inline, command} {
		for _, m := range pattern.FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
	}
	for i, c := range all {
		c, _, _ = strings.Cut(c, "#")
		all[i] = strings.Join(strings.Fields(c), " ")
	}
	return all
}

// unchecked returns an error text if no test and no step of make check runs a command of a
// document, and notRun has no reason for it; else it returns "".
func unchecked(command string, targets []string, tests string) string {
	words := strings.Fields(command)
	switch where := sameAs[command]; {
	case runHere.MatchString(command), notRun[command] != "", slices.Contains(targets, where),
		where != "" && strings.Contains(tests, "func "+where+"("):
		return ""
	case where != "":
		return "there is no test or step " + where
	case words[0] == "make":
		for _, target := range words[1:] {
			if !slices.Contains(targets, target) {
				return target + " is not a step of make check"
			}
		}
		return ""
	case strings.HasPrefix(command, "go test ./"):
		if i := slices.Index(words, "-run"); i > 0 && !regexp.MustCompile(`func Test\w*`+strings.TrimPrefix(words[i+1], "Test")).MatchString(tests) {
			return "there is no test " + words[i+1]
		}
		return ""
	}
	return "no test and no step runs it, and notRun has no reason"
}

// TestCommandsInDocuments checks that each command of the documents names targets and packages that
// exist. Each command must be run here, by another test or by a step of make check, or notRun must
// have a reason why it isn't.
func TestCommandsInDocuments(t *testing.T) {
	makefile := read(t, "Makefile")
	targets := strings.FieldsFunc(stepsLine.FindStringSubmatch(makefile)[1], func(r rune) bool { return r == ' ' || r == '+' })
	tests := allTests(t)
	commands := map[string]string{}
	for _, page := range pages(t) {
		for _, c := range commandsIn(page, read(t, page)) {
			commands[c] = page
		}
	}
	for _, c := range slices.Sorted(maps.Keys(commands)) {
		for _, bad := range misnamed(c, makefile) {
			t.Errorf("%s: %s: %s", commands[c], c, bad)
		}
		if bad := unchecked(c, targets, tests); bad != "" {
			t.Errorf("%s: %s: %s", commands[c], c, bad)
		}
		if !runHere.MatchString(c) || os.Getenv("EVIDENCE") == "" { // make race sets it
			continue
		}
		words := strings.Fields(c)
		program := exec.Command(words[0], words[1:]...)
		program.Dir, program.Env = root, append(os.Environ(), "ABLY_API_KEY=")
		if out, err := program.CombinedOutput(); err != nil || len(out) == 0 {
			t.Errorf("%s: the command %s ended with %v and printed\n%s", commands[c], c, err, out)
		}
	}
	for _, known := range []map[string]string{sameAs, notRun} {
		for c := range known {
			if commands[c] == "" {
				t.Errorf("no document has the command %s any more", c)
			}
		}
	}
	if len(commands) < 40 {
		t.Errorf("only %d commands were found", len(commands))
	}
}

// allTests returns the text of all files of tests.
func allTests(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		all.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestWrongCommandsAreSeen shows that the check can fail.
func TestWrongCommandsAreSeen(t *testing.T) {
	makefile := read(t, "Makefile")
	for _, c := range []string{"make chekc", "go run ./examples/nowhere"} {
		if len(misnamed(c, makefile)) != 1 {
			t.Errorf("the wrong command %s was not noticed", c)
		}
	}
	for _, c := range []string{"make golden", "go test ./tests/report -run TestNothingAtAll1", "go run ./tests/bench", "git push"} {
		if unchecked(c, []string{"plain"}, "func TestNothingAtAll(") == "" {
			t.Errorf("the check did not notice that no test or step runs the command %s", c)
		}
	}
}
