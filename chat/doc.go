// Package chat has what the features of a room exchange and how it is put together: messages and
// their versions, summaries of reactions, who types, who is present, how many are connected. It is
// pure: values in, values out, the time as an argument; no network, goroutine, lock or clock. What
// talks to Ably is in adapter/ably.
//
// What is decoded becomes part of the value, without a copy: it must not be changed afterwards. A
// number of an object is a float64, or a json.Number if a float64 would change the integer.
package chat
