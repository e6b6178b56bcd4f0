// Package conformance tries a registry, anything that gets and releases resources by name, against
// the rules of docs/rooms.md. It works in the manner of testing/slogtest: a test says how to make
// the registry and how to read its errors, and [Run] does the rest.
//
//	func TestMyRooms(t *testing.T) {
//		conformance.Run(t, conformance.Subject{New: newRooms, Classify: classify})
//	}
//
// [SubjectFor] makes a [Subject] for a registry of resources of any comparable type.
// docs/harness-go.md and docs/harness-languages.md are the pages to begin with.
//
// # In process
//
// The registry opens and releases rooms with a [Backend]. Each call of the backend waits until the
// harness ends it, in a bubble of testing/synctest. So the harness decides the order of everything:
// it plays a script of calls that begin, callers that stop waiting, and backend calls that end well
// or badly. After each step it waits until nothing moves any more. Then it compares with the
// reference model (package model): which calls are settled, with which outcome and which room, and
// what the backend is asked for.
//
// [Run] first tries all scripts up to a length within small bounds, the short ones first, so that
// what it finds there is a shortest script. Then it tries longer random ones (pgregory.net/rapid),
// and shortens one that fails. A [Violation] names the rule and its point of Ably's Chat
// specification, and has the script, what was expected, and a sequence diagram.
//
// # In another process
//
// [CheckProcess] does the same with a subject in any language, which speaks lines of JSON on its
// standard input and output (docs/subject-protocol.md). Its client connects to a [Server] of this
// process. Only the wire can be held: the ATTACHED that answers an attach, and the DETACHED that
// answers a release.
//
// So scripts have more steps: a room is attached, and its release then waits at the server until
// the script lets it go, well or badly. A get makes a room without the wire (CHA-RC1f3), so an
// opening can't be held. A room that was never attached is released without the wire (CHA-RL3j).
// What can't be seen for these reasons (R11, R18 to R20, and the failing halves of R15 and R21) is
// reported apart from what was seen to hold.
//
// A deviation that leaves the subject's state as the model has it, such as a Dispose that returns
// early, is noted. The script then goes on, so that the deviation hides nothing that comes after
// it.
//
// # Limits
//
// What is tried is bounded by a [Plan]; a pass is no proof. The harness sees calls and the backend,
// not memory that a registry forgets to free. Two calls at the very same moment are left to the
// race detector and to package linear.
//
// A panic in a call is reported. A panic in a goroutine that the registry itself started ends the
// test binary, as in any Go program.
//
// A registry that holds a lock while the backend works is reported as hanging as soon as another
// goroutine wants that lock: the call that waits for it could neither stop waiting nor be rejected
// by a release.
//
// [Promises] say what is judged. What a registry does not promise is left out, and a pass says so.
package conformance
