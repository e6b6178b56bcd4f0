package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// pages returns the documents for users. The tests in this file check their code blocks: Go code
// compiles in a user's module, programs run, and commands name existing targets and packages.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	all := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md"}
	for _, file := range found {
		all = append(all, "docs/"+filepath.Base(file))
	}
	return all
}

// block is a code block of a document.
type block struct {
	page     string
	line     int
	language string
	text     string
}

func (b block) String() string { return fmt.Sprintf("%s:%d", b.page, b.line) }

var fences = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

func blocks(page, text string) (all []block) {
	for _, m := range fences.FindAllStringSubmatchIndex(text, -1) {
		all = append(all, block{page, 1 + strings.Count(text[:m[0]], "\n"), text[m[2]:m[3]], text[m[4]:m[5]]})
	}
	return all
}

func allBlocks(t *testing.T) (all []block) {
	t.Helper()
	for _, page := range pages(t) {
		all = append(all, blocks(page, read(t, page))...)
	}
	return append(all, commentBlocks("adapter/ably/doc.go", read(t, "adapter/ably/doc.go"))...)
}

var indented = regexp.MustCompile(`(?m)(^//\t.*\n(?:^//(?:\t.*)?\n)*^//\t.*\n)`)

// commentBlocks returns the code blocks in the comments of a Go file.
func commentBlocks(file, text string) (all []block) {
	for _, m := range indented.FindAllStringIndex(text, -1) {
		code := strings.ReplaceAll(strings.ReplaceAll(text[m[0]:m[1]], "//\t", ""), "//\n", "\n")
		all = append(all, block{file, 1 + strings.Count(text[:m[0]], "\n"), "go", code})
	}
	return all
}

// imports has the packages that code in documents uses, by their names in that code.
var imports = map[string]string{
	"ably": "github.com/ably/ably-go/ably", "ablychat": module + "/adapter/ably", "ablytest": module + "/adapter/ably/ablytest",
	"bottest": module + "/adapter/ably/ablytest/bottest", "chatdebug": module + "/adapter/ably/chatdebug",
	"conformance": module + "/tests/conformance", "context": "context", "errors": "errors", "fmt": "fmt",
	"fsm": module + "/fsm", "http": "net/http", "lifecycle": module + "/lifecycle", "log": "log", "os": "os",
	"signal": "os/signal", "slog": "log/slog", "strings": "strings", "testing": "testing", "time": "time",
	"trace": module + "/lifecycle/trace",
}

// given declares the variables that a piece of code may use without a declaration.
const given = "ctx context.Context, client *ablychat.Client, rooms *ablychat.Rooms, room *ablychat.Room, " +
	"realtime *ably.Realtime, key string, message ablychat.Message"

// helpers has the declarations that the documents leave out in tests of a user's own registry.
const helpers = `
type pool struct {
	open    func(ctx context.Context, name, options string) (int, error)
	release func(ctx context.Context, resource int) error
}

func (p *pool) Get(ctx context.Context, name, options string) (int, error) { return p.open(ctx, name, options) }
func (p *pool) Release(ctx context.Context, name string) error { return p.release(ctx, 0) }

var errOtherOptions, errReleased, errClosed error
`

var (
	qualified = regexp.MustCompile(`\b([a-z]+)\.[A-Z]`)
	declared  = regexp.MustCompile(`(?m)^((?:\w+, )*\w+) :=`)
	functions = regexp.MustCompile(`(?m)^func `)
)

// file returns a Go file with the code of a block. Programs and functions stay as they are. Other
// code becomes the body of a function.
func (b block) file() (name, text string) {
	if strings.HasPrefix(b.text, "package ") {
		return "main.go", b.text
	}
	code, isTest := b.text, strings.Contains(b.text, "func Test")
	switch {
	case strings.Contains(code, "newPool"):
		code += helpers
	case !functions.MatchString(code):
		uses := ""
		for _, m := range declared.FindAllStringSubmatch(code, -1) {
			for name := range strings.SplitSeq(m[1], ", ") {
				if name != "_" {
					uses += "\t_ = " + name + "\n"
				}
			}
		}
		if last := strings.Split(strings.TrimSpace(code), "\n"); strings.HasPrefix(last[len(last)-1], "return ") {
			uses = "" // code after the return would be unreachable
		}
		code = "func _(" + given + ") error {\n{\n" + code + uses + "}\nreturn nil\n}\n"
	}
	var need []string
	for _, m := range qualified.FindAllStringSubmatch(code, -1) {
		if path := imports[m[1]]; path != "" && !slices.Contains(need, m[1]) {
			need = append(need, m[1])
		}
	}
	slices.Sort(need)
	head := "package piece\n\n"
	for _, name := range need {
		head += fmt.Sprintf("import %s %q\n", name, imports[name])
	}
	if isTest {
		return "piece_test.go", head + code
	}
	return "piece.go", head + code
}

// oneLine matches the lines of code in the tables of README.
var oneLine = regexp.MustCompile("`((?:room|client|lease)\\.[^`]*\\)|for [^`]*\\})`")

