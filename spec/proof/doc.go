// Package proof turns the specs into conditions for a solver. If the solver proves them all, the
// specs' properties hold for any number of names, options and calls.
//
// The conditions come from the text of the specs alone. Package tla reads the text. This package
// translates the actions, the properties, and the inductive invariant of a proof module
// (RoomsProof.tla) to terms. Package term prints the terms for the solver. It also evaluates the
// same terms on small states, so that tests can compare them with TLC's results. Command prove asks
// the solver. docs/proof.md explains the proof.
package proof
