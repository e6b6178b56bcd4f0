// Package tlatext reads the text of a TLA+ module, as far as is needed to change it in one place:
// its tokens, its definitions, the lists of conjuncts and disjuncts that columns structure, and the
// operands of infix operators. It is not a parser of TLA+: TLC decides whether a changed text is
// valid.
package tlatext

import (
	"fmt"
	"slices"
	"strings"
)

// Kind says what a [Token] is.
type Kind uint8

// The kinds of tokens.
const (
	Word    Kind = iota + 1 // a name
	Keyword                 // a reserved word
	Number
	String
	Symbol // an operator or a bracket
)

// Token is a token with its position in the text.
type Token struct {
	Kind       Kind
	Text       string
	Start, End int // offsets
	Column     int
}

// symbols has the operators, the longest first: a symbol is tried before the symbols that are a
// prefix of it.
var symbols = slices.Concat(
	[]string{`\subseteq`, `\notin`, `\cup`, `\cap`, `|->`, `<=>`, `\in`, `\o`},
	[]string{`==`, `=>`, `/\`, `\/`, `\E`, `\A`, `->`, `<-`, `<=`, `>=`, `<<`, `>>`, `~>`, `..`, `[]`, `<>`},
	[]string{`=`, `#`, `\`, `<`, `>`, `~`, `'`, `.`, `!`, `@`, `:`, `,`, `[`, `]`, `{`, `}`, `(`, `)`, `+`, `-`, `*`},
)

var keywords = map[string]bool{
	"IF": true, "THEN": true, "ELSE": true, "LET": true, "IN": true, "EXCEPT": true, "UNCHANGED": true, "UNION": true, "SUBSET": true,
	"DOMAIN": true, "CHOOSE": true, "CASE": true, "OTHER": true, "ENABLED": true, "EXTENDS": true, "CONSTANT": true, "CONSTANTS": true,
	"VARIABLE": true, "VARIABLES": true, "LAMBDA": true, "ASSUME": true, "MODULE": true,
}

// Scan returns the tokens of a module's text, without comments and the lines ---- and ====.
func Scan(source string) ([]Token, error) {
	var tokens []Token
	line := 0 // the offset of the line's beginning
	for at := 0; at < len(source); {
		rest := source[at:]
		end := 0
		kind := Symbol
		switch c := source[at]; {
		case c == '\n':
			at++
			line = at
			continue
		case c == ' ' || c == '\t' || c == '\r':
			at++
			continue
		case strings.HasPrefix(rest, `\*`):
			comment, _, _ := strings.Cut(rest, "\n")
			at += len(comment)
			continue
		case strings.HasPrefix(rest, "(*"):
			close := strings.Index(rest, "*)")
			if close < 0 {
				return nil, fmt.Errorf("a comment does not end: %.40q", rest)
			}
			if i := strings.LastIndexByte(rest[:close], '\n'); i >= 0 {
				line = at + i + 1
			}
			at += close + 2
			continue
		case strings.HasPrefix(rest, "----"), strings.HasPrefix(rest, "===="):
			at += len(rest) - len(strings.TrimLeft(rest, rest[:1]))
			continue
		case c == '"':
			close := strings.IndexByte(rest[1:], '"')
			if close < 0 {
				return nil, fmt.Errorf("a string does not end: %.40q", rest)
			}
			end, kind = close+2, String
		case isLetter(rune(c)):
			end = len(rest) - len(strings.TrimLeftFunc(rest, func(r rune) bool { return isLetter(r) || '0' <= r && r <= '9' }))
			kind = Word
			if keywords[rest[:end]] {
				kind = Keyword
			}
		case c >= '0' && c <= '9':
			end = len(rest) - len(strings.TrimLeft(rest, "0123456789"))
			kind = Number
		default:
			i := slices.IndexFunc(symbols, func(symbol string) bool { return strings.HasPrefix(rest, symbol) })
			if i < 0 {
				return nil, fmt.Errorf("an unknown symbol: %.40q", rest)
			}
			end = len(symbols[i])
		}
		tokens = append(tokens, Token{kind, rest[:end], at, at + end, at - line})
		at += end
	}
	return tokens, nil
}

func isLetter(r rune) bool { return r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
