// Package gallery shows what the conformance harness catches: registries of rooms in the styles in
// which people write them, each with one realistic bug, and a good one. They share
// no code with the implementation of this project.
package gallery

import (
	"context"
	"errors"

	"ablyrooms.example/tests/conformance"
)

var (
	errOptions  = errors.New("the room exists with other options")
	errReleased = errors.New("the room was released before")
	errDisposed = errors.New("disposed")
)

// subject has the harness make systems and read their errors.
func subject(p conformance.Promises, make func(*conformance.Backend) conformance.System) conformance.Subject {
	return conformance.Subject{New: make, Classify: conformance.ClassifyBy(errOptions, errReleased, errDisposed), Promises: p}
}

// token is the options without their spelling, for those that know of defaults.
func token(options string) string {
	t, _ := conformance.Spelling(options)
	return t
}

// wait waits for a channel to be closed, or for the context to end.
func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
