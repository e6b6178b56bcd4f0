// Package listen delivers events to functions and to loops that range over them. A publisher never
// waits and runs no foreign code; each listener receives the events in order; one that panics,
// blocks or calls back affects no other.
package listen
