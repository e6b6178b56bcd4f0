package main

import (
	"math/rand/v2"
	"slices"
)

// draw takes some of a list by a seed, in the order of the list.
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
