// Package ablytest is an embedded double of Ably for tests and demos: it speaks the
// realtime protocol over a real WebSocket on loopback, and the REST API, well enough
// that Ably's own clients work on it unchanged.
package ablytest
