// Package proof turns the specs into conditions for a solver, from which it follows that their
// properties hold for any number of names, options and calls.
//
// The text of a spec is the one source: package tla reads it, this package translates its actions,
// its properties and the inductive invariant of a proof module (RoomsProof.tla) to terms, and
// package term prints the terms for the solver and evaluates the same terms on small states, where
// they are compared with what TLC says. Command prove asks the solver. docs/proof.md explains it.
package proof
