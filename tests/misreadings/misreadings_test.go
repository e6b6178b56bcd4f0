package main

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

func TestEveryPassageStandsThereOnce(t *testing.T) {
	for _, m := range misreadings() {
		for _, edits := range [][]edit{m.Core, m.Model, m.TLA} {
			texts, err := plant(root, edits)
			if err != nil {
				t.Errorf("%s: %v", m.Name, err)
			}
			if len(edits) == 0 {
				t.Errorf("%s is not planted in core, model and spec", m.Name)
			}
			for file, text := range texts {
				if filepath.Ext(file) != ".go" {
					continue
				}
				if _, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution); err != nil {
					t.Errorf("%s: %v", m.Name, err)
				}
			}
		}
		for _, e := range slices.Concat(m.Core, m.Model, m.TLA) {
			if e.Old == e.New {
				t.Errorf("%s changes nothing in %s:\n%s", m.Name, e.File, e.Old)
			}
		}
	}
}

var (
	ruleName = regexp.MustCompile(`^R\d+(, R\d+)*$`)
	pointID  = regexp.MustCompile(`^CHA-R[CD]\d[a-z0-9]*$`)
)

func TestEveryMisreadingIsToldInFull(t *testing.T) {
	all := misreadings()
	if len(all) < 22 {
		t.Errorf("there are %d misreadings", len(all))
	}
	seen := map[string]bool{}
	for _, m := range all {
		if seen[m.Name] || m.Name == "" || m.How == "" || !ruleName.MatchString(m.Rules) || !slices.Contains([]sdk{differs, same, unknown}, m.SDK) {
			t.Errorf("%q is there twice, or not told in full", m.Name)
		}
		seen[m.Name] = true
		for _, id := range m.Spec {
			if !pointID.MatchString(id) {
				t.Errorf("%s: %q is no id", m.Name, id)
			}
		}
	}
}

// A passage that is gone, or that stands there twice, is an error: it would plant nothing, or something else.
func TestAPassageThatDoesNotMatchIsAnError(t *testing.T) {
	for _, old := range []string{"no such passage", "r.disposal"} {
		if _, err := plant(root, []edit{core(old, "x")}); err == nil || !strings.Contains(err.Error(), "expected once") {
			t.Errorf("%q: %v", old, err)
		}
	}
}

// The table in the README is what the command wrote for these misreadings.
func TestTheTableHasEveryMisreading(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), begin)
	table, _, ok2 := strings.Cut(table, end)
	if !ok || !ok2 {
		t.Fatal("README.md has no table")
	}
	if n := strings.Count(table, "\n| "); n != len(misreadings()) {
		t.Errorf("the table has %d rows, for %d misreadings; write it anew: go run ./tests/misreadings -write", n, len(misreadings()))
	}
	for _, m := range misreadings() {
		if !strings.Contains(table, "\n| "+m.Name+" | "+cite(m)+" |") {
			t.Errorf("the table does not have %s; write it anew: go run ./tests/misreadings -write", m.Name)
		}
	}
}
