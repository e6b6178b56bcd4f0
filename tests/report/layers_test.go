package main

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "ablyrooms.example"

// allowed has, for a package and those below it, the imports that their code (except tests) may
// have, in addition to the standard library and the package itself. /x is a package of this module.
// The entry with the longest matching path counts. "*" allows everything.
var allowed = map[string]string{
	"fsm":             "github.com/looplab/fsm",
	"lifecycle":       "/fsm /internal/listen /internal/ctxerr",
	"internal/listen": "/internal/ctxerr",
	"chat":            "/lifecycle /internal/jsonvalue",
	"adapter/ably": "/lifecycle /fsm /chat /internal/listen /internal/ctxerr /internal/jsonvalue " +
		"github.com/ably/ably-go github.com/coder/websocket " +
		"github.com/ugorji/go/codec",
	"adapter/ably/internal/transport": "github.com/ably/ably-go github.com/coder/websocket " +
		"github.com/ugorji/go/codec",
	"adapter/ably/internal/realtime/presence": "",
	"adapter/ably/ablytest": "github.com/ably/ably-go/ably github.com/coder/websocket " +
		"github.com/golang-jwt/jwt/v5 github.com/ugorji/go/codec",
	"adapter/ably/chatdebug":        "/adapter/ably /fsm /lifecycle /internal/pagestyle",
	"adapter/ably/ablytest/bottest": "/adapter/ably /chat github.com/ably/ably-go/ably",
	"model":                         "",
	"internal":                      "golang.org/x/term",
	"spec":                          "/internal /tests/report/golden",
	// To make links to the playground, it reads counterexamples with the mappings of tests/graphs.
	"spec/TLA/tlc": "/internal /spec/TLA/tlcrun /tests/graphs",
	"tests":        "*",
	// The harness doesn't import Ably; a caller gives it the server that a process connects to.
	"tests/conformance":           "/model /internal/bubble /internal/playlink pgregory.net/rapid",
	"tests/conformance/gallery":   "/tests/conformance",
	"tests/conformance/server":    "/model /tests/conformance /adapter/ably/ablytest",
	"tests/conformance/ours":      "/fsm /lifecycle /tests/conformance",
	"tests/conformance/schedules": "/fsm /lifecycle /model /tests/conformance /tests/graphs/rooms",
	"tests/conformance/linear":    "/model /tests/conformance github.com/anishathalye/porcupine",
	"tests/conformance/try":       "/internal /tests/conformance",
	"examples":                    "*",
	"cmd":                         "*",
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportsFollowTheLayout(t *testing.T) {
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); seen++ {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		for _, bad := range broken(p) {
			t.Error(bad)
		}
	}
	if seen < 5 {
		t.Errorf("only %d packages were checked", seen)
	}
}

// broken returns the imports of a package that its entry doesn't allow.
func broken(p pkg) (bad []string) {
	below := func(path, folder string) bool { return strings.HasPrefix(path+"/", folder+"/") }
	path, row := strings.TrimPrefix(p.ImportPath, module+"/"), ""
	for prefix := range allowed {
		if below(path, prefix) && len(prefix) > len(row) {
			row = prefix
		}
	}
	if row == "" {
		return []string{p.ImportPath + " has no row in the table of allowed imports"}
	}
	rule := append(strings.Fields(allowed[row]), "/"+row)
	for _, imp := range p.Imports {
		first, _, _ := strings.Cut(imp, "/")
		fine := func(a string) bool {
			if strings.HasPrefix(a, "/") {
				a = module + a
			}
			return a == "*" || below(imp, a)
		}
		if strings.Contains(first, ".") && !slices.ContainsFunc(rule, fine) {
			bad = append(bad, p.ImportPath+" imports "+imp+", which its row in the table does not allow")
		}
	}
	return bad
}

// TestABrokenRowIsSeen shows that the check can fail.
func TestABrokenRowIsSeen(t *testing.T) {
	for _, p := range []pkg{
		{module + "/fsm", []string{"sync", module + "/model"}},
		{module + "/model", []string{module + "/fsm", module + "/model/x"}},
		{module + "/lifecycle", []string{"github.com/ably/ably-go/ably"}},
		{module + "/adapter/ably/ablytest", []string{module + "/lifecycle"}},
		{module + "/elsewhere", nil},
	} {
		if len(broken(p)) != 1 {
			t.Errorf("broken(%v) returned %q, expected one import that is not allowed", p, broken(p))
			continue
		}
		fmt.Println("CAUGHT layer:", strings.TrimPrefix(p.ImportPath, module+"/"))
	}
}

// The cores, and the values of the features, use no clock, goroutine, lock, context, network or
// random source. The exceptions in fsm: compiled tables are made once (sync), and a machine of
// looplab takes a context. In chat, times are values, but no code reads a clock.
func TestTheCoresArePure(t *testing.T) {
	clock := regexp.MustCompile(`time\.(Now|Since|Until|After|AfterFunc|Sleep|Tick|NewTimer|NewTicker)\b`)
	exempt := map[string]string{"machine.go": "context", "life.go": "sync", "status.go": "sync", "channel_machine.go": "sync"}
	for folder, except := range map[string]func(file string) string{
		"fsm":  func(file string) string { return exempt[file] },
		"chat": func(string) string { return "time" },
	} {
		files, err := filepath.Glob(filepath.Join(root, folder, "*.go"))
		if err != nil || len(files) < 5 {
			t.Fatalf("found %d files of the cores, expected 5 or more: %v", len(files), err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range impure(t, source) {
				if except(filepath.Base(file)) != what {
					t.Errorf("%s uses %s, which a core must not use", file, what)
				}
			}
			if found := clock.FindString(string(source)); found != "" {
				t.Errorf("%s uses %s, but a core must take the time as an argument", file, found)
			}
		}
	}
	source := "package x\nimport \"time\"\nfunc f(c chan int) { go f(<-c); _ = time.Now }"
	if got := impure(t, []byte(source)); len(got) < 3 || clock.FindString(source) == "" {
		t.Errorf("the check found only %q", got)
	}
}

// impure returns the uses of concurrency, and the imports of packages with outside effects, in a
// source file.
func impure(t *testing.T, source []byte) (found []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	outside := regexp.MustCompile(`^(time|sync|context|net|os|math/rand|crypto/rand|runtime)(/|$)`)
	for _, imp := range file.Imports {
		if path := strings.Trim(imp.Path.Value, `"`); outside.MatchString(path) {
			found = append(found, path)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "a goroutine")
		case *ast.ChanType, *ast.SendStmt, *ast.SelectStmt:
			found = append(found, "a channel")
		case *ast.UnaryExpr:
			if n.Op == token.ARROW {
				found = append(found, "a channel")
			}
		}
		return true
	})
	return found
}
