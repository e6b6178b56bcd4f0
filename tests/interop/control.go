package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// controlRows runs the tests of js/control.mjs: a bot on the official client, with the kit that
// cmd/ablyserver serves.
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
	ctx, cancel := context.WithTimeout(ctx, rowsWait)
	defer cancel()
	rows := exec.CommandContext(ctx, "node", "control.mjs", "--server", server, "--only", only)
	rows.Dir, rows.Stderr = js, os.Stderr
	out, err := rows.StdoutPipe()
	if err != nil {
		return c, err
	}
	if err := rows.Start(); err != nil {
		return c, fmt.Errorf("starting Node: %w", err)
	}
	counted := readCounts(out, os.Stdout, &c)
	if err := rows.Wait(); err != nil && c.failed == 0 {
		return c, fmt.Errorf("rows of the control: %w", errors.Join(err, context.Cause(ctx)))
	}
	return c, counted
}
