package graphs

import (
	"errors"
	"fmt"
	"strings"
)

// Enum is a closed enumeration.
type Enum interface {
	~uint8
	fmt.Stringer
}

// Alike pairs the words of two enumerations by how they are written: from first to last, with those
// of the other that begin at from. A word without a counterpart is a panic.
func Alike[A, B Enum](first, last A, from B) (to map[A]B, back map[B]A) {
	to, back = map[A]B{}, map[B]A{}
	for a := first; a <= last; a++ {
		b := from
		for ; b.String() != a.String(); b++ {
			if b == 100 {
				panic(fmt.Sprintf("graphs: %T has no counterpart of %v", from, a))
			}
		}
		to[a], back[b] = b, a
	}
	return to, back
}

// Words returns the values of an enumeration by how they are written, from the first to the last.
func Words[T Enum](first, last T) map[string]T {
	all := map[string]T{}
	for v := first; v <= last; v++ {
		all[v.String()] = v
	}
	return all
}

// Unknown collects what a mapping could not read.
type Unknown []string

// Err returns an error for all of it, or nil.
func (u Unknown) Err() error {
	if len(u) == 0 {
		return nil
	}
	return errors.New(strings.Join(u, "; "))
}

// Lookup reads one of the words of a table.
func Lookup[T any](u *Unknown, words map[string]T, v Value) T {
	got, ok := words[v.Text]
	if !ok {
		*u = append(*u, fmt.Sprintf("%q is not one of its words", v.Text))
	}
	return got
}
