package model

import (
	"slices"
	"strconv"
)

// Key returns a string that two states share if and only if they are equal. It takes in all of the
// state, history included, and no more; it is not meant to be read, nor to be kept across versions.
func (s State) Key() string {
	b := make([]byte, 0, 32*(len(s.Calls)+len(s.Incarnations)))
	for _, c := range s.Calls {
		b = append(b, 'c')
		b = number(b, int(c.Kind))
		b = text(b, c.Name)
		b = text(b, c.Options)
		b = number(b, c.Of)
		b = number(b, c.WaitsFor)
		b = number(b, int(c.Outcome.Kind))
		b = number(b, c.Outcome.Incarnation)
		b = numbers(b, c.Outcome.Failed)
	}
	for _, inc := range s.Incarnations {
		b = append(b, 'i')
		b = text(b, inc.Name)
		b = text(b, inc.Options)
		b = number(b, int(inc.Life))
		b = number(b, int(inc.Work))
		b = number(b, int(inc.Ended))
	}
	b = append(b, 'f')
	b = numbers(b, s.Failed)
	return string(b)
}

// Equal reports whether two states are the same, history included.
func (s State) Equal(t State) bool {
	sameCall := func(c, d Call) bool {
		return c.Kind == d.Kind && c.Name == d.Name && c.Options == d.Options && c.Of == d.Of &&
			c.WaitsFor == d.WaitsFor && c.Outcome.Equal(d.Outcome)
	}
	return slices.EqualFunc(s.Calls, t.Calls, sameCall) &&
		slices.Equal(s.Incarnations, t.Incarnations) &&
		slices.Equal(s.Failed, t.Failed)
}

// Each of these can be read back from its beginning alone, so that no two values run together:
// opaque strings go with their length, and a list with its count.

func number(b []byte, n int) []byte {
	return append(strconv.AppendInt(b, int64(n), 10), ' ')
}

func text(b []byte, s string) []byte {
	return append(number(b, len(s)), s...)
}

func numbers(b []byte, list []int) []byte {
	b = number(b, len(list))
	for _, n := range list {
		b = number(b, n)
	}
	return b
}
