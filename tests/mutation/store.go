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

// record is a verdict that is kept, so that a run that was stopped goes on where it was.
type record struct {
	Change string `json:"change"` // its name
	Number int    `json:"number"` // by which the suite knows it
	Suite  string `json:"suite"`
	Hash   string `json:"hash"` // of the suite with all changes woven in, and of how it is run
	End    end    `json:"end"`
	By     string `json:"by,omitempty"`   // what noticed it first
	What   string `json:"what,omitempty"` // and what that said
	Link   string `json:"link,omitempty"`
}

func (r record) key() record { r.End, r.By, r.What, r.Link = alive, "", "", ""; return r }

// store is a file of records, one on a line.
type store struct {
	mu      sync.Mutex
	file    *os.File
	seen    map[record]record // by key
	killers map[record]string // by change and suite: the test that noticed it last, of any build
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
		if json.Unmarshal(lines.Bytes(), &r) == nil { // the last line of a run may be a part
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

// note takes a record in. The lock is held, or the store is new.
func (s *store) note(r record) {
	s.seen[r.key()] = r
	if r.End == killed {
		s.killers[record{Change: r.Change, Suite: r.Suite}] = r.By
	}
}

// killer returns the test of a suite that noticed a change when it was last noticed, or "". What is
// known of another build is no verdict, but it says which test to run first.
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

// hashOf hashes what a suite is built to, and how it is run.
func (s suite) hashOf(built string) (string, error) {
	data, err := os.ReadFile(built)
	h := sha256.New()
	fmt.Fprintf(h, "%+v\n%s", s, data)
	return fmt.Sprintf("%x", h.Sum(nil)[:12]), err
}
