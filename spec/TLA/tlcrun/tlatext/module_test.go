package tlatext

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLayout(t *testing.T) {
	t.Parallel()
	m, err := Parse(`---- MODULE M ----
VARIABLES x
A(i) ==
    /\ x = 1 /\ i = 2
    /\ \/ x = 3
       \/ \E j \in {1} : IF x = 4 /\ j = i THEN x' = 5 ELSE x' = 6
    /\ LET y == x = 7 /\ i = 8
           z == 9
       IN  x = z => y \/ i = 0
B(i) ==
    /\ i = 1 => CASE x = 2 -> i = 3
                  [] x = 4 -> i = 5
                  [] OTHER -> i = 6
    /\ x = 7
====
`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, item := range m.Items {
		got = append(got, item.Operator+" "+m.Plain(item.Body))
	}
	for i, token := range m.Tokens {
		if (token.Text == `/\` || token.Text == `\/` || token.Text == "=>") && !m.IsBullet(i) {
			left, right := m.Operands(i)
			got = append(got, m.Plain(left)+" | "+m.Plain(right))
		}
	}
	want := []string{
		`/\ x = 1 /\ i = 2`, `/\ \/ x = 3 \/ \E j \in {1} : IF x = 4 /\ j = i THEN x' = 5 ELSE x' = 6`, `\/ x = 3`,
		`\/ \E j \in {1} : IF x = 4 /\ j = i THEN x' = 5 ELSE x' = 6`, `/\ LET y == x = 7 /\ i = 8 z == 9 IN x = z => y \/ i = 0`,
		`/\ i = 1 => CASE x = 2 -> i = 3 [] x = 4 -> i = 5 [] OTHER -> i = 6`, `/\ x = 7`,
		`x = 1 | i = 2`, `x = 4 | j = i`, `x = 7 | i = 8`, `x = z | y \/ i = 0`, `y | i = 0`,
		`i = 1 | CASE x = 2 -> i = 3 [] x = 4 -> i = 5 [] OTHER -> i = 6`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("the items and operands are\n%s\nexpected\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, bad := range []string{"A == (", "A == ]", `A == "x`, "(* no end", "A == %", "x = 1"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("Parse returned no error for %q", bad)
		}
	}
}

// All modules of the project can be scanned: each token is at its position, and everything except
// space and comments is in a token.
func TestModulesOfTheProject(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "*.tla"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found the modules %v: %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(string(text))
		if err != nil {
			t.Errorf("%s can't be scanned: %v", file, err)
			continue
		}
		for i, token := range m.Tokens {
			if m.Source[token.Start:token.End] != token.Text || i > 0 && token.Start < m.Tokens[i-1].End {
				t.Errorf("%s: the text at the offset of the token %q is another one", file, token.Text)
			}
		}
		for _, item := range m.Items {
			if item.Body.Len() <= 0 {
				t.Errorf("%s: an item without a body at %d", file, m.Tokens[item.Bullet].Start)
			}
		}
	}
}
