package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
)

// record is a verdict that is kept, so that a run that was stopped can be continued.
type record struct {
	Change string `json:"change"` // the name of the mutant
	Number int    `json:"number"` // selects the mutant in the suite's binary
	Suite  string `json:"suite"`
	Hash   string `json:"hash"` // hash of the suite's binary with all mutants, and of how it is run
	End    end    `json:"end"`
	By     string `json:"by,omitempty"`   // the test or suite that noticed the mutant first
	What   string `json:"what,omitempty"` // what the test reported
	Link   string `json:"link,omitempty"`
}

func (r record) key() record { r.End, r.By, r.What, r.Link = alive, "", "", ""; return r }

// store is a file of records, one on a line.
type store struct {
	mu      sync.Mutex
	file    *os.File
	seen    map[record]record // by key
	killers map[record]string // by mutant and suite: the test that killed it last, in any build
}

func openStore(name string) (*store, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	s := &store{file: f, seen: map[record]record{}, killers: map[record]string{}}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line of a run may be incomplete
			s.note(r)
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

// note adds a record. The caller holds the lock, or the store is not used yet.
func (s *store) note(r record) {
	s.seen[r.key()] = r
	if r.End == killed {
		s.killers[record{Change: r.Change, Suite: r.Suite}] = r.By
	}
}

// killer returns the test of a suite that killed a mutant last, or "". That may have been in
// another build, so it is not a verdict. It only says which test to run first.
func (s *store) killer(change, suite string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.killers[record{Change: change, Suite: suite}]
}

func (s *store) put(r record) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(r)
	_, err = s.file.Write(append(line, '\n'))
	return err
}

// hashOf returns a hash of the suite's binary and of how it is run.
func (s suite) hashOf(built string) (string, error) {
	data, err := os.ReadFile(built)
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n%s", s, data)
	return fmt.Sprintf("%x", h.Sum(nil)[:12]), err
}
