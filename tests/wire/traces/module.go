package main

import (
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"

	"ablyrooms.example/tests/wire/judge"
)

// module is the TLA+ module of some traces, for TraceRooms.tla. The traces form a tree: traces that
// begin alike share lines. Equal lines and equal states are also defined only once, since the
// traces of a small configuration have few different ones.
type module struct {
	naming *judge.Naming
	traces [][]judge.Line
	calls  int     // the largest number of calls in a trace
	paths  [][]int // for each trace, the nodes of its lines
	nodes  []node  // node n is nodes[n-1]
	first  []int

	defined     map[string]string // the name of each definition, by its text
	definitions []string
}

type node struct {
	line string // the name of the line's definition
	next []int
	ends bool
}

func newModule(n *judge.Naming, traces [][]judge.Line) *module {
	m := &module{naming: n, traces: traces, calls: 1, defined: map[string]string{}}
	type step struct {
		from int
		line string
	}
	known := map[step]int{}
	for _, t := range traces {
		begun, at := 0, 0
		var path []int
		for _, l := range t {
			if l.Kind == "Get" || l.Kind == "Release" || l.Kind == "Dispose" || l.Kind == "ReleaseIf" {
				begun++
			}
			s := step{at, m.line(l)}
			to, ok := known[s]
			if !ok {
				m.nodes = append(m.nodes, node{line: s.line})
				to = len(m.nodes)
				known[s] = to
				if at == 0 {
					m.first = append(m.first, to)
				} else {
					m.nodes[at-1].next = append(m.nodes[at-1].next, to)
				}
			}
			path, at = append(path, to), to
		}
		if at > 0 {
			m.nodes[at-1].ends = true
		}
		m.paths = append(m.paths, path)
		m.calls = max(m.calls, begun)
	}
	return m
}

// line returns the name of a line's definition, and adds the definition if it is new.
func (m *module) line(l judge.Line) string { return m.define("L", m.value(reflect.ValueOf(l))) }

// define returns the name of the definition with this text, and adds the definition if it is new.
func (m *module) define(prefix, text string) string {
	name, ok := m.defined[text]
	if !ok {
		name = fmt.Sprintf("%s%d", prefix, len(m.defined)+1)
		m.defined[text] = name
		m.definitions = append(m.definitions, name+" == "+text)
	}
	return name
}

// value returns a value in TLA+: a struct as a record with field names in lower case, and a slice
// as a sequence. A state gets a definition of its own.
func (m *module) value(v reflect.Value) string {
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			parts = append(parts, strings.ToLower(v.Type().Field(i).Name)+" |-> "+m.value(v.Field(i)))
		}
		record := "[" + strings.Join(parts, ", ") + "]"
		if v.Type() == reflect.TypeFor[judge.State]() {
			return m.define("S", record)
		}
		return record
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, m.value(v.Index(i)))
		}
		return "<<" + strings.Join(parts, ", ") + ">>"
	case reflect.String:
		return quote(v.String())
	case reflect.Bool:
		return strings.ToUpper(fmt.Sprint(v))
	}
	return fmt.Sprint(v)
}

// moduleName is the name of the module that TLC checks.
const moduleName = "RecordedTraces"

// nodesInOne limits the length of a literal: a very long one may overflow a parser's stack.
const nodesInOne = 500

// write writes the module.
func (m *module) write(to io.Writer) error {
	var err error
	printf := func(format string, args ...any) {
		if err == nil {
			_, err = fmt.Fprintf(to, format, args...)
		}
	}
	printf("---- MODULE %s ----\n\\* %d traces. Written by the command tests/wire/traces.\n", moduleName, len(m.traces))
	for _, name := range m.naming.Names {
		printf("\\* The name %q is %s.\n", name, m.naming.Name(name))
	}
	for _, o := range m.naming.Options {
		printf("\\* The options %v are %s.\n", o, m.naming.Option(&o))
	}
	printf("EXTENDS TraceRooms\n\nANode(line, next, ends) == [line |-> line, next |-> next, ends |-> ends]\n\n%s\n",
		strings.Join(m.definitions, "\n"))
	chunks := []string{"<<>>"}
	for some := range slices.Chunk(m.nodes, nodesInOne) {
		var texts []string
		for _, n := range some {
			texts = append(texts, fmt.Sprintf("ANode(%s, %s, %s)", n.line, set(n.next), m.value(reflect.ValueOf(n.ends))))
		}
		chunk := fmt.Sprintf("Some%d", len(chunks))
		printf("%s == <<\n  %s>>\n", chunk, strings.Join(texts, ",\n  "))
		chunks = append(chunks, chunk)
	}
	names, options := map[string]bool{}, map[string]bool{}
	for _, t := range m.traces {
		for _, l := range t {
			names[l.Name], options[l.Opt] = true, true
		}
	}
	words := func(set map[string]bool) string {
		delete(set, judge.None)
		text := m.value(reflect.ValueOf(slices.Sorted(maps.Keys(set))))
		return "{" + text[2:len(text)-2] + "}"
	}
	// TLC evaluates the replacement of a constant again and again, but a definition without
	// arguments only once. So AllNodes has the value, and TheTree replaces the constant.
	printf("AllNodes == %s\nTheTree == AllNodes\nTheFirst == %s\n", strings.Join(chunks, " \\o "), set(m.first))
	printf("TheNames == %s\nTheOptions == %s\n====\n", words(names), words(options))
	return err
}

// config returns the configuration for the module.
func (m *module) config(specification string, tell bool) string {
	return fmt.Sprintf(`SPECIFICATION %s
CONSTANTS
  Names <- TheNames
  Options <- TheOptions
  MaxCalls = %d
  Conditional = TRUE
  Tree <- TheTree
  First <- TheFirst
  Tell = %s
CHECK_DEADLOCK FALSE
`, specification, m.calls, m.value(reflect.ValueOf(tell)))
}

func set(list []int) string {
	return strings.ReplaceAll("{"+strings.Trim(fmt.Sprint(list), "[]")+"}", " ", ", ")
}

// quote returns a TLA+ string.
func quote(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s) + `"`
}
