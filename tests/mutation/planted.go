package main

import (
	"embed"
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// plantedFiles have the changes that are planted by hand: faults, and misreadings of rules.
//
//go:embed planted/*.diff
var plantedFiles embed.FS

// planted is one change that is planted by hand, in one or several files.
type planted struct {
	Name   string
	Fields map[string]string // the fields of its head, by key
	Hunks  []hunk
}

// hunk replaces whole lines of a file, Old by New. Old must occur in the file exactly once.
type hunk struct{ File, Old, New string }

// readPlanted reads the entries of the files that match a pattern, in the order of the files'
// names. An entry is "== name", then lines "key: value", then for each file "--- file" and its
// hunks in the form of a unified diff. A line "@@" separates two hunks of one file.
func readPlanted(pattern string) ([]planted, error) {
	files, err := fs.Glob(plantedFiles, "planted/"+pattern)
	if err != nil {
		return nil, err
	}
	var all []planted
	for _, file := range files {
		text, err := plantedFiles.ReadFile(file)
		if err != nil {
			return nil, err
		}
		some, err := parsePlanted(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, some...)
	}
	return all, nil
}

func parsePlanted(text string) ([]planted, error) {
	var all []planted
	key, file := "", ""
	for number, line := range strings.Split(text, "\n") {
		var p *planted
		if len(all) > 0 {
			p = &all[len(all)-1]
		}
		name, isName := strings.CutPrefix(line, "== ")
		path, isFile := strings.CutPrefix(line, "--- ")
		switch {
		case isName:
			all = append(all, planted{Name: name, Fields: map[string]string{}})
			key, file = "", ""
		case line == "" || p == nil && strings.HasPrefix(line, "#"):
		case p == nil:
			return nil, fmt.Errorf("line %d belongs to no entry", number+1)
		case isFile, line == "@@" && file != "":
			if isFile {
				file = path
			}
			p.Hunks = append(p.Hunks, hunk{File: file})
		case file != "" && strings.ContainsAny(line[:1], " -+"):
			h := &p.Hunks[len(p.Hunks)-1]
			if line[0] != '+' {
				h.Old += line[1:] + "\n"
			}
			if line[0] != '-' {
				h.New += line[1:] + "\n"
			}
		case file == "" && key != "" && strings.HasPrefix(line, "  "):
			p.Fields[key] += " " + strings.TrimSpace(line)
		default:
			k, value, ok := strings.Cut(line, ": ")
			if !ok || file != "" {
				return nil, fmt.Errorf("line %d of %q: neither a field nor a line of a hunk",
					number+1, p.Name)
			}
			key, p.Fields[k] = k, value
		}
	}
	return all, nil
}

// texts returns the texts of the files that an entry changes, with the changes made.
func (p planted) texts(root string) (map[string]string, error) {
	edits, texts := map[string][]insertion{}, map[string]string{}
	for _, h := range p.Hunks {
		if texts[h.File] == "" {
			data, err := os.ReadFile(filepath.Join(root, h.File))
			if err != nil {
				return nil, err
			}
			texts[h.File] = string(data)
		}
		text := "\n" + texts[h.File]
		if n := strings.Count(text, "\n"+h.Old); n != 1 || h.Old == "" || h.Old == h.New {
			return nil, fmt.Errorf("%q: the passage occurs %d times in %s, expected once:\n%s",
				p.Name, n, h.File, h.Old)
		}
		at := strings.Index(text, "\n"+h.Old)
		edits[h.File] = append(edits[h.File], insertion{at, at + len(h.Old), h.New})
	}
	for file, list := range edits {
		texts[file] = insert(texts[file], list)
	}
	return texts, nil
}

// weavePlanted weaves changes of Go files into one program. They are numbered from 1. It returns
// the woven files, and by folder the environment variable that selects the active change.
func weavePlanted(root string, all []map[string]string) (files, variables map[string]string, err error) {
	changed := map[string]map[int]string{}
	for i, texts := range all {
		for file, text := range texts {
			if path.Ext(file) == ".go" {
				put(changed, file, i+1, text)
			}
		}
	}
	files, variables = map[string]string{}, map[string]string{}
	for file, texts := range changed {
		data, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			return nil, nil, err
		}
		clause, err := parser.ParseFile(token.NewFileSet(), file, data, parser.PackageClauseOnly)
		if err != nil {
			return nil, nil, err
		}
		woven, alone, err := weaveGo(string(data), texts, nil)
		if err == nil && len(alone) > 0 {
			err = fmt.Errorf("the changes %v can't be woven: they change more than functions", alone)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", file, err)
		}
		files[file], files[helperFile(path.Dir(file))] = woven, helper(clause.Name.Name)
		variables[path.Dir(file)] = variable(clause.Name.Name)
	}
	return files, variables, nil
}
