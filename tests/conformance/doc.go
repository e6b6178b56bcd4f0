// Package conformance tries anything that gets, releases and disposes of rooms by name against the
// rules of docs/rooms.md, in the manner of testing/slogtest: a test of a few lines says how to make
// the system and how to read its errors, and [Run] does the rest.
//
//	func TestMyRooms(t *testing.T) {
//		conformance.Run(t, conformance.Subject{New: newRooms, Classify: classify,
//			Promises: conformance.AllPromises()})
//	}
//
// # In process
//
// The system opens and releases rooms with a [Backend] whose every work waits until the harness
// ends it, in a bubble of testing/synctest. So the harness decides the order of all that happens: a
// script of calls that begin, callers that give up, and works that end well or badly. After each
// step it waits until nothing moves any more, and compares with the reference model (package
// model): which calls are settled and how, with which room, and what the backend is asked for.
//
// [Run] first tries all scripts up to a length within small bounds, the short ones first, so that
// what it finds there is a shortest script; then random ones (pgregory.net/rapid) that go deeper,
// and shortens what fails. A [Violation] names the rule and its point of Ably's Chat specification,
// and shows the script, what was expected, and a sequence diagram.
//
// # In another process
//
// [CheckProcess] does the same with a subject in whatever language, which speaks
// docs/subject-protocol.md, JSON lines on its standard input and output. Its client connects to a
// [Server] of this process. The subject is whole, client included, so that only the wire can be
// held: the ATTACHED that answers an attach, and the DETACHED that answers a release. By CHA-RC1f3
// a get makes a room without the wire, so an opening ends at once and can't be held. By CHA-RL3j a
// room that was never attached is released without the wire too. So scripts have steps of their own
// beside the calls: a room is attached, and its release then waits at the server until the script
// lets it go, well or badly. What can't be seen in this way (R11, R18, R19 and R20, and the failing
// halves of R15 and R21) is reported apart from what was seen to hold. A deviation that leaves the
// subject's state as the model has it, such as a Dispose that returns early, is noted and stepped
// over, so that it hides nothing that comes after it.
//
// # What it does not
//
// What it tries is bounded, by [Plan]; what it doesn't find may still be there. Names and options
// are opaque to it. It sees calls and the backend, not memory that a system forgets to free.
// Between two steps it waits for rest, so two calls at the very same moment are left to the race
// detector and to package linear. A panic in a goroutine that the system itself started ends the
// test binary, as in any Go program; one in a call is reported. A system that holds a lock while
// the backend works is reported as hanging as soon as another goroutine wants that lock: in a
// bubble a goroutine that waits for a lock counts as moving, and a call that waits for one could
// neither give up nor be rejected by a release. [Promises] says what is judged: what a system does
// not promise is left out, and [Run] logs each such loosening by name.
package conformance
