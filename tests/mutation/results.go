package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// score is the result for the mutants of one package: an entry of results.json.
type score struct {
	Package string `json:"package"`
	Mutants int    `json:"mutants"` // all of them, also those that were not tried
	Sampled bool   `json:"sampled"` // whether only a sample was tried
	Seed    uint64 `json:"seed,omitempty"`
	tally
	Controls int `json:"controls"` // runs of suites with nothing planted, in between
	Alarms   int `json:"alarms"`   // the failures among these

	called float64 // the share of all mutants that equivalent.txt lists
}

func (b *bench) score(t tally, known map[string]string) *score {
	called := 0
	for name := range known {
		if file, _, _ := strings.Cut(name, " "); path.Dir(file) == b.folder {
			called++
		}
	}
	s := &score{Package: b.folder, Mutants: b.all, Sampled: b.sample > 0, tally: t, Controls: b.checks,
		Alarms: b.alarms, called: float64(called) / float64(max(b.all, 1))}
	if s.Sampled {
		s.Seed = b.seed
	}
	return s
}

// whole reports whether enough mutants were tried for the share to count.
func (s *score) whole() bool { return !s.Sampled || s.Tried+s.Words >= leastSample }

// holds reports whether the share of killed mutants is large enough for the package, and whether
// equivalent.txt doesn't list too many.
func (s *score) holds() bool {
	return len(s.Wrong) == 0 && s.Share >= leastKilled[s.Package] && s.called <= mostEquivalent
}

func (s *score) print(w io.Writer) {
	fmt.Fprintf(w, "EVIDENCE mutants package=%s mutants=%d tried=%d sampled=%t seed=%d whole=%t "+
		"killed=%d equivalent=%d hung=%d alive=%d share=%.3f least=%.2f called=%.3f words=%d/%d "+
		"controls=%d alarms=%d holds=%t\n", s.Package, s.Mutants, s.Tried, s.Sampled, s.Seed, s.whole(),
		s.Killed, s.Equivalent, s.Hung, s.Alive, s.Share, leastKilled[s.Package], s.called, s.WordsKnown,
		s.Words, s.Controls, s.Alarms, s.holds())
}

// resultsFile has the scores. The path is relative to the module's root.
const resultsFile = "tests/mutation/results.json"

// write replaces the score of the package in resultsFile.
func (s *score) write(root string) error {
	file := filepath.Join(root, resultsFile)
	all := map[string]*score{}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	all[s.Package] = s
	text, err = json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
