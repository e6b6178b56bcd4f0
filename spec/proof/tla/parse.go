package tla

import (
	"errors"
	"fmt"
	"strconv"
)

// Expr is an expression. Op is its operator: an operator sign, such as "=", or one of the constants
// below.
type Expr struct {
	Op    string
	Name  string  // the name of an identifier or a field, or the text of a string
	Num   int     // of a number
	Args  []*Expr // operands, in the order of the text
	Bound []Bind  // the bound variables of quantifiers, functions and sets
	Names []string
	Defs  []*Definition // of LET
	Paths []Path        // the places that EXCEPT changes; the new values are Args[1:]
	Line  int
}

// Bind is a bound variable with its set.
type Bind struct {
	Name string
	Set  *Expr
}

// Path is a place that an EXCEPT changes: ![Index] or !.Field.
type Path struct {
	Index *Expr
	Field string
}

// Values of Expr.Op that are not operator signs.
const (
	Ident    = "identifier" // an identifier, Name; with Args, the operator Name applied to them
	Number   = "number"
	String   = "string"
	Index    = "index"    // Args[0][Args[1]]
	Field    = "field"    // Args[0].Name
	If       = "IF"       // condition, then, else
	Case     = "CASE"     // pairs of condition and value; a single value at the end is OTHER
	Let      = "LET"      // Defs, Args[0]
	Function = "function" // [Bound |-> Args[0]]
	Record   = "record"   // [Names[i] |-> Args[i]]
	Except   = "EXCEPT"   // [Args[0] EXCEPT !Paths[i] = Args[i+1]]
	Set      = "set"      // {Args…}
	Filter   = "filter"   // {Bound : Args[0]}
	Map      = "map"      // {Args[0] : Bound}
	Tuple    = "tuple"
	Box      = "[]" // [][Args[0]]_Args[1]
	Choose   = "CHOOSE"
)

type parser struct {
	tokens []token
	at     int
	limit  int // a token at this column or left of it ends the item of a junction list
}

// bail is the value that the parser panics with, to leave its recursion with an error.
type bail struct{ error }

func (p *parser) fail(format string, args ...any) {
	line := 0
	if len(p.tokens) > 0 {
		line = p.tokens[min(p.at, len(p.tokens)-1)].line
	}
	panic(bail{fmt.Errorf("line %d: %s", line, fmt.Sprintf(format, args...))})
}

// all parses all tokens as one expression.
func (p *parser) all() (e *Expr, err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			b, ok := thrown.(bail)
			if !ok {
				panic(thrown)
			}
			err = b.error
		}
	}()
	if e = p.expr(0); p.at < len(p.tokens) {
		return nil, fmt.Errorf("line %d: %q is unexpected", p.tokens[p.at].line, p.tokens[p.at].text)
	}
	return e, nil
}

// peek returns the next token. At the end, and where the item of a junction list ends, it returns a
// token without text.
func (p *parser) peek() token {
	if p.at == len(p.tokens) || p.tokens[p.at].col <= p.limit {
		return token{}
	}
	return p.tokens[p.at]
}

func (p *parser) is(sign string) bool {
	t := p.peek()
	return t.kind != text && t.text == sign
}

func (p *parser) take(sign string) bool {
	if p.is(sign) {
		p.at++
		return true
	}
	return false
}

func (p *parser) need(sign string) {
	if !p.take(sign) {
		p.fail("%q where %q must be", p.peek().text, sign)
	}
}

func (p *parser) name() string {
	t := p.peek()
	if t.kind != ident {
		p.fail("%q where a name must be", t.text)
	}
	p.at++
	return t.text
}

// infix has the binary operators with their precedence: a larger number binds more strongly.
var infix = map[string]int{
	"=>": 1, "<=>": 2, "/\\": 3, "\\/": 3, "=": 5, "#": 5, "\\in": 5, "\\notin": 5, "\\subseteq": 5,
	"<=": 5, ">=": 5, "<": 5, ">": 5, "\\cup": 8, "\\cap": 8, "\\": 8, "..": 9, "+": 10, "-": 11,
	"\\o": 13,
}

// expr parses an expression whose binary operators have a precedence above min.
func (p *parser) expr(min int) *Expr {
	left := p.prefix()
	for {
		t := p.peek()
		binds, ok := infix[t.text]
		if !ok || t.kind != symbol || binds <= min {
			return left
		}
		p.at++
		left = &Expr{Op: t.text, Args: []*Expr{left, p.expr(binds)}, Line: t.line}
	}
}

// prefix parses an expression without the binary operators after it.
func (p *parser) prefix() *Expr {
	t := p.peek()
	e := &Expr{Op: t.text, Line: t.line}
	switch {
	case t.kind == text || t.text == "":
	case t.text == "/\\" || t.text == "\\/":
		return p.junction(t)
	case p.take("~"):
		e.Args = []*Expr{p.expr(4)}
		return e
	case p.take("UNION") || p.take("UNCHANGED"):
		e.Args = []*Expr{p.expr(12)}
		return e
	case p.take("\\A") || p.take("\\E") || p.take("CHOOSE"):
		e.Bound = p.binds()
		p.need(":")
		e.Args = []*Expr{p.expr(0)}
		return e
	case p.take("IF"):
		e.Args = append(e.Args, p.expr(0))
		p.need("THEN")
		e.Args = append(e.Args, p.expr(0))
		p.need("ELSE")
		e.Args = append(e.Args, p.expr(0))
		return e
	case p.take("CASE"):
		return p.cases(e)
	case p.take("LET"):
		for !p.take("IN") {
			e.Defs = append(e.Defs, p.definition())
		}
		e.Args = []*Expr{p.expr(0)}
		return e
	case p.take("[]"):
		p.need("[")
		e.Args = []*Expr{p.expr(0)}
		p.need("]_")
		e.Args = append(e.Args, p.expr(12))
		return e
	}
	return p.postfix(p.primary())
}

