package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// heldToPlain has the folders and documents that must be in plain English, with lines of at most
// 100 columns.
var heldToPlain = []string{
	"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs", "examples",
	"adapter/ably", "lifecycle", "chat", "internal", "tests/conformance", "tests/report", "fsm",
	"model", "tests/graphs", "tests/interop", "tests/wire", "tests/bench",
	"cmd", "spec", "tests/mutation",
}

// exceptPlain has documents in these folders that are not checked yet.
var exceptPlain = []string{
	"tests/report/register.md", "tests/report/coverage.md", "tests/report/coverage-features.md",
	"tests/report/coverage-realtime.md", "tests/report/coverage-uts.md",
}

// words has expressions that readers of a technical text stumble over, and what to write instead.
var words = []struct{ instead, write string }{
	{`gives? up only`, "cancelling ctx stops the wait, not the operation"},
	{`returns? what (ends|removes)`, "returns an unsubscribe function"},
	{`\b(is|are|was|were|be|being|been) told\b|\bwho is told\b|\bis told of\b`, "receives, is notified, reports"},
	{`\btell(s|ing)? of\b|\btells? whether\b|\btold as it happens`, "reports, reports whether, with live output"},
	{`\bloses what comes`, "further events are dropped; their number is reported"},
	{`\b(get|gets|got|getting) rid of\b`, "releases, removes"},
	{`\bleft-overs?\b`, "stale"},
	{`\b(nobody|whoever)\b|\bwho wants it\b`, "no listener, a caller that, callers that need it"},
	{`\bas long as (one|you) likes?\b`, "for the given duration"},
	{`\bform in JSON is made of\b`, "plain JSON types"},
	{`\bparted by\b`, "comma-separated"},
	{`\bbefall(s|en)?\b|\bbesides\b|\banew\b|\blaid at\b|\bits door\b`, "the plain word, or nothing"},
}

var badWords = func() *regexp.Regexp {
	var all []string
	for _, w := range words {
		all = append(all, w.instead)
	}
	return regexp.MustCompile(`(?i)` + strings.Join(all, "|"))
}()

// widest is the largest number of columns in a line of a comment or a document.
const widest = 100

var (
	// These lines can't be wrapped: rows of tables, long addresses, directives, and outputs of
	// examples.
	tooWideAnyway = regexp.MustCompile(`^\s*(\||<!--)|https?://\S{40,}|^//go:|^\s*// (\{"seq"| {20})`)
	exampleOutput = regexp.MustCompile(`(?i)^(unordered )?output:`)
	fenced        = regexp.MustCompile("(?ms)^```.*?^```$|<!-- begin .*?<!-- end [^>]*-->")
)

// passage is a part of a file, with its position.
type passage struct {
	file string
	line int
	text string // the text with its markup
	says string // the text without markup
}

// faultsOf returns the lines of a passage that are too wide, and its words that are not plain.
func faultsOf(p passage) (bad []string) {
	for i, line := range strings.Split(p.text, "\n") {
		at := fmt.Sprintf("%s:%d", p.file, p.line+i)
		if n := utf8.RuneCountInString(strings.ReplaceAll(line, "\t", "    ")); n > widest && !tooWideAnyway.MatchString(line) {
			bad = append(bad, fmt.Sprintf("%s: %d columns", at, n))
		}
	}
	flat := strings.Join(strings.Fields(p.says), " ")
	for _, found := range badWords.FindAllStringIndex(flat, -1) {
		around := flat[max(0, found[0]-20):min(len(flat), found[1]+20)]
		bad = append(bad, fmt.Sprintf("%s:%d: %q in %q", p.file, p.line, flat[found[0]:found[1]], around))
	}
	return bad
}

