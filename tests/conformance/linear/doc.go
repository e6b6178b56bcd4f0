// Package linear runs a registry of rooms in real parallelism and checks the history for linearizability against the reference model, with
// porcupine.
//
// A call that waits takes effect twice: when it begins, and when it is settled. So each stands in the history as two operations, both
// within the interval from its begin to its return, and so does each end of a backend's work, from when the backend returned. A history
// passes if there is one order of all these, in time, that the model takes, and in which every call is settled with what it got.
// Names don't touch each other, a disposal aside, which stands in the history of each; so each name is checked by itself.
package linear