// junction parses a list of conjuncts or of disjuncts, whose signs are all in the same column.
func (p *parser) junction(first token) *Expr {
	e := &Expr{Op: first.text, Line: first.line}
	outer := p.limit
	for p.at < len(p.tokens) {
		t := p.tokens[p.at]
		if t.col != first.col || t.text != first.text || t.kind != symbol || t.col <= outer {
			break
		}
		p.at++
		p.limit = first.col
		e.Args = append(e.Args, p.expr(0))
		p.limit = outer
	}
	if len(e.Args) == 1 {
		return e.Args[0]
	}
	return e
}

func (p *parser) cases(e *Expr) *Expr {
	for more := true; more; more = p.take("[]") {
		if p.take("OTHER") {
			p.need("->")
			e.Args = append(e.Args, p.expr(0))
			return e
		}
		condition := p.expr(0)
		p.need("->")
		e.Args = append(e.Args, condition, p.expr(0))
	}
	return e
}

func (p *parser) definition() *Definition {
	d := &Definition{Name: p.name()}
	if p.take("(") {
		for more := true; more; more = p.take(",") {
			d.Params = append(d.Params, p.name())
		}
		p.need(")")
	}
	p.need("==")
	d.body = p.expr(0)
	return d
}

func (p *parser) binds() (all []Bind) {
	for more := true; more; more = p.take(",") {
		name := p.name()
		p.need("\\in")
		all = append(all, Bind{name, p.expr(5)})
	}
	return all
}

func (p *parser) primary() *Expr {
	t := p.peek()
	e := &Expr{Line: t.line}
	switch {
	case t.kind == text:
		p.at++
		e.Op, e.Name = String, t.text
	case t.kind == number:
		p.at++
		n, err := strconv.Atoi(t.text)
		if err != nil {
			p.fail("%v", err)
		}
		e.Op, e.Num = Number, n
	case t.kind == ident:
		p.at++
		e.Op, e.Name = Ident, t.text
		if p.take("(") {
			e.Args = p.list(")")
		}
	case p.take("("):
		e = p.expr(0)
		p.need(")")
	case p.take("<<"):
		e.Op, e.Args = Tuple, p.list(">>")
	case p.take("{"):
		return p.set(e)
	case p.take("["):
		return p.brackets(e)
	default:
		p.fail("%q where an expression must be", t.text)
	}
	return e
}

// postfix parses what may directly follow an expression: a field, an index or a prime.
func (p *parser) postfix(e *Expr) *Expr {
	for {
		line := p.peek().line
		switch {
		case p.take("'"):
			e = &Expr{Op: "'", Args: []*Expr{e}, Line: line}
		case p.take("."):
			e = &Expr{Op: Field, Name: p.name(), Args: []*Expr{e}, Line: line}
		case p.take("["):
			e = &Expr{Op: Index, Args: []*Expr{e, p.expr(0)}, Line: line}
			p.need("]")
		default:
			return e
		}
	}
}

// list parses expressions up to the closing sign.
func (p *parser) list(end string) (all []*Expr) {
	if p.take(end) {
		return nil
	}
	for more := true; more; more = p.take(",") {
		all = append(all, p.expr(0))
	}
	p.need(end)
	return all
}

// set parses the contents of braces.
func (p *parser) set(e *Expr) *Expr {
	if p.peek().kind == ident && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "\\in" {
		at := p.at
		bound := p.binds()
		if p.take(":") {
			e.Op, e.Bound, e.Args = Filter, bound, []*Expr{p.expr(0)}
			p.need("}")
			return e
		}
		p.at = at
	}
	e.Op = Set
	if p.take("}") {
		return e
	}
	e.Args = []*Expr{p.expr(0)}
	if p.take(":") {
		e.Op, e.Bound = Map, p.binds()
		p.need("}")
		return e
	}
	if p.take(",") {
		e.Args = append(e.Args, p.list("}")...)
		return e
	}
	p.need("}")
	return e
}

// brackets parses a function, a record or an EXCEPT.
func (p *parser) brackets(e *Expr) *Expr {
	next := ""
	if p.at+1 < len(p.tokens) {
		next = p.tokens[p.at+1].text
	}
	switch {
	case next == "\\in":
		e.Op, e.Bound = Function, p.binds()
		p.need("|->")
		e.Args = []*Expr{p.expr(0)}
	case next == "|->":
		e.Op = Record
		for more := true; more; more = p.take(",") {
			e.Names = append(e.Names, p.name())
			p.need("|->")
			e.Args = append(e.Args, p.expr(0))
		}
	default:
		e.Op, e.Args = Except, []*Expr{p.expr(0)}
		p.need("EXCEPT")
		for more := true; more; more = p.take(",") {
			var path Path
			p.need("!")
			if p.take("[") {
				path.Index = p.expr(0)
				p.need("]")
			} else {
				p.need(".")
				path.Field = p.name()
			}
			p.need("=")
			e.Paths, e.Args = append(e.Paths, path), append(e.Args, p.expr(0))
		}
	}
	p.need("]")
	return e
}

// Check parses the named definitions, and returns the errors of those that it can't parse.
func (m *Module) Check(names ...string) error {
	var errs []error
	for _, name := range names {
		d := m.Definition(name)
		if d == nil {
			errs = append(errs, fmt.Errorf("%s is not defined", name))
			continue
		}
		_, err := d.Body()
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
