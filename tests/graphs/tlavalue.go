package graphs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Value is a TLA+ value as TLC prints it.
type Value struct {
	Kind   ValueKind
	Text   string   // of a string or a model value
	Number int      // of a number; of a boolean, 0 or 1
	Items  []Value  // of a tuple, a set, a record, or a function (its keys and values in turn)
	Names  []string // of the fields of a record, in the order of Items
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

// At returns what a tuple, or a function whose keys are numbers, has at a place; TLC prints a function
// on 1..n as a tuple.
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

// Len returns how many items a tuple, set or record has, or how many keys a function.
func (v Value) Len() int {
	if v.Kind == Function {
		return len(v.Items) / 2
	}
	return len(v.Items)
}

// Field returns a field of a record; the zero Value if it has none of that name.
func (v Value) Field(name string) Value {
	if i := slices.Index(v.Names, name); i >= 0 {
		return v.Items[i]
	}
	return Value{}
}

// ParseState reads a state as TLC prints it, one conjunct for each variable, as a record of the variables.
func ParseState(text string) (Value, error) {
	return (&parser{text: text}).fields("")
}

// parser reads values from a text, of which their strings are parts.
type parser struct {
	text string
	at   int
}

func (p *parser) bad(expected string) error {
	end := min(p.at+40, len(p.text))
	return fmt.Errorf("at byte %d of a state, %q: expected %s", p.at, p.text[p.at:end], expected)
}

// take skips white space and then the token, if it comes next.
func (p *parser) take(token string) bool {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t') {
		p.at++
	}
	if strings.HasPrefix(p.text[p.at:], token) {
		p.at += len(token)
		return true
	}
	return false
}

// word reads a name or a number.
func (p *parser) word() string {
	p.take("")
	begin := p.at
	for ; p.at < len(p.text); p.at++ {
		c := p.text[p.at]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') &&
			(c != '-' || p.at > begin) {
			break
		}
	}
	return p.text[begin:p.at]
}

func (p *parser) value() (v Value, err error) {
	switch {
	case p.take("<<"):
		v.Kind = Tuple
		v.Items, err = p.list(">>", "", ",")
	case p.take("{"):
		v.Kind = Set
		v.Items, err = p.list("}", "", ",")
	case p.take("("):
		v.Kind = Function
		v.Items, err = p.list(")", ":>", "@@")
	case p.take("["):
		return p.fields("]")
	case p.take(`"`):
		end := strings.IndexByte(p.text[p.at:], '"')
		if end < 0 {
			return v, p.bad("the end of a string")
		}
		v = Value{Kind: String, Text: p.text[p.at : p.at+end]}
		p.at += end + 1
	default:
		word := p.word()
		n, notANumber := strconv.Atoi(word)
		switch {
		case word == "":
			return v, p.bad("a value")
		case notANumber == nil:
			v = Value{Kind: Number, Number: n}
		case word == "TRUE":
			v = Value{Kind: Boolean, Number: 1}
		case word == "FALSE":
			v = Value{Kind: Boolean}
		default:
			v = Value{Kind: ModelValue, Text: word}
		}
	}
	return v, err
}

// list reads values up to the end, with a separator after each; if a key has a sign after it, keys and
// values in turn.
func (p *parser) list(end, sign, separator string) (items []Value, err error) {
	for !p.take(end) {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, v)
		if sign != "" && len(items)%2 == 1 {
			if !p.take(sign) {
				return nil, p.bad(sign)
			}
			continue
		}
		p.take(separator)
	}
	return items, nil
}

// fields reads a record up to its end, or a whole state if that is "".
func (p *parser) fields(end string) (Value, error) {
	v, sign := Value{Kind: Record}, "|->"
	if end == "" {
		sign = "="
	}
	for {
		if end != "" && p.take(end) {
			return v, nil
		}
		if end == "" {
			if p.take("/\\"); p.take("") && p.at == len(p.text) {
				return v, nil
			}
		}
		name := p.word()
		if name == "" || !p.take(sign) {
			return v, p.bad("a field")
		}
		item, err := p.value()
		if err != nil {
			return v, err
		}
		v.Names, v.Items = append(v.Names, name), append(v.Items, item)
		p.take(",")
	}
}
