// Package tla holds the TLA+ specs as files, for programs that run TLC on them from another module:
//
//	dir := t.TempDir()
//	err := os.CopyFS(dir, tla.Modules)
//
// Package tlcrun runs TLC. What the modules say stands in README.md beside them.
package tla

import "embed"

// Modules are the specs: Rooms.tla, RoomStatus.tla, and those that bound, compose or trace them.
//
//go:embed *.tla
var Modules embed.FS
