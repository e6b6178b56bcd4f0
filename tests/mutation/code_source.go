package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
)

// source is the package in one folder, parsed and with its types.
type source struct {
	folder string
	module string // the path of the module
	fset   *token.FileSet
	text   map[string]string // by file, relative to the root of the module
	trees  map[string]*ast.File
	types  *types.Package
	info   *types.Info
	config types.Config
	hash   string // of the text, and of the packages that it imports
}

// load reads the package in a folder. The packages that it imports come from the compiler's export
// data.
func load(root, folder string) (*source, error) {
	cmd := exec.Command("go", "list", "-export", "-deps",
		"-json=ImportPath,Dir,GoFiles,Export,Module", "./"+folder,
		"fmt", "os", "strconv", "sync/atomic") // the woven package imports these
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
	}
	type pack struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
		Module                  struct{ Path string }
	}
	exports := map[string]string{}
	var own pack
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pack
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		exports[p.ImportPath] = p.Export
		if p.Module.Path != "" && p.ImportPath == path.Join(p.Module.Path, folder) {
			own = p
		}
	}
	s := &source{folder: folder, module: own.Module.Path, fset: token.NewFileSet(),
		text: map[string]string{}, trees: map[string]*ast.File{},
		info: &types.Info{Uses: map[*ast.Ident]types.Object{}}}
	for _, base := range own.GoFiles {
		file := filepath.ToSlash(filepath.Join(folder, base))
		text, err := os.ReadFile(filepath.Join(own.Dir, base))
		if err != nil {
			return nil, err
		}
		s.text[file] = string(text)
		if s.trees[file], err = parseFile(s.fset, file, s.text[file]); err != nil {
			return nil, err
		}
	}
	s.config = types.Config{Importer: importer.ForCompiler(s.fset, "gc",
		func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })}
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(exports)) {
		// the path of export data contains a hash of its content, so the path identifies the
		// content
		if path != own.ImportPath {
			fmt.Fprintln(h, path, filepath.Base(exports[path]))
		}
	}
	for _, file := range s.files() {
		fmt.Fprintf(h, "%s\n%s", file, s.text[file])
	}
	s.hash = fmt.Sprintf("%x", h.Sum(nil)[:12])
	s.types, err = s.config.Check(own.ImportPath, s.fset, s.list(nil), s.info)
	return s, err
}

func parseFile(fset *token.FileSet, file, text string) (*ast.File, error) {
	return parser.ParseFile(fset, file, text, parser.SkipObjectResolution)
}

func (s *source) files() []string { return slices.Sorted(maps.Keys(s.text)) }

// list returns the package's trees, with some replaced or added.
func (s *source) list(instead map[string]*ast.File) []*ast.File {
	all := maps.Clone(s.trees)
	maps.Copy(all, instead)
	var trees []*ast.File
	for _, file := range slices.Sorted(maps.Keys(all)) {
		trees = append(trees, all[file])
	}
	return trees
}

// compiles returns an error if the package doesn't compile with some files replaced or added. It
// uses the type checker of the compiler.
func (s *source) compiles(instead map[string]string) error {
	trees := map[string]*ast.File{}
	for file, text := range instead {
		tree, err := parseFile(s.fset, file, text)
		if err != nil {
			return err
		}
		trees[file] = tree
	}
	_, err := s.config.Check(s.types.Path(), s.fset, s.list(trees), nil)
	return err
}

func (s *source) variable() string { return variable(s.types.Name()) }

// woven returns the files of the package with changes woven in. changed has the changed texts by
// file and number. alone has the numbers of the changes that can't be woven.
func (s *source) woven(changed map[string]map[int]string, near map[string]map[int]int) (
	files map[string]string, alone []int, err error) {
	files = map[string]string{helperFile(s.folder): helper(s.types.Name())}
	for file, texts := range changed {
		text, some, err := weaveGo(s.text[file], texts, near[file])
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		files[file] = text
		alone = append(alone, some...)
	}
	return files, alone, nil
}
