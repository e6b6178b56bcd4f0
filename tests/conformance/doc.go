// Package conformance checks whether a registry keeps the rules of docs/rooms.md. A registry is
// anything that gets and releases resources by name. The package works like testing/slogtest: a
// test says how to make the registry and how to read its errors, and [Run] does the rest.
//
//	func TestMyRooms(t *testing.T) {
//		conformance.Run(t, conformance.Subject{New: newRooms, Classify: classify})
//	}
//
// [SubjectFor] makes a [Subject] for a registry of resources of any comparable type. To begin, read
// docs/harness-go.md, or docs/harness-languages.md for another language.
//
// # In process
//
// The registry opens and releases rooms with a [Backend]. Each call of the backend waits until the
// harness ends it, in a bubble of testing/synctest, so the harness decides the order of everything.
// It plays a script: calls begin, callers stop waiting, backend calls succeed or fail. After each
// step it waits until nothing runs any more. Then it compares the registry with the reference model
// (package model): which calls are settled, with which outcome and which room, and which rooms the
// backend is opening or releasing.
//
// [Run] first tries all scripts up to a length within small bounds. Short scripts come first, so a
// violation that it finds there has a shortest script. Then it tries longer, random scripts
// (pgregory.net/rapid), and shortens a script that fails. A [Violation] names the rule, and the
// point of Ably's Chat specification that the rule comes from. It contains the script, what was
// expected, and a sequence diagram.
//
// # In another process
//
// [CheckProcess] does the same with a subject in any language. The subject reads and writes lines
// of JSON on its standard input and output (docs/subject-protocol.md). Its client connects to a
// [Server] in the harness's process. The harness can hold only two frames on the wire: the ATTACHED
// that answers an attach, and the DETACHED that answers a release.
//
// So scripts for a process have more steps: one attaches a room; the release of that room then
// waits at the server until another step ends it, well or badly. A get makes a room without the
// wire (CHA-RC1f3), so an opening can't be held. A room that was never attached is released without
// the wire (CHA-RL3j). For these reasons, R11, R18 to R20 and the failures in R15 and R21 can't be
// observed. The report lists them apart from the rules that were seen to hold.
//
// Some deviations leave the subject in the state that the model has, such as a Dispose that returns
// early. The harness notes such a deviation and goes on with the script, so that the deviation
// doesn't hide others that come after it.
//
// # Limits
//
// A [Plan] bounds what is tried, so a pass is not a proof. The harness sees calls and the backend.
// It doesn't see memory that a registry forgets to free. It never makes two calls at the very same
// moment: the race detector and package linear are for that.
//
// A panic in a call is reported. A panic in a goroutine that the registry itself started ends the
// test binary, as in any Go program.
//
// A registry that holds a lock while the backend works is reported as hanging, as soon as another
// goroutine waits for that lock: a call in that goroutine could neither stop waiting nor be
// rejected by a release.
//
// [Promises] say what is judged. The harness doesn't judge what a registry does not promise, and a
// pass says so.
package conformance
