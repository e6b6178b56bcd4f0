// Package tlcrun runs TLC, the model checker of TLA+, on the configurations of a folder, and judges
// each run by what the head of its configuration says that must come out: the exit code, the one
// property that must be violated or the number of distinct states, and the properties that are
// checked. A run that ends in any other way fails, also one that fails for another reason than the
// one stated.
//
// TLC is a jar that Maven fetches; it is pinned by its checksum, which is compared before each run.
package tlcrun
