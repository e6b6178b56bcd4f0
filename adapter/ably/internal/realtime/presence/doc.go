// Package presence is the core of a room channel's presence: the members that the service reports,
// this program's own members, their re-entry after a loss, and the calls that wait.
// docs/presence.md states its rules; the comments here cite them (P1, P2, …).
//
// A [Set] is a plain value with one method, [Set.Step]: an [Input] in, [Output]s out. It knows no
// clock, goroutine, lock, context or network. The type parameter is what a member carries (its data
// and encoding); the core never looks into it.
package presence
