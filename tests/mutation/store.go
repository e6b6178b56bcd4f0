package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// record is a verdict that is kept, so that a run that was stopped goes on where it was.
type record struct {
	Change string `json:"change"` // its name
	Of     string `json:"of"`     // the hash of what is changed, and to what
	Suite  string `json:"suite"`
	Hash   string `json:"hash"` // of all that the suite is made of
	End    end    `json:"end"`
	By     string `json:"by,omitempty"` // what noticed it first
}

func (r record) key() record { r.End, r.By = alive, ""; return r }

// store is a file of records, one on a line.
type store struct {
	mu   sync.Mutex
	file *os.File
	seen map[record]record // by key
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
		if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line of a run may be a part
			s.seen[r.key()] = r
		}
	}
	return s, nil
}

func (s *store) get(key record) (record, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.seen[key.key()]
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

// hashFolders hashes the files of folders: all of own and of the folders in it that are testdata,
// of the others those directly in them that are no tests.
func hashFolders(begin, root string, dirs []string, own string) (string, error) {
	h := sha256.New()
	fmt.Fprint(h, begin)
	for _, dir := range dirs {
		isOwn := dir == own
		err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				if err == nil && file != dir && (!isOwn || d.Name() != "testdata") {
					return fs.SkipDir
				}
				return err
			}
			if strings.HasSuffix(file, "_test.go") && !isOwn {
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
			return nil // it has just been removed
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
