// Package presence is the core of the presence of a room's channel: the members that the service
// reports, this program's own members, their re-entry after a loss, and the calls that wait.
// docs/presence.md states its rules; the comments here cite them (P1, P2, …).
//
// A [Set] is a plain value with one method, [Set.Step], which takes an [Input] and returns
// [Output]s. It uses no clock, goroutine, lock, context or network. The type parameter is the
// payload of a member: its data and encoding. The core never reads a payload.
package presence
