package tla

import (
	"fmt"
	"strings"
	"testing"
)

// show returns an expression as text, with all its brackets.
func show(e *Expr) string {
	var parts []string
	for _, d := range e.Defs {
		body, _ := d.Body()
		parts = append(parts, d.Name+strings.Join(d.Params, ",")+"=="+show(body))
	}
	for _, b := range e.Bound {
		parts = append(parts, b.Name+" in "+show(b.Set))
	}
	for i, p := range e.Paths {
		place := "." + p.Field
		if p.Index != nil {
			place = "[" + show(p.Index) + "]"
		}
		parts = append(parts, place+"="+show(e.Args[i+1]))
	}
	for i, a := range e.Args {
		if len(e.Paths) > 0 && i > 0 {
			break
		}
		name := ""
		if len(e.Names) > 0 {
			name = e.Names[i] + ":"
		}
		parts = append(parts, name+show(a))
	}
	text := map[string]string{Ident: e.Name, Field: "." + e.Name, String: `"` + e.Name + `"`, Number: fmt.Sprint(e.Num)}[e.Op]
	if text == "" {
		text = e.Op
	}
	if len(parts) == 0 {
		return text
	}
	return text + "(" + strings.Join(parts, " ") + ")"
}

func readText(text string) (*Module, error) {
	return ReadText("M", func(string) (string, error) { return "---- MODULE M ----\n" + text + "\n====\n", nil })
}

// TestExpressionsAreReadAsTLAHasThem checks that operators bind as in TLA+, and that the items of a
// junction list end where their column ends.
func TestExpressionsAreReadAsTLAHasThem(t *testing.T) {
	for text, want := range map[string]string{
		`a /\ b => c \/ d`:                     `=>(/\(a b) \/(c d))`,
		"/\\ a\n     /\\ b\n     => c":         `=>(/\(a b) c)`,
		"/\\ a => b\n     /\\ c":               `/\(=>(a b) c)`,
		"/\\ \\/ a\n        \\/ b\n     /\\ c": `/\(\/(a b) c)`,
		`\A x \in S : x # 1 /\ y`:              `\A(x in S /\(#(x 1) y))`,
		`~a = b`:                               `~(=(a b))`,
		`1..n - 1`:                             `..(1 -(n 1))`,
		`f[i].g'`:                              `'(.g(index(f i)))`,
		`[f EXCEPT ![i] = x, !.a = y]`:         `EXCEPT([i]=x .a=y f)`,
		`[x \in S |-> x + 1]`:                  `function(x in S +(x 1))`,
		`[a |-> 1, b |-> "c"]`:                 `record(a:1 b:"c")`,
		`{x \in S : p}`:                        `filter(x in S p)`,
		`{F(x) : x \in S}`:                     `map(x in S F(x))`,
		`{}`:                                   `set`,
		`IF a THEN b ELSE c = d`:               `IF(a b =(c d))`,
		`CASE a -> b [] OTHER -> c`:            `CASE(a b c)`,
		"LET x == 1\n         F(y) == y\n     IN F(x)": `LET(x==1 Fy==y F(x))`,
		`[][A]_v`:               `[](A v)`,
		`CHOOSE x \in S : TRUE`: `CHOOSE(x in S TRUE)`,
		`a (* b (c *) + c`:      `+(a c)`,
		`a ?`:                   ``,
		`[a`:                    ``,
		`a b`:                   ``,
	} {
		m, err := readText("D == " + text)
		if err == nil {
			err = m.Check("D")
		}
		if want == "" {
			if err == nil {
				t.Errorf("%s is read", text)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		body, _ := m.Definition("D").Body()
		if got := show(body); got != want {
			t.Errorf("%s is read as %s, expected %s", text, got, want)
		}
	}
}
