// Package tlcrun runs TLC, the model checker of TLA+, on the configurations of a folder. It
// compares each run with the result that the head of its configuration states: the exit code, the
// one property that must be violated or the number of distinct states, and the properties that are
// checked. A run with another result fails, also if another property than the stated one is
// violated.
//
// TLC is a jar. Maven fetches it, and its checksum is compared before each run.
package tlcrun
