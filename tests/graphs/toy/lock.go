// Package toy is a lock with a queue, described for package graphs. It is the example of how to use
// that package, and a test of it. Clients ask for the lock, get it one after another in the order
// in which they asked, and give it back.
package toy

import (
	"errors"
	"fmt"
	"slices"
)

// MaxClients is the maximum number of clients.
const MaxClients = 4

// Input is something that a client does.
type Input struct {
	Kind   Kind
	Client int // the client's number, from 1
}

// Kind says what the client does.
type Kind uint8

// The kinds of inputs.
const (
	Ask   Kind = iota + 1 // it asks for the lock
	Leave                 // it stops waiting for the lock
	Give                  // it gives the lock back
)

// String returns the kind's name.
func (k Kind) String() string { return [...]string{"none", "ask", "leave", "give"}[k] }

// String returns the input, such as "ask(1)".
func (in Input) String() string { return fmt.Sprintf("%v(%d)", in.Kind, in.Client) }

// Granted is the one output: the client has the lock.
type Granted int

// String returns the output, such as "granted(1)".
func (g Granted) String() string { return fmt.Sprintf("granted(%d)", int(g)) }

// ErrRefused is the error for an input that no rule allows in the present state.
var ErrRefused = errors.New("refused")

// Lock is the core.
type Lock struct {
	holder  int   // the client that has the lock; 0 for none
	waiting []int // the clients that wait, in the order in which they asked
}

// Step takes an input and returns the outputs. It returns ErrRefused if no rule allows the input.
func (l *Lock) Step(in Input) ([]Granted, error) {
	at := slices.Index(l.waiting, in.Client)
	switch {
	case in.Kind == Ask && at < 0 && l.holder != in.Client:
		l.waiting = append(l.waiting, in.Client)
	case in.Kind == Leave && at >= 0:
		l.waiting = slices.Delete(l.waiting, at, at+1)
	case in.Kind == Give && l.holder == in.Client:
		l.holder = 0
	default:
		return nil, ErrRefused
	}
	if l.holder != 0 || len(l.waiting) == 0 {
		return nil, nil
	}
	l.holder, l.waiting = l.waiting[0], l.waiting[1:]
	return []Granted{Granted(l.holder)}, nil
}

// Model is the reference model. Place is the place of each client in the queue: 1 for the client
// that has the lock, 0 for a client that doesn't ask for it. History records which clients the
// outputs granted the lock; properties are about the history.
type Model struct {
	Place [MaxClients]int
	History
}

// History says for each client whether it was granted the lock and has not given it back.
type History struct{ Has [MaxClients]bool }

// Record returns the history after a step.
func (h History) Record(in Input, outs []Granted) History {
	if in.Kind == Give {
		h.Has[in.Client-1] = false
	}
	for _, g := range outs {
		h.Has[g-1] = true
	}
	return h
}

// Step takes an input. It returns the next state and the outputs, or ErrRefused.
func (m Model) Step(in Input) (Model, []Granted, error) {
	next, place := m, &m.Place[in.Client-1]
	last := slices.Max(m.Place[:])
	switch {
	case in.Kind == Ask && *place == 0:
		next.Place[in.Client-1] = last + 1
	case in.Kind == Leave && *place > 1, in.Kind == Give && *place == 1:
		next.Place[in.Client-1] = 0
		for i, p := range m.Place {
			if p > *place {
				next.Place[i]--
			}
		}
	default:
		return m, nil, ErrRefused
	}
	var outs []Granted
	for i, p := range next.Place {
		if p == 1 && m.Place[i] != 1 {
			outs = append(outs, Granted(i+1))
		}
	}
	next.History = m.History.Record(in, outs)
	return next, outs, nil
}
