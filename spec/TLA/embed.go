// Package tla contains the TLA+ modules as files, for programs that run TLC on them outside this
// module:
//
//	dir := t.TempDir()
//	err := os.CopyFS(dir, tla.FS)
//
// Package tlcrun runs TLC. README.md in this folder describes the modules.
package tla

import "embed"

// FS has the modules: Rooms.tla, RoomStatus.tla, and those that bound, compose or trace them.
//
//go:embed *.tla
var FS embed.FS
