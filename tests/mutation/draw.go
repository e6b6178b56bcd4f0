package main

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
)

// choose returns the entries of a list whose names match o.only, in the order of the list. If
// o.sample is set, it returns a sample of these, drawn with the seed.
func choose[T any](o options, what string, list []T, name func(T) string) ([]T, error) {
	only, err := regexp.Compile(o.only)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(slices.Clone(list), func(t T) bool { return !only.MatchString(name(t)) })
	if o.sample > 0 && o.sample < len(list) {
		fmt.Printf("mutation: a sample of %d of %d %s, drawn with the seed %d\n", o.sample, len(list), what, o.seed)
	}
	return draw(list, o.sample, o.seed), nil
}

// draw returns n entries of a list, drawn with the seed, in the order of the list.
func draw[T any](list []T, n int, seed uint64) []T {
	if n <= 0 || n >= len(list) {
		return list
	}
	order := rand.New(rand.NewPCG(seed, 0)).Perm(len(list))[:n]
	slices.Sort(order)
	some := make([]T, n)
	for i, at := range order {
		some[i] = list[at]
	}
	return some
}
