// Package lifecycle is Ably Chat's Rooms for Go: rooms that are got, attached, detached and
// released by name, without races between a get and a release.
//
// [Rooms] is the registry: Get, Release and Dispose, and Acquire for several owners of one room. It
// works for any resource that is opened by name and takes time to release: a [Backend] opens and
// releases it. The Ably adapter, package ablychat in adapter/ably, opens chat rooms on a realtime
// client.
//
// [Room] is one room: attach, detach, status and discontinuities, on a [Channel] that the backend
// provides.
//
// Both are thin drivers: the pure cores of package fsm decide, step by step, what happens; this
// package carries out the outputs of the cores, with goroutines and contexts. No lock is held while
// a backend, a channel or a listener runs, so each of them may call methods of this package. An
// idle room has no goroutine and no timer.
//
// # Contexts
//
// Every call that may wait takes a context first. When the context ends, the call returns at once,
// with the context's cause ([context.Cause]); [errors.Is] also finds the context's Err in it.
// Cancelling stops the wait: the opening, the release or the operation goes on, and a later call
// joins it.
//
// A Get, an Attach or a Detach whose context has already ended returns, and has no other effect.
// [Rooms.Release] and [Rooms.Dispose] take effect even then, so that a program can shut down after
// its context was cancelled. Without waiting, they return their outcome if it is known at once,
// else the cause.
//
// # Errors
//
// Errors are Ably's: an [*ErrorInfo] with a code, a status and a message, found with [errors.As].
// Use errors.Is(err, lifecycle.ErrRoomInInvalidState) to test for a code. Errors of a backend's
// Open and Release are returned unchanged.
package lifecycle
