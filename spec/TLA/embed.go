// Package tla holds the TLA+ modules, for tools that run outside this module's folder.
package tla

import "embed"

// FS has the modules.
//
//go:embed *.tla
var FS embed.FS
