// Package graphs answers one question: are spec, model and core the same machine? A machine is
// described once, by a [Machine]; everything here is driven from that description:
//
//   - [Explore] visits every state that the core reaches, breadth first on all processors, tries
//     every input in each, and holds properties, bookkeeping and the model to each state, step and
//     refusal. It keeps fingerprints of the states seen, and can count states that differ in names
//     alone as one.
//   - [CheckLiveness] checks liveness on the whole graph, and that each fairness condition is
//     needed.
//   - [Comparison] compares the graph with the one that TLC dumps for the spec, both ways.
//   - [Follow] takes a script through core and model, step by step; [Draw] draws one, for rapid
//     tests; [EachStep] gives the shortest script to each step, for tests that take them all.
//   - [CheckFaults] plants the machine's faults and sees that each is caught by its property.
//
// What they say holds within the bounds of the machine that they are given.
//
// # To bind a machine
//
// Package toy is the example, a lock with a queue in less than 400 lines. It has
//
//   - a core (Lock) and a reference model (Model), each with a step that refuses what no rule
//     names;
//   - a State: what the core has, and what the world remembers (History), which the core forgets.
//     Core says how to put it into a core and how to read it back; Record how the world notes a
//     step;
//   - view, which maps a state to one of the model; properties, liveness and the spec use
//     it;
//   - properties, liveness with fairness, and faults, each with the properties that it breaks;
//   - Spec, a [Mapping] that reads Lock.tla's states and steps as the model's.
//
// Then a test is a line, of package graphtest:
//
//	func TestCoreAndModelHaveTheKnownSizes(t *testing.T) { graphtest.Sizes(t, Sizes(), 100) }
//	func TestEachFaultIsCaught(t *testing.T) {
//		graphtest.Faults(t, "toy", New(3), New(3))
//	}
//
// Add the machine to package main in run, which makes it a value of its -of flag, and run make
// golden for its size in golden.json and the dumps that its tests keep.
package graphs
