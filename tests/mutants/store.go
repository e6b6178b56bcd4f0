package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// record is a verdict that is kept, so that a run that was stopped goes on where it was.
type record struct {
	Mutant  string  `json:"mutant"`
	Change  string  `json:"change"` // what is changed, and to what
	Link    string  `json:"link"`
	Suite   string  `json:"suite"` // the hash of all source that the suite is built from, and of how it is run
	Verdict verdict `json:"verdict"`
	By      string  `json:"by,omitempty"` // the test that failed first
}

// store is a file of records, one on a line.
type store struct {
	mu   sync.Mutex
	file *os.File
	seen map[record]record // without verdict, to the record
}

func openStore(name string) (*store, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	s := &store{file: f, seen: map[record]record{}}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line of a run that was stopped may be a part
			s.seen[r.key()] = r
		}
	}
	return s, nil
}

func (r record) key() record { r.Verdict, r.By = "", ""; return r }

func (s *store) get(key record) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.seen[key]
	return r, ok
}

func (s *store) put(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[r.key()] = r
	_, err = s.file.Write(append(line, '\n'))
	return err
}

// suiteHash hashes what a link's suite is made of: the source of the packages of the module that it is built from, its own tests, and
// the link itself.
func suiteHash(root string, l link) (string, error) {
	cmd := exec.Command("go", "list", "-deps", "-test", "-f", "{{if .Module}}{{if .Module.Main}}{{.Dir}}{{end}}{{end}}", "./"+l.Package)
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go list of link %s: %w", l.Name, err)
	}
	dirs := strings.Fields(string(out))
	slices.Sort(dirs)
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n", l)
	for _, dir := range slices.Compact(dirs) {
		own := dir == filepath.Join(root, l.Package)
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if err == nil && file != dir && (!own || d.Name() != "testdata") {
					return fs.SkipDir
				}
				return err
			}
			if strings.HasSuffix(file, "_test.go") && !own {
				return nil
			}
			text, err := os.ReadFile(file)
			fmt.Fprintf(h, "%s %d\n%s", strings.TrimPrefix(file, root), len(text), text)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:12]), nil
}

// snapshot copies the tree, so that edits while a run goes on don't mix with it.
func snapshot(root, to string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // somebody has just removed it
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case ".git", ".cache", "node_modules", "bin", "target":
				return fs.SkipDir
			}
			return os.MkdirAll(filepath.Join(to, rel), 0o755)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), text, 0o644)
	})
}
