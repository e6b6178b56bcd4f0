package proof

import (
	"fmt"
	"slices"

	"ablyrooms.example/spec/proof/term"
)

// Type describes the values of a variable. Reading the spec checks the type: an expression that
// mixes sorts is an error.
type Type struct {
	kind   kind
	sort   term.Sort // the sort of a plain value, or of a function's arguments
	domain string    // the name of a function's domain: a definition or a constant
	parts  []Field   // the fields of a record or a tuple; for other types, one field for the values
	// columns are the columns of a sequence of rows: those of all tuples that the spec assigns to
	// it.
	columns []column
	forms   map[string][]column // the columns of each form, by the first word of its tuples
}

// Field is a field of a record.
type Field struct {
	Name string
	Type Type
}

type kind uint8

const (
	plain kind = iota
	numbers
	functions
	records
	tuples
	sequences
	rows
	empties
)

// Plain returns the type of a number, a word, a name or a condition.
func Plain(s term.Sort) Type { return Type{kind: plain, sort: s} }

// Numbers is the type of a set of numbers.
var Numbers = Type{kind: numbers}

// Empty is the type of a sequence that is empty in every state. The translator checks that it is.
var Empty = Type{kind: empties}

// Function returns the type of a function: args is the sort of its arguments, domain is the name of
// its domain.
func Function(args term.Sort, domain string, values Type) Type {
	return Type{kind: functions, sort: args, domain: domain, parts: []Field{{Type: values}}}
}

// Record returns the type of a record.
func Record(fields ...Field) Type { return Type{kind: records, parts: fields} }

// Tuple returns the type of a tuple of one form.
func Tuple(parts ...Type) Type {
	t := Type{kind: tuples}
	for i, p := range parts {
		t.parts = append(t.parts, Field{fmt.Sprint(i + 1), p})
	}
	return t
}

// Sequence returns the type of a sequence of any length.
func Sequence(elements Type) Type { return Type{kind: sequences, parts: []Field{{Type: elements}}} }

// Rows returns the type of a sequence of tuples of different forms. Each tuple is a word that names
// the form, and plain values. In a state, each element has the columns of all forms, and is blank
// in those that its form lacks.
func Rows() Type { return Type{kind: rows} }

// valueOf returns a value of the type t in terms of its symbols, applied to args.
func (s *System) valueOf(t *Type, name, suffix string, args []*term.Term) value {
	with := func(x *term.Term) []*term.Term { return append(args[:len(args):len(args)], x) }
	switch t.kind {
	case empties:
		return tuple{}
	case plain:
		return term.Apply(name+suffix, t.sort, args...)
	case numbers:
		return numberSet(name+suffix, args...)
	case functions:
		return &function{s.named(t.domain), func(x *term.Term) value {
			return s.valueOf(&t.parts[0].Type, name, suffix, with(x))
		}}
	case records:
		r := &record{}
		for i := range t.parts {
			f := &t.parts[i]
			r.names = append(r.names, f.Name)
			r.fields = append(r.fields, s.valueOf(&f.Type, name+"."+f.Name, suffix, args))
		}
		return r
	case tuples:
		var all tuple
		for i := range t.parts {
			f := &t.parts[i]
			all = append(all, s.valueOf(&f.Type, name+"."+f.Name, suffix, args))
		}
		return all
	}
	length := term.Apply(name+".len"+suffix, term.Int, args...)
	return newSequence(&piece{when: term.True, length: length, at: func(i *term.Term) value {
		if t.kind == sequences {
			return s.valueOf(&t.parts[0].Type, name, suffix, with(i))
		}
		r := row{}
		for _, c := range t.columns {
			r[c] = term.Apply(c.symbol(name)+suffix, c.sort, with(i)...)
		}
		return r
	}})
}

func (c column) symbol(name string) string { return fmt.Sprintf("%s.%d.%s", name, c.place, c.sort) }

