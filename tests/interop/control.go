package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// controlRows runs the tests of js/control.mjs: a bot on the official client, tested with the kit
// that cmd/ablyserver serves.
func controlRows(ctx context.Context, root, js, only string) (c counts, err error) {
	bin, err := os.MkdirTemp("", "ablyserver")
	if err != nil {
		return c, err
	}
	defer os.RemoveAll(bin)
	server := filepath.Join(bin, "ablyserver")
	build := exec.CommandContext(ctx, "go", "build", "-o", server, "./cmd/ablyserver")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		return c, fmt.Errorf("building cmd/ablyserver: %w", err)
	}
	return nodeRows(ctx, js, nil, "the control", "control.mjs", "--server", server, "--only", only)
}