// passages returns the comments and the strings of a Go file, or the text of a document without its
// code.
func passages(file, text string) (all []passage, err error) {
	if strings.HasSuffix(file, ".md") {
		blank := func(s string) string { return strings.Repeat("\n", strings.Count(s, "\n")) }
		text = fenced.ReplaceAllStringFunc(text, blank)
		return []passage{{file, 1, text, text}}, nil
	}
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, group := range parsed.Comments {
		if exampleOutput.MatchString(group.Text()) {
			continue // the comment is the output of an example
		}
		all = append(all, passage{file, set.Position(group.Pos()).Line, raw(set, text, group), group.Text()})
	}
	// Some strings below tests/ (but not in tests/conformance/) and in spec/proof/faults.go are
	// names of faults. The strings of these files, and of _test.go files, are not checked.
	suite := strings.HasPrefix(file, "tests/") && !strings.HasPrefix(file, "tests/conformance/") ||
		file == "spec/proof/faults.go"
	if !suite && !strings.HasSuffix(file, "_test.go") {
		// Strings that a program prints, logs or returns as an error.
		ast.Inspect(parsed, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, " ") {
				all = append(all, passage{file, set.Position(lit.Pos()).Line, "", lit.Value})
			}
			return true
		})
	}
	return all, nil
}

// raw returns the whole lines of a comment, with the code before it.
func raw(set *token.FileSet, text string, group *ast.CommentGroup) string {
	lines := strings.Split(text, "\n")
	from, to := set.Position(group.Pos()).Line, set.Position(group.End()).Line
	return strings.Join(lines[from-1:to], "\n")
}

// languageFaults returns the faults of all folders and documents that are checked, by file.
func languageFaults(t *testing.T) map[string][]string {
	t.Helper()
	found, seen := map[string][]string{}, 0
	look := func(path string) {
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		all, err := passages(path, string(text))
		if err != nil {
			t.Fatal(err)
		}
		for seen++; len(all) > 0; all = all[1:] {
			found[path] = append(found[path], faultsOf(all[0])...)
		}
	}
	for _, at := range heldToPlain {
		err := fs.WalkDir(os.DirFS(root), at, func(path string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case d.IsDir() && (slices.Contains(exceptPlain, path) || slices.Contains([]string{"node_modules", "testdata", ".venv"}, d.Name())):
				return fs.SkipDir
			case !d.IsDir() && !slices.Contains(exceptPlain, path) && (strings.HasSuffix(path, ".go") || strings.HasSuffix(path, ".md")):
				look(path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 100 {
		t.Errorf("only %d files were looked at", seen)
	}
	return found
}

// TestPlainLanguage checks the words and the line length of documents and comments. With -update it
// wraps lines that are too wide.
func TestPlainLanguage(t *testing.T) {
	all := languageFaults(t)
	for file := range all {
		if text := read(t, file); *update && strings.HasSuffix(file, ".md") {
			write(t, filepath.Join(root, file), wrapDocument(text))
		} else if *update {
			write(t, filepath.Join(root, file), wrapGo(text))
		}
	}
	for _, bad := range all {
		for _, b := range bad {
			t.Error(b)
		}
	}
}

// TestOddWordsAreSeen shows that the check can fail: it has an example for each row of words.
func TestOddWordsAreSeen(t *testing.T) {
	for text, want := range map[string]int{
		"The caller gives up only its own wait.": 1, "It returns what ends that.": 1, "The listener is told.": 1,
		"It tells whether there is one.": 1, "It tells of the end.": 1, "It loses what comes then.": 1, "We got rid of it.": 1,
		"A left-over channel.": 1, "Nobody waits, whoever asks.": 2, "For as long as you like.": 1,
		"Words, parted by commas.": 1, "Besides, it begins anew.": 2, strings.Repeat("word ", 21): 1,
		"| " + strings.Repeat("word ", 30) + " |": 0, "A caller receives each event.": 0,
	} {
		if got := faultsOf(passage{"x.md", 1, text, text}); len(got) != want {
			t.Errorf("faultsOf(%q) returned %v, expected %d faults", text, got, want)
		}
	}
	all, err := passages("x.go", "package x\n\nvar s = \"nobody is here\" // nobody\n")
	if err != nil || len(all) != 2 || len(faultsOf(all[0])) != 1 || len(faultsOf(all[1])) != 1 {
		t.Errorf("a forbidden word in a string and in a comment: passages returned %v, %v", all, err)
	}
}
