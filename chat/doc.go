// Package chat has what the features of a room exchange and how it is put together: messages and their versions, summaries of
// reactions, who types, who is present, how many are connected. It is pure: values in, values out, the time as an argument; no network,
// goroutine, lock or clock. What talks to Ably is in adapter/ably.
//
// Values that it returns share no map or slice with what they were made from.
package chat
