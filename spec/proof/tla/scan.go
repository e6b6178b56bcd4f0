package tla

import (
	"fmt"
	"strings"
)

// token is a token of a module, with its place. Parsing a junction list needs the column.
type token struct {
	text      string
	kind      kind
	line, col int
}

type kind uint8

const (
	symbol kind = iota
	ident
	number
	text // a string
)

// symbols are the operator signs. A sign comes before its prefixes.
var symbols = []string{
	"\\subseteq", "\\notin", "\\cup", "\\cap", "\\in", "\\A", "\\E", "\\o",
	"|->", "<=>", "=>", "==", "->", "~>", "/\\", "\\/", "<<", ">>", "..", "[]", "]_",
	"<=", ">=", "=", "#", "<", ">", "+", "-", "\\", "~", "(", ")", "[", "]", "{", "}", ",", ":", ".", "!", "'",
}

// scan splits a module into tokens. It skips comments and the lines between sections.
func scan(source string) ([]token, error) {
	var all []token
	line, begin := 1, 0 // the number of the line, and the offset of its first byte
	for at := 0; at < len(source); {
		rest := source[at:]
		add := func(k kind, n int) {
			all = append(all, token{rest[:n], k, line, at - begin})
			at += n
		}
		switch c := rest[0]; {
		case c == '\n':
			at++
			line, begin = line+1, at
		case c == ' ' || c == '\t' || c == '\r':
			at++
		case strings.HasPrefix(rest, "\\*"):
			at += strings.IndexByte(rest+"\n", '\n')
		case strings.HasPrefix(rest, "(*"):
			end := strings.Index(rest, "*)")
			if end < 0 {
				return nil, fmt.Errorf("line %d: a comment without an end", line)
			}
			for i := range end {
				if rest[i] == '\n' {
					line, begin = line+1, at+i+1
				}
			}
			at += end + 2
		case strings.HasPrefix(rest, "----") || strings.HasPrefix(rest, "===="):
			at += len(rest) - len(strings.TrimLeft(rest, rest[:1]))
		case letter(c):
			add(ident, wordLength(rest))
		case '0' <= c && c <= '9':
			n := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
			add(number, n)
		case c == '"':
			n := strings.IndexByte(rest[1:], '"')
			if n < 0 {
				return nil, fmt.Errorf("line %d: a string without an end", line)
			}
			add(text, n+2)
			last := &all[len(all)-1]
			last.text = strings.Trim(last.text, `"`)
		default:
			n := 0
			for _, s := range symbols {
				if strings.HasPrefix(rest, s) {
					n = len(s)
					break
				}
			}
			if n == 0 {
				return nil, fmt.Errorf("line %d: unknown sign %q", line, rest[:1])
			}
			add(symbol, n)
		}
	}
	return all, nil
}

func letter(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }

func wordLength(s string) int {
	n := 0
	for n < len(s) && (letter(s[n]) || '0' <= s[n] && s[n] <= '9') {
		n++
	}
	return n
}
