// Package graphs checks that a spec, a model and a core are the same machine. A [Machine] describes
// a machine once; everything here works from that description:
//
//   - [Explore] visits every state that the core reaches, breadth first on all processors, and
//     tries every input in each state. It checks the machine's properties in each state and step.
//     It can also compare each step and each refused input with the model. It keeps fingerprints of
//     the states, not the states. It can count states that differ only in names as one.
//   - [CheckLiveness] checks liveness on the whole graph, and that each fairness condition is
//     needed.
//   - [Comparison] compares the graph with the graph that TLC dumps for the spec, in both
//     directions.
//   - [Follow] runs a script on core and model, step by step. [Draw] draws a random script.
//     [EachStep] visits every step, each with the shortest script that ends with it.
//   - [CheckFaults] plants the machine's faults, and checks that each property catches its faults.
//
// All results hold only within the bounds of the machine.
//
// # To bind a machine
//
// Package toy is the example: a lock with a queue, in less than 400 lines. It has
//
//   - a core (Lock) and a reference model (Model). Both have a method Step, which refuses an input
//     for which there is no rule.
//   - a State: the core's own state, and a history of what clients have learnt from outputs
//     (History), which the core doesn't store. Core has a method that sets the core's state, and
//     one that reads it. Record updates the history after a step.
//   - view, which maps a state to a state of the model. Properties, liveness and the spec are about
//     states of the model.
//   - properties, liveness with fairness, and faults. Each fault names the properties that it
//     breaks.
//   - Spec, a [Mapping] that reads the states and steps of Lock.tla as those of the model.
//
// With these, a test is one call of package graphtest:
//
//	func TestCoreAndModelHaveTheKnownSizes(t *testing.T) { graphtest.Sizes(t, Sizes(), 100) }
//	func TestEachFaultIsCaught(t *testing.T) {
//		graphtest.Faults(t, "toy", New(3), New(3))
//	}
//
// Then add the machine to package main in the folder run, so that its flag -of accepts the machine.
// Run `make golden`: it writes the machine's size to golden.json, and the dumps that the machine's
// tests need.
package graphs
