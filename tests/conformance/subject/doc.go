// Package subject drives an implementation of Ably Chat's Rooms that lives in another process, in whatever language, and judges it with
// the reference model. The process speaks docs/subject-protocol.md, JSON lines on its standard input and output, and its client connects
// to the embedded server of this process, which holds frames back and lets them go as a script says.
//
// # What can be gated
//
// Package conformance ends each opening and release by itself. Here the subject is whole, client included, so that only the wire
// can be held: the ATTACHED that answers an attach, and the DETACHED that answers a release. By CHA-RC1f3 a get makes a room without
// the wire, so an opening ends at once and can't be held; a room is initializing only while it waits for its predecessor's release. By
// CHA-RL3j a room that was never attached is released without the wire too. So scripts have steps of their own beside the calls: a room
// is attached, and its release then waits at the server until the script lets it go, well or badly. What can't be seen in this way
// (R11, R18, R19 and R20, and the failing halves of R15 and R21) is told apart from what was seen to hold.
//
// # How it judges
//
// After each step the subject comes to rest: see [Rig]. Then each call must be settled or pending as the model has it, with the same
// outcome and the same room object, and the server must have what the model says: a DETACH that waits for each room that is being
// released, an attachment for each that is attached and in use, none otherwise. A deviation that leaves the subject's state as the
// model has it, such as a Dispose that returns early, is noted and stepped over, so that it hides nothing that comes after it.
package subject
