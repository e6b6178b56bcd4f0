package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

// kitExamples returns the generated parts of docs/testing.md: the sources of functions in the tests
// of the kit. The name of a part is that of the function, or of several functions, joined by
// commas.
func kitExamples(t *testing.T) map[string]string {
	t.Helper()
	const folder = "adapter/ably/ablytest/bottest/"
	functions := map[string]string{}
	for _, file := range []string{"greeter_test.go", "testing_md_test.go"} {
		for name, source := range functionsOf(t, read(t, folder+file)) {
			functions[name] = source
		}
	}
	parts := map[string]string{}
	for line := range strings.Lines(read(t, "docs/testing.md")) {
		name, found := strings.CutPrefix(strings.TrimSpace(line), "<!-- begin ")
		if !found {
			continue
		}
		name = strings.TrimSuffix(name, " -->")
		var sources []string
		for one := range strings.SplitSeq(name, ", ") {
			source := functions[one]
			if source == "" {
				t.Errorf("docs/testing.md has a part %q, which is no test of the kit", one)
			}
			sources = append(sources, source)
			delete(functions, one)
		}
		parts[name] = "```go\n" + strings.Join(sources, "\n\n") + "\n```\n"
	}
	for name := range functions {
		t.Errorf("docs/testing.md doesn't have %s", name)
	}
	return parts
}

// functionsOf returns the functions of a file by name, each with its comment.
func functionsOf(t *testing.T, source string) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, decl := range file.Decls {
		if f, ok := decl.(*ast.FuncDecl); ok {
			from := f.Pos()
			if f.Doc != nil {
				from = f.Doc.Pos()
			}
			all[f.Name.Name] = source[files.Position(from).Offset:files.Position(f.End()).Offset]
		}
	}
	return all
}