// defines returns a definition for each symbol of a value. params are the parameters so far.
func (t *Type) defines(name string, v value, params []*term.Term) (all []Define) {
	define := func(symbol string, s term.Sort, params []*term.Term, body *term.Term) {
		if body.Sort != s {
			fail("%s is of the sort %s, not %s", symbol, body.Sort, s)
		}
		made := Symbol{Name: symbol, Sort: s}
		for _, p := range params {
			made.Args = append(made.Args, p.Sort)
		}
		all = append(all, Define{made, params, body})
	}
	more := func(s term.Sort) ([]*term.Term, *term.Term) {
		x := term.NewVar(fmt.Sprintf("p.%d", len(params)), s)
		return append(params[:len(params):len(params)], x), x
	}
	switch t.kind {
	case empties:
		if len(asSequence(v).pieces) > 0 {
			fail("%s is not empty", name)
		}
	case plain:
		define(name, t.sort, params, asTerm(v))
	case numbers:
		inner, x := more(term.Int)
		define(name, term.Bool, inner, asSet(v).has(x))
	case functions:
		f, ok := v.(*function)
		if !ok {
			fail("%s is no function", name)
		}
		inner, x := more(t.sort)
		return t.parts[0].Type.defines(name, f.at(x), inner)
	case records:
		r, ok := v.(*record)
		if !ok {
			fail("%s is no record", name)
		}
		for i := range t.parts {
			f := &t.parts[i]
			all = append(all, f.Type.defines(name+"."+f.Name, r.field(f.Name), params)...)
		}
	case tuples:
		r, ok := v.(tuple)
		if !ok || len(r) != len(t.parts) {
			fail("%s is no tuple of %d", name, len(t.parts))
		}
		for i := range t.parts {
			f := &t.parts[i]
			all = append(all, f.Type.defines(name+"."+f.Name, r[i], params)...)
		}
	case sequences, rows:
		q := asSequence(v)
		define(name+".len", term.Int, params, q.all)
		inner, i := more(term.Int)
		if t.kind == rows {
			r := row{}
			if len(q.pieces) > 0 {
				r = asRow(q.at(i))
			}
			for _, c := range t.columns {
				define(c.symbol(name), c.sort, inner, r.get(c))
			}
			break
		}
		element := &t.parts[0].Type
		if len(q.pieces) == 0 {
			all = append(all, element.blanks(name, inner)...)
		} else {
			all = append(all, element.defines(name, q.at(i), inner)...)
		}
	}
	if t.kind == sequences || t.kind == rows {
		for i := range all[1:] {
			all[i+1].Symbol.Len = name + ".len"
		}
	}
	return all
}

// blanks returns definitions that make the elements of an empty sequence blank.
func (t *Type) blanks(name string, params []*term.Term) (all []Define) {
	var v value
	switch t.kind {
	case plain:
		v = blank(t.sort)
	case tuples:
		var r tuple
		for _, f := range t.parts {
			r = append(r, blank(f.Type.sort))
		}
		v = r
	default:
		fail("%s: the elements of the sequence are not tuples", name)
	}
	return t.defines(name, v, params)
}

// readRows finds the columns of rows in the values that actions assign.
func (t *Type) readRows(name string, paths []path) {
	if t.kind != rows {
		return
	}
	t.forms = map[string][]column{}
	var all []row
	for _, p := range paths {
		for _, part := range asSequence(p.next[name]).pieces {
			r := asRow(part.at(fresh("k", term.Int)))
			all = append(all, r)
			kind := r.get(column{1, term.Word})
			if kind.Op != term.Literal {
				fail("%s: the kind of an element is %v", name, kind)
			}
			form := columns(r)
			if had, ok := t.forms[kind.Name]; ok && !slices.Equal(had, form) {
				fail("%s: elements of the kind %s have the forms %v and %v", name, kind.Name, had, form)
			}
			t.forms[kind.Name] = form
		}
	}
	t.columns = columns(all...)
}
