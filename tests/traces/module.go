package main

import (
	"fmt"
	"io"
	"strings"
)

// module is the TLA+ module of some traces, for TraceRooms.tla: a tree, in which traces that begin alike share lines. Equal lines and
// equal states are written once, too; the traces of a small configuration have few different ones.
type module struct {
	naming *naming
	traces [][]entry
	calls  int     // the most calls that begin in a trace
	paths  [][]int // of each trace, the nodes of its lines
	nodes  []node  // node n is nodes[n-1]
	first  []int

	defined     map[string]string // the names of definitions by what they stand for
	definitions []string
}

type node struct {
	line string // the name of its definition
	next []int
	ends bool
}

func newModule(n *naming, traces [][]entry) *module {
	m := &module{naming: n, traces: traces, calls: 1, defined: map[string]string{}}
	type step struct {
		from int
		line string
	}
	known := map[step]int{}
	for _, t := range traces {
		begun, at := 0, 0
		var path []int
		for _, e := range t {
			if e.Kind == "Get" || e.Kind == "Release" || e.Kind == "Dispose" {
				begun++
			}
			s := step{at, m.line(e)}
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

// moduleName is the module that TLC is given.
const moduleName = "RecordedTraces"

// nodesInOne bounds how long one literal is: one that is too long may exhaust a parser's stack.
const nodesInOne = 500

// write writes the module.
func (m *module) write(to io.Writer) error {
	w := &writer{to: to}
	w.printf("---- MODULE %s ----\n", moduleName)
	w.printf("\\* %d traces. Written by the command tests/traces.\n", len(m.traces))
	for _, name := range m.naming.Names {
		w.printf("\\* The name %q is %s.\n", name, m.naming.names[name])
	}
	for _, o := range m.naming.Options {
		w.printf("\\* The options %v are %s.\n", o, m.naming.options[o])
	}
	w.printf(`EXTENDS TraceRooms

AnInc(id, name, opt, life, work, waiters) ==
    [id |-> id, name |-> name, opt |-> opt, life |-> life, work |-> work, waiters |-> waiters]
AState(next, is, disposal, disposers, bad, last) ==
    [next |-> next, incs |-> is, disposal |-> disposal, disposers |-> disposers, failed |-> bad, last |-> last]
AnOutput(kind, call, inc, out, bad) == [kind |-> kind, call |-> call, inc |-> inc, out |-> out, bad |-> bad]
ALine(seq, kind, call, inc, name, opt, err, outs, state) ==
    [seq |-> seq, kind |-> kind, call |-> call, inc |-> inc, name |-> name, opt |-> opt, err |-> err, outs |-> outs, state |-> state]
ANode(line, next, ends) == [line |-> line, next |-> next, ends |-> ends]

`)
	for _, d := range m.definitions {
		w.printf("%s\n", d)
	}
	chunks := []string{"<<>>"}
	for begin := 0; begin < len(m.nodes); begin += nodesInOne {
		var texts []string
		for _, n := range m.nodes[begin:min(begin+nodesInOne, len(m.nodes))] {
			texts = append(texts, fmt.Sprintf("ANode(%s, %s, %s)", n.line, set(n.next), boolean(n.ends)))
		}
		chunk := fmt.Sprintf("Some%d", len(chunks))
		w.printf("%s == <<\n  %s>>\n", chunk, strings.Join(texts, ",\n  "))
		chunks = append(chunks, chunk)
	}
	words := func(set map[string]bool) string {
		var list []string
		for word := range set {
			list = append(list, quote(word))
		}
		return "{" + strings.Join(list, ", ") + "}"
	}
	names, options := map[string]bool{}, map[string]bool{}
	for _, t := range m.traces {
		for _, e := range t {
			if e.Name != none {
				names[e.Name] = true
			}
			if e.Opt != none {
				options[e.Opt] = true
			}
		}
	}
	// TLC works out what a constant is replaced by again and again, but a definition without arguments once: hence two of them.
	w.printf("AllNodes == %s\nTheTree == AllNodes\nTheFirst == %s\n", strings.Join(chunks, " \\o "), set(m.first))
	w.printf("TheNames == %s\nTheOptions == %s\n====\n", words(names), words(options))
	return w.err
}

// config returns the configuration for the module.
func (m *module) config(specification string, tell bool) string {
	return fmt.Sprintf(`SPECIFICATION %s
CONSTANTS
  Names <- TheNames
  Options <- TheOptions
  MaxCalls = %d
  Tree <- TheTree
  First <- TheFirst
  Tell = %s
CHECK_DEADLOCK FALSE
`, specification, m.calls, boolean(tell))
}

// line returns the name of a line, which it defines when it is new.
func (m *module) line(e entry) string {
	var outs []string
	for _, o := range e.Outs {
		outs = append(outs, fmt.Sprintf("AnOutput(%s, %d, %d, %s, %s)", quote(o.Kind), o.Call, o.Inc, quote(o.Outcome), numbers(o.Failed)))
	}
	var incs []string
	for _, i := range e.State.Incs {
		incs = append(incs, fmt.Sprintf("AnInc(%d, %s, %s, %s, %s, %s)", i.ID, quote(i.Name), quote(i.Opt), quote(i.Life), quote(i.Work), numbers(i.Waiters)))
	}
	state := m.define("S", fmt.Sprintf("AState(%d, <<%s>>, %s, %s, %s, %d)", e.State.Next, strings.Join(incs, ", "), quote(e.State.Disposal),
		numbers(e.State.Disposers), numbers(e.State.Failed), e.State.Last))
	return m.define("L", fmt.Sprintf("ALine(%d, %s, %d, %d, %s, %s, %s, <<%s>>, %s)", e.Seq, quote(e.Kind), e.Call, e.Inc, quote(e.Name),
		quote(e.Opt), boolean(e.Err), strings.Join(outs, ", "), state))
}

// define returns the name of the definition of a text.
func (m *module) define(prefix, text string) string {
	name, ok := m.defined[text]
	if !ok {
		name = fmt.Sprintf("%s%d", prefix, len(m.defined)+1)
		m.defined[text] = name
		m.definitions = append(m.definitions, name+" == "+text)
	}
	return name
}

type writer struct {
	to  io.Writer
	err error
}

func (w *writer) printf(format string, args ...any) {
	if w.err == nil {
		_, w.err = fmt.Fprintf(w.to, format, args...)
	}
}

func set(list []int) string {
	return strings.ReplaceAll("{"+strings.Trim(fmt.Sprint(list), "[]")+"}", " ", ", ")
}

func numbers(list []int) string {
	return strings.ReplaceAll("<<"+strings.Trim(fmt.Sprint(list), "[]")+">>", " ", ", ")
}

func boolean(b bool) string { return strings.ToUpper(fmt.Sprint(b)) }

// quote writes a TLA+ string. What is in it are words: see plain.
func quote(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s) + `"`
}
