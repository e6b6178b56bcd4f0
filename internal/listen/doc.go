// Package listen delivers events to functions and to loops that range over them. A publisher never
// waits and calls no listener. Each listener receives the events in order. A listener that panics,
// blocks or calls back affects no other listener.
package listen
