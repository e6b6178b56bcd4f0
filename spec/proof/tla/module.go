// Package tla reads the part of TLA+ that the specs of this project use: definitions of constants,
// states and actions over numbers, strings, records, functions, sequences and sets. Anything else
// is an error, never a guess.
package tla

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Module is a module together with the modules that it extends.
type Module struct {
	Name      string
	Variables []string // of all modules; those of extended modules come first
	Constants []string
	defs      map[string]*Definition
	assumed   [][]token
	read      []string // the modules
}

// Definition is a named operator.
type Definition struct {
	Name   string
	Params []string
	body   *Expr
	tokens []token // the body's tokens, until Body parses them
}

// Read reads a module, and the modules that it extends, from the folders. If several folders have a
// module, the first one counts. The standard modules are built in.
func Read(name string, folders ...string) (*Module, error) {
	return read(name, func(module string) (string, error) {
		for _, folder := range folders {
			source, err := os.ReadFile(filepath.Join(folder, module+".tla"))
			if err == nil {
				return string(source), nil
			}
		}
		return "", fmt.Errorf("there is no module %s in %s", module, strings.Join(folders, ", "))
	})
}

// ReadText is like Read, but gets the text of each module from source.
func ReadText(name string, source func(module string) (string, error)) (*Module, error) {
	return read(name, source)
}

var standard = []string{"Naturals", "Integers", "Sequences", "FiniteSets", "TLC"}

func read(name string, source func(string) (string, error)) (*Module, error) {
	m := &Module{Name: name, defs: map[string]*Definition{}}
	return m, m.add(name, source)
}

// add reads one module, after the modules that it extends.
func (m *Module) add(name string, source func(string) (string, error)) error {
	if slices.Contains(m.read, name) {
		return nil
	}
	m.read = append(m.read, name)
	text, err := source(name)
	if err != nil {
		return err
	}
	all, err := scan(text)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].col > 0 {
			n++
		}
		unit := all[:n]
		all = all[n:]
		if err := m.unit(unit, source); err != nil {
			return fmt.Errorf("%s, line %d: %w", name, unit[0].line, err)
		}
	}
	return nil
}

// unit reads one unit: tokens from one that begins at the left margin up to the next such token.
func (m *Module) unit(unit []token, source func(string) (string, error)) error {
	switch first := unit[0]; {
	case first.text == "MODULE":
		return nil
	case first.text == "EXTENDS":
		for _, name := range names(unit[1:]) {
			if !slices.Contains(standard, name) {
				if err := m.add(name, source); err != nil {
					return err
				}
			}
		}
		return nil
	case first.text == "VARIABLES" || first.text == "VARIABLE":
		m.Variables = append(m.Variables, names(unit[1:])...)
		return nil
	case first.text == "CONSTANTS" || first.text == "CONSTANT":
		m.Constants = append(m.Constants, names(unit[1:])...)
		return nil
	case first.text == "RECURSIVE":
		return nil // a declaration; the definition follows
	case first.text == "ASSUME":
		m.assumed = append(m.assumed, unit[1:])
		return nil
	case first.kind != ident:
		return fmt.Errorf("unexpected %q at the beginning of a unit", first.text)
	}
	def := &Definition{Name: unit[0].text}
	at := 1
	if at < len(unit) && unit[at].text == "(" {
		for at++; at < len(unit) && unit[at].text != ")"; at++ {
			if unit[at].kind == ident {
				def.Params = append(def.Params, unit[at].text)
			}
		}
		at++
	}
	if at >= len(unit) || unit[at].text != "==" {
		return fmt.Errorf("%s is no definition", def.Name)
	}
	if m.defs[def.Name] != nil {
		return fmt.Errorf("%s is defined twice", def.Name)
	}
	def.tokens = unit[at+1:]
	m.defs[def.Name] = def
	return nil
}

func names(list []token) (all []string) {
	for _, t := range list {
		if t.kind == ident {
			all = append(all, t.text)
		}
	}
	return all
}

// Definition returns the definition with this name, or nil.
func (m *Module) Definition(name string) *Definition { return m.defs[name] }

// Assumptions returns the ASSUMEs of the module and of those that it extends.
func (m *Module) Assumptions() (all []*Expr, err error) {
	for _, tokens := range m.assumed {
		e, err := (&parser{tokens: tokens, limit: -1}).all()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// Body returns the definition's body. The first call parses it. So definitions that are never used
// may contain TLA+ that this package can't read.
func (d *Definition) Body() (*Expr, error) {
	if d.body == nil {
		p := &parser{tokens: d.tokens, limit: -1}
		body, err := p.all()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", d.Name, err)
		}
		d.body = body
	}
	return d.body, nil
}

// Rewrite replaces every expression in the definitions that can be parsed, inner expressions first.
// Tests use it to plant misread operators.
func (m *Module) Rewrite(f func(*Expr) *Expr) {
	var all func(*Expr) *Expr
	define := func(d *Definition) {
		if body, err := d.Body(); err == nil {
			d.body = all(body)
		}
	}
	all = func(e *Expr) *Expr {
		for i := range e.Args {
			e.Args[i] = all(e.Args[i])
		}
		for i := range e.Bound {
			e.Bound[i].Set = all(e.Bound[i].Set)
		}
		for i := range e.Paths {
			if e.Paths[i].Index != nil {
				e.Paths[i].Index = all(e.Paths[i].Index)
			}
		}
		for _, d := range e.Defs {
			define(d)
		}
		return f(e)
	}
	for _, d := range m.defs {
		define(d)
	}
}
