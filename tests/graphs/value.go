package graphs

import (
	"fmt"
	"strconv"
)

// Value is a TLA+ value as TLC prints it.
type Value struct {
	Kind   ValueKind
	Text   string           // of a string or a model value
	Number int              // of a number; of a boolean, 0 or 1
	Items  []Value          // of a tuple, a set, or a function (its keys and values in turn)
	Fields map[string]Value // of a record
}

// ValueKind tells what a [Value] is.
type ValueKind uint8

// The kinds of values.
const (
	Number ValueKind = iota + 1
	Boolean
	String
	ModelValue
	Tuple
	Set
	Record
	Function
)

// At returns what a tuple, or a function whose keys are numbers, has at a place; TLC prints a function on 1..n as a tuple.
func (v Value) At(i int) Value {
	if v.Kind == Tuple && i >= 1 && i <= len(v.Items) {
		return v.Items[i-1]
	}
	for j := 0; v.Kind == Function && j+1 < len(v.Items); j += 2 {
		if v.Items[j].Number == i {
			return v.Items[j+1]
		}
	}
	return Value{}
}

// Len returns how many items a tuple or set has, or how many keys a function.
func (v Value) Len() int {
	if v.Kind == Function {
		return len(v.Items) / 2
	}
	return len(v.Items)
}

// ParseState reads a state as TLC prints it: one conjunct for each variable.
func ParseState(text string) (map[string]Value, error) {
	p := &parser{text: text}
	vars := map[string]Value{}
	for p.skip(); p.at < len(p.text); p.skip() {
		p.take("/\\")
		p.skip()
		name := p.word()
		p.skip()
		if name == "" || !p.take("=") {
			return nil, p.bad("a variable")
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		vars[name] = v
	}
	return vars, nil
}

type parser struct {
	text string
	at   int
}

func (p *parser) bad(expected string) error {
	end := min(p.at+40, len(p.text))
	return fmt.Errorf("at byte %d of a state, %q: expected %s", p.at, p.text[p.at:end], expected)
}

func (p *parser) skip() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
}

func (p *parser) take(s string) bool {
	if len(p.text)-p.at >= len(s) && p.text[p.at:p.at+len(s)] == s {
		p.at += len(s)
		return true
	}
	return false
}

func (p *parser) word() string {
	begin := p.at
	for p.at < len(p.text) {
		c := p.text[p.at]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			break
		}
		p.at++
	}
	return p.text[begin:p.at]
}

func (p *parser) value() (Value, error) {
	p.skip()
	if p.at >= len(p.text) {
		return Value{}, p.bad("a value")
	}
	switch c := p.text[p.at]; {
	case p.take("<<"):
		items, err := p.list(">>")
		return Value{Kind: Tuple, Items: items}, err
	case c == '{':
		p.at++
		items, err := p.list("}")
		return Value{Kind: Set, Items: items}, err
	case c == '[':
		p.at++
		return p.record()
	case c == '(':
		p.at++
		return p.function()
	case c == '"':
		return p.quoted()
	case c == '-' || c >= '0' && c <= '9':
		begin := p.at
		for p.at++; p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9'; p.at++ {
		}
		n, err := strconv.Atoi(p.text[begin:p.at])
		return Value{Kind: Number, Number: n}, err
	}
	switch word := p.word(); word {
	case "":
		return Value{}, p.bad("a value")
	case "TRUE":
		return Value{Kind: Boolean, Number: 1}, nil
	case "FALSE":
		return Value{Kind: Boolean}, nil
	default:
		return Value{Kind: ModelValue, Text: word}, nil
	}
}

func (p *parser) quoted() (Value, error) {
	begin := p.at + 1
	for p.at++; p.at < len(p.text); p.at++ {
		if p.text[p.at] == '"' {
			p.at++
			return Value{Kind: String, Text: p.text[begin : p.at-1]}, nil
		}
	}
	return Value{}, p.bad("the end of a string")
}

func (p *parser) list(end string) ([]Value, error) {
	var items []Value
	for {
		p.skip()
		if p.take(end) {
			return items, nil
		}
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		p.skip()
		p.take(",")
	}
}

func (p *parser) record() (Value, error) {
	v := Value{Kind: Record, Fields: map[string]Value{}}
	for {
		p.skip()
		if p.take("]") {
			return v, nil
		}
		name := p.word()
		p.skip()
		if name == "" || !p.take("|->") {
			return v, p.bad("a field")
		}
		field, err := p.value()
		if err != nil {
			return v, err
		}
		v.Fields[name] = field
		p.skip()
		p.take(",")
	}
}

// function reads (k :> v @@ k :> v).
func (p *parser) function() (Value, error) {
	v := Value{Kind: Function}
	for {
		p.skip()
		if p.take(")") {
			return v, nil
		}
		key, err := p.value()
		if err != nil {
			return v, err
		}
		p.skip()
		if !p.take(":>") {
			return v, p.bad(":>")
		}
		value, err := p.value()
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, key, value)
		p.skip()
		p.take("@@")
	}
}
