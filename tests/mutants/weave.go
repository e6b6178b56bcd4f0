package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
)

// helper is the file that a woven package has besides its own: it says which mutant this run is of, and writes down which ones a run
// comes by when it is asked to.
const helper = `package %s

import (
	"fmt"
	"os"
	"strconv"
	"sync/atomic"
)

var mutantNow, _ = strconv.Atoi(os.Getenv("MUTANT"))

var mutantTrace, _ = os.OpenFile(os.Getenv("MUTANT_TRACE"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)

var mutantSeen [1 << 14]atomic.Bool

func mutantIs(n int) bool {
	if mutantTrace != nil && !mutantSeen[n].Swap(true) {
		fmt.Fprintln(mutantTrace, n)
	}
	return mutantNow == n
}
`

// planted is a file with one mutant, as a copy of the source with the passage replaced.
func planted(text []byte, m mutant) []byte {
	return slices.Concat(text[:m.begin], []byte(m.to), text[m.end:])
}

// weave puts mutants into one text, each behind the question whether it is the one that this run is of: so one build serves them all.
// They must be those of one file, with numbers.
func weave(text []byte, mutants []mutant) []byte {
	sorted := slices.Clone(mutants)
	slices.SortStableFunc(sorted, func(a, b mutant) int { return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(b.end, a.end)) })
	var b strings.Builder
	weaveInto(&b, text, 0, len(text), sorted)
	return []byte(b.String())
}

// weaveInto writes the text from begin to end with its mutants, which are sorted by their begin, the longer ones first. Passages hold
// one another or are apart, since they are nodes of a tree.
func weaveInto(b *strings.Builder, text []byte, begin, end int, mutants []mutant) {
	for len(mutants) > 0 {
		m := mutants[0]
		inside := 1
		for inside < len(mutants) && mutants[inside].begin < m.end {
			inside++
		}
		b.Write(text[begin:m.begin])
		var original strings.Builder
		weaveInto(&original, text, m.begin, m.end, mutants[1:inside])
		b.WriteString(m.wrap(original.String()))
		begin, mutants = m.end, mutants[inside:]
	}
	b.Write(text[begin:end])
}

func (m mutant) wrap(original string) string {
	switch m.form {
	case condition:
		return fmt.Sprintf("(mutantIs(%d) != (%s))", m.number, original)
	case expression:
		return fmt.Sprintf("func() %s { if mutantIs(%d) { return %s }; return %s }()", m.typ, m.number, m.to, original)
	case simple:
		return fmt.Sprintf("func() { if !mutantIs(%d) { %s } }()", m.number, original)
	}
	return fmt.Sprintf("if !mutantIs(%d) { %s }", m.number, original)
}

// prepare numbers the mutants that compile and can be woven, and tells those that don't compile apart. What it finds is kept in a file,
// if that has a name, for the same text.
func prepare(p *source, mutants []mutant, file string) (good, broken []mutant, err error) {
	const doesNotCompile = -1
	var kept struct {
		Of      string
		Numbers []int // of each mutant; 0 for one that can't be woven
	}
	if text, err := os.ReadFile(file); err == nil {
		_ = json.Unmarshal(text, &kept) // a part of a file is of nothing
	}
	if kept.Of != p.hash || len(kept.Numbers) != len(mutants) {
		kept.Of, kept.Numbers = p.hash, make([]int, len(mutants))
		for i, m := range mutants {
			m.number = i + 1
			text := p.text[m.File]
			switch {
			case p.compiles(map[string][]byte{m.File: planted(text, m)}) != nil:
				kept.Numbers[i] = doesNotCompile
			case (m.form != expression || m.typ != "") && p.compiles(p.woven([]mutant{m})) == nil:
				kept.Numbers[i] = m.number
			}
		}
		text, err := json.Marshal(kept)
		if err == nil && file != "" {
			err = os.WriteFile(file, text, 0o644)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	for i, m := range mutants {
		if m.number = kept.Numbers[i]; m.number == doesNotCompile {
			broken = append(broken, m)
		} else {
			good = append(good, m)
		}
	}
	return good, broken, nil
}

func (s *source) helperFile() string { return path.Join(s.folder, "mutants_woven.go") }

// woven returns the files of the package with all numbered mutants.
func (s *source) woven(mutants []mutant) map[string][]byte {
	files := map[string][]byte{s.helperFile(): fmt.Appendf(nil, helper, s.types.Name())}
	for _, file := range s.files() {
		own := slices.DeleteFunc(slices.Clone(mutants), func(m mutant) bool { return m.File != file || m.number == 0 })
		if len(own) > 0 {
			files[file] = weave(s.text[file], own)
		}
	}
	return files
}
