package tlcrun

import (
	"bufio"
	"bytes"
	"io"
)

// DumpLine is a line of a dump: a state or, if To is set, an edge from one state to another. It is
// valid until the next line is read.
type DumpLine struct{ From, To, Attributes []byte }

// Label returns the line's label, without escapes.
func (l DumpLine) Label() string {
	_, rest, _ := bytes.Cut(l.Attributes, []byte(`label="`))
	b := make([]byte, 0, len(rest))
	for i := 0; i < len(rest) && rest[i] != '"'; i++ {
		c := rest[i]
		if c == '\\' && i+1 < len(rest) {
			if i++; rest[i] == 'n' {
				c = '\n'
			} else {
				c = rest[i]
			}
		}
		b = append(b, c)
	}
	return string(b)
}

// EachLine visits the states and edges of a dump, until visit returns an error.
func EachLine(dump io.Reader, visit func(DumpLine) error) error {
	lines := bufio.NewScanner(dump)
	lines.Buffer(make([]byte, 0, 1<<20), 1<<24)
	for lines.Scan() {
		head, attributes, ok := bytes.Cut(lines.Bytes(), []byte(" ["))
		if !ok || len(head) == 0 || head[0] != '-' && (head[0] < '0' || head[0] > '9') {
			continue
		}
		from, to, isEdge := bytes.Cut(head, []byte(" -> "))
		if !isEdge {
			to = nil
		}
		if err := visit(DumpLine{from, to, attributes}); err != nil {
			return err
		}
	}
	return lines.Err()
}
