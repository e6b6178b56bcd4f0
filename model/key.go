package model

import (
	"slices"
	"strconv"
)

// Key returns a string that two states share if and only if they are equal, history included. It is
// not for reading, and may change from one version to the next.
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

// Each of these functions writes a value so that its end can be found when reading from the start:
// a string has its length before it, and a list its count. So no two lists of values have the same
// key.

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