// oneLiners returns the number of such lines in README, and a Go file with a function that has them
// all.
func oneLiners(readme string) (n int, text string) {
	text = "package piece\n\nimport \"context\"\nimport ablychat \"" + module + "/adapter/ably\"\n\nfunc _(" +
		"ctx context.Context, client *ablychat.Client, room *ablychat.Room, lease *ablychat.Lease, m ablychat.Message, " +
		"serial string, data any, reaction ablychat.MessageReaction) {\n"
	for _, found := range oneLine.FindAllStringSubmatch(readme, -1) {
		code := strings.ReplaceAll(found[1], "…", "")
		if strings.HasPrefix(code, "for ") {
			code = strings.Replace(code, "{", "{ _, _ = e, err;", 1)
		}
		text += "\t" + code + "\n"
		n++
	}
	return n, text + "}\n"
}

// TestGoInDocumentsCompiles builds all Go code of the documents in a user's module.
func TestGoInDocumentsCompiles(t *testing.T) {
	dir, n := foreignModule(t), 0
	for _, b := range allBlocks(t) {
		if b.language != "go" || b.page == "docs/testing.md" { // its code is copied from tests
			continue
		}
		name, text := b.file()
		folder := fmt.Sprintf("%s_%d", strings.NewReplacer("/", "_", ".", "_", "-", "_").Replace(b.page), b.line)
		write(t, filepath.Join(dir, folder, name), text)
		n++
	}
	lines, text := oneLiners(read(t, "README.md"))
	write(t, filepath.Join(dir, "lines", "lines.go"), text)
	if lines < 15 {
		t.Errorf("only %d lines of code of README were compiled", lines)
	}
	if out, err := goCommand(dir, "vet", "-unreachable=false", "-lostcancel=false", "./..."); err != nil {
		t.Errorf("the code of the documents does not compile: %v\n%s", err, out)
	}
	if n < 15 {
		t.Errorf("only %d pieces of code were compiled", n)
	}
}

// TestBrokenGoIsSeen shows that the check can fail.
func TestBrokenGoIsSeen(t *testing.T) {
	dir := foreignModule(t)
	for i, code := range []string{"room.Send(ctx)\n", "func TestX(t *testing.T) { t.Fatal(undefined) }\n", "message, err := room.Messages()\n"} {
		name, text := block{text: code}.file()
		write(t, filepath.Join(dir, fmt.Sprint("p", i), name), text)
	}
	out, err := goCommand(dir, "vet", "./...")
	for i := range 3 {
		if err == nil || !strings.Contains(out, fmt.Sprintf("p%d/piece", i)) {
			t.Errorf("the piece of code %d must not compile: %v\n%s", i, err, out)
		}
	}
}

// TestProgramsInDocumentsRun runs each program of the documents in a user's module. When the
// program has printed what the document says, the test interrupts it; the program must then exit
// without an error.
func TestProgramsInDocumentsRun(t *testing.T) {
	all, ran := allBlocks(t), 0
	dir := foreignModule(t)
	for i, b := range all {
		if b.language != "go" || !strings.HasPrefix(b.text, "package main") {
			continue
		}
		ran++
		if i+1 == len(all) || all[i+1].language != "text" {
			t.Errorf("%s: no block of text after the program says what it prints", b)
			continue
		}
		folder := filepath.Join(dir, fmt.Sprint("p", i))
		write(t, filepath.Join(folder, "main.go"), b.text)
		if out, err := goCommand(folder, "build", "-o", "program", "."); err != nil {
			t.Errorf("%s: the program does not compile: %v\n%s", b, err, out)
			continue
		}
		if err := play(t, filepath.Join(folder, "program"), all[i+1].text); err != nil {
			t.Errorf("%s: the program %v", b, err)
		}
	}
	if ran == 0 {
		t.Error("no program was run")
	}
}

// play runs a program, compares the lines that it prints, and interrupts it.
func play(t *testing.T, path, want string) error {
	t.Helper()
	program := exec.Command(path)
	program.Env = append(os.Environ(), "ABLY_API_KEY=")
	var log bytes.Buffer
	program.Stderr = &log
	out, err := program.StdoutPipe()
	if err != nil {
		return err
	}
	if err := program.Start(); err != nil {
		return err
	}
	defer time.AfterFunc(time.Minute, func() { _ = program.Process.Kill() }).Stop()
	printed, in := "", bufio.NewReader(out)
	for range strings.Count(want, "\n") {
		line, err := in.ReadString('\n')
		printed += line
		if err != nil {
			break
		}
	}
	_ = program.Process.Signal(os.Interrupt) // fails if the program has ended; Wait reports that
	err = program.Wait()
	if printed != want || err != nil || log.Len() > 0 {
		return fmt.Errorf("printed %q, expected %q; ended with %v; logged:\n%s", printed, want, err, log.String())
	}
	return nil
}

var linked = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)

// dangling lists the links of a document to files that are not there.
func dangling(page, text string) (bad []string) {
	for _, m := range linked.FindAllStringSubmatch(text, -1) {
		if strings.Contains(m[1], "://") {
			continue
		}
		at := filepath.Join(filepath.Dir(page), m[1])
		if _, err := os.Stat(filepath.Join(root, at)); err != nil {
			bad = append(bad, m[1])
		}
	}
	return bad
}

func TestLinksInDocuments(t *testing.T) {
	for _, page := range pages(t) {
		for _, bad := range dangling(page, read(t, page)) {
			t.Errorf("%s links to %s, which is not there", page, bad)
		}
	}
	if got := dangling("docs/x.md", "[a](rooms.md) [b](nowhere.md#x) [c](https://ably.com)"); len(got) != 1 {
		t.Errorf("a wrong link is not seen: %v", got)
	}
}
