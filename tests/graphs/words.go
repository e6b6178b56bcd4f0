package graphs

import (
	"errors"
	"fmt"
	"strings"
)

// Enum is an enumeration whose values have names.
type Enum interface {
	~uint8
	fmt.Stringer
}

// Alike maps the values of one enumeration, from first to last, to those of another that have the
// same name, and back. Values of the other enumeration before from are ignored. Alike panics if a
// value has no counterpart.
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

// Words returns the values of an enumeration from first to last, by their names.
func Words[T Enum](first, last T) map[string]T {
	all := map[string]T{}
	for v := first; v <= last; v++ {
		all[v.String()] = v
	}
	return all
}

// Unknown collects descriptions of what a mapping could not read.
type Unknown []string

// Err returns one error for all entries, or nil if there are none.
func (u Unknown) Err() error {
	if len(u) == 0 {
		return nil
	}
	return errors.New(strings.Join(u, "; "))
}

// Lookup returns the value of a word. If words doesn't have it, u gets an entry.
func Lookup[T any](u *Unknown, words map[string]T, v Value) T {
	got, ok := words[v.Text]
	if !ok {
		*u = append(*u, fmt.Sprintf("%q is an unknown word", v.Text))
	}
	return got
}
