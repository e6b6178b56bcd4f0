// Package listen delivers events to those who want them: to functions, and to loops that range over them. Who publishes never waits and
// runs nobody else's code; each listener has the events in order; one that panics, blocks or calls back hurts no other.
package listen
