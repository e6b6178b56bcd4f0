package graphs

import (
	"hash/maphash"
	"math"
	"sync"
)

// A fingerprint is what the explorer keeps of a state: 84 bits of a hash of its key. The hash is
// seeded anew for each run, so that two states that share a fingerprint in one run hardly do in the
// next.
type fingerprint struct {
	lo uint64
	hi uint64 // extraBits
}

const (
	shards    = 256
	inputBits = 12
	extraBits = 20
	extraMask = 1<<extraBits - 1
	maxInputs = 1 << inputBits
)

type hasher struct{ one, two maphash.Seed }

func newHasher() hasher { return hasher{maphash.MakeSeed(), maphash.MakeSeed()} }

func (h hasher) of(key []byte) fingerprint {
	lo := maphash.Bytes(h.one, key)
	if lo == 0 {
		lo = 1 // 0 marks an empty slot
	}
	return fingerprint{lo: lo, hi: maphash.Bytes(h.two, key) & extraMask}
}

// collisionChance bounds the probability that any two of n states shared a fingerprint, so that one
// was taken for the other: the number of pairs over the number of fingerprints.
func collisionChance(n uint64) float64 {
	return float64(n) / 2 * float64(max(n, 1)-1) / math.Exp2(64+extraBits)
}

// via names a step by the number of the state before it and the index of the input.
func via(parent uint32, input int) uint64 { return uint64(parent)<<inputBits | uint64(input) }

// visited is the set of the states seen, with the step that led to each first: of all steps of a
// level that lead to a new state, the least, whichever worker took its step first.
type visited [shards]shard

type shard struct {
	mu    sync.Mutex
	slots []slot // a power of two; searched one after the other
	used  int
	_     [24]byte // so that two shards don't share a cache line
}

// slot holds a fingerprint with its step: 20 bits of the fingerprint below 44 bits of the step.
type slot struct{ lo, rest uint64 }

func (s slot) via() uint64 { return s.rest >> extraBits }

type arrival uint8

const (
	seen     arrival = iota
	isNew            // no step led there before
	replaced         // seen in this level, but by a later step
)

// add puts a state into the set. Steps from parents numbered levelStart or above are those of the
// present level.
func (v *visited) add(f fingerprint, step uint64, levelStart uint32) arrival {
	sh := &v[f.lo>>56]
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if 10*(sh.used+1) > 7*len(sh.slots) {
		old := sh.slots
		sh.slots = make([]slot, max(64, 2*len(old)))
		for _, s := range old {
			if s.lo != 0 {
				*sh.find(fingerprint{s.lo, s.rest & extraMask}) = s
			}
		}
	}
	s := sh.find(f)
	switch {
	case s.lo == 0:
		*s = slot{f.lo, step<<extraBits | f.hi}
		sh.used++
		return isNew
	case s.via() >= via(levelStart, 0) && step < s.via():
		s.rest = step<<extraBits | f.hi
		return replaced
	}
	return seen
}

// won reports whether the step is the one by which the state is kept. It must not run while states
// are added.
func (v *visited) won(f fingerprint, step uint64) bool {
	return v[f.lo>>56].find(f).via() == step
}

// find returns the slot of the fingerprint, or the empty one where it belongs.
func (sh *shard) find(f fingerprint) *slot {
	mask := uint64(len(sh.slots) - 1)
	for i := f.lo & mask; ; i = (i + 1) & mask {
		s := &sh.slots[i]
		if s.lo == 0 || s.lo == f.lo && s.rest&extraMask == f.hi {
			return s
		}
	}
}
