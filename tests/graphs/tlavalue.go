package graphs

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Value is a TLA+ value as TLC prints it.
type Value struct {
	Text   string   // for a string or a model value
	Number int      // for a number; for a boolean, 0 or 1
	Items  []Value  // for a tuple, a set, a record, or a function
	Names  []string // the fields of a record, in the order of Items
	Keys   []Value  // the keys of a function, in the order of Items
}

// At returns item i of a tuple, counted from 1, or the value for key i of a function. TLC prints a
// function on 1..n as a tuple.
func (v Value) At(i int) Value {
	if v.Keys != nil {
		i = 1 + slices.IndexFunc(v.Keys, func(k Value) bool { return k.Number == i })
	}
	if i >= 1 && i <= len(v.Items) {
		return v.Items[i-1]
	}
	return Value{}
}

// Len returns the number of items of a tuple, set, record or function.
func (v Value) Len() int { return len(v.Items) }

// Field returns a field of a record, or the zero Value if there is no such field.
func (v Value) Field(name string) Value {
	if i := slices.Index(v.Names, name); i >= 0 {
		return v.Items[i]
	}
	return Value{}
}

// ParseState reads a state as TLC prints it: one conjunct for each variable. It returns a record of
// the variables.
func ParseState(text string) (Value, error) {
	p := parser{text: text}
	return p.list(Value{}, "", "/\\", "=")
}

// parser reads values from a text. Strings in the values share memory with the text.
type parser struct {
	text string
	at   int
}

// take skips white space, and then the token if it comes next. It reports whether it did.
func (p *parser) take(token string) bool {
	for p.at < len(p.text) && strings.IndexByte(" \n\t", p.text[p.at]) >= 0 {
		p.at++
	}
	if token != "" && strings.HasPrefix(p.text[p.at:], token) {
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

// bad returns the error for a text that has something else than expected.
func (p *parser) bad(expected string) error {
	end := min(p.at+40, len(p.text))
	return fmt.Errorf("at byte %d of a state, %q: expected %s", p.at, p.text[p.at:end], expected)
}

func (p *parser) value() (v Value, err error) {
	switch {
	case p.take("<<"):
		return p.list(v, ">>", ",", "")
	case p.take("{"):
		return p.list(v, "}", ",", "")
	case p.take("("):
		return p.list(v, ")", "@@", ":>")
	case p.take("["):
		return p.list(v, "]", ",", "|->")
	case p.take(`"`):
		end := strings.IndexByte(p.text[p.at:], '"')
		if end < 0 {
			return v, p.bad("the end of a string")
		}
		v.Text = p.text[p.at : p.at+end]
		p.at += end + 1
		return v, nil
	}
	switch word := p.word(); word {
	case "":
		return v, p.bad("a value")
	case "TRUE":
		v.Number = 1
	case "FALSE":
	default:
		if v.Number, err = strconv.Atoi(word); err != nil {
			v.Text, err = word, nil
		}
	}
	return v, err
}

// list reads values that are separated by separator, up to end, or to the end of the text if end is
// empty. If sign is not empty, each value has a name or a key before it, followed by sign.
func (p *parser) list(v Value, end, separator, sign string) (Value, error) {
	for {
		p.take(separator)
		if p.take(end) || end == "" && p.at == len(p.text) {
			return v, nil
		}
		switch sign {
		case "":
		case ":>":
			key, err := p.value()
			if err != nil {
				return v, err
			}
			v.Keys = append(v.Keys, key)
		default:
			name := p.word()
			if name == "" {
				return v, p.bad("a name")
			}
			v.Names = append(v.Names, name)
		}
		if sign != "" && !p.take(sign) {
			return v, p.bad(sign)
		}
		item, err := p.value()
		if err != nil {
			return v, err
		}
		v.Items = append(v.Items, item)
	}
}
