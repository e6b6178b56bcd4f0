// Package chain holds the suites that compare the links of the chain of evidence: the core with the reference model, and the
// goroutine layer with the reference model.
package chain
