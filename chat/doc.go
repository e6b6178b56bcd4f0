// Package chat has the values that the features of a room use: messages and their versions,
// reaction summaries, and the values for typing, presence and occupancy. It also decodes these
// values from messages of the wire. It is pure: it has no network, goroutine, lock or clock, and
// the time is an argument. The code that talks to Ably is in adapter/ably.
//
// A decoded value shares the maps of its input, which must not be changed afterwards. A number in
// an object is a float64, or a json.Number if it is an integer that a float64 would change.
package chat
