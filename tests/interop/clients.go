package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const (
	startWait = 30 * time.Second
	rowsWait  = 5 * time.Minute
)

// clientRows runs the rows of ably-js alone, js/interop.mjs, on cmd/ablyserver.
func clientRows(ctx context.Context, root, js, only string) (counts, error) {
	tmp, err := os.MkdirTemp("", "interop")
	if err != nil {
		return counts{}, err
	}
	defer os.RemoveAll(tmp)
	fmt.Println("interop: building and starting ablyserver")
	program := filepath.Join(tmp, "ablyserver")
	if err := command(ctx, root, "go", "build", "-o", program, "./cmd/ablyserver").Run(); err != nil {
		return counts{}, fmt.Errorf("building ablyserver: %w", err)
	}
	var c counts
	err = withServer(ctx, program, func(ctx context.Context, at serverAt) error {
		ctx, cancel := context.WithTimeout(ctx, rowsWait)
		defer cancel()
		rows := command(ctx, js, "node", "interop.mjs", "--only", only)
		rows.Env = append(os.Environ(), "ABLY_HOST="+at.Host, "ABLY_PORT="+strconv.Itoa(at.Port), "ABLY_KEY="+at.Key)
		rows.Stdout = nil
		out, err := rows.StdoutPipe()
		if err != nil {
			return err
		}
		if err := rows.Start(); err != nil {
			return fmt.Errorf("starting Node: %w", err)
		}
		counted := readCounts(out, os.Stdout, &c)
		if err := rows.Wait(); err != nil && c.failed == 0 {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("rows of ably-js: %w", err)
		}
		return counted
	})
	return c, err
}

// readCounts shows what interop.mjs prints, but for its last line, which it reads.
func readCounts(from io.Reader, to io.Writer, c *counts) error {
	counted := false
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		if _, err := fmt.Sscanf(lines.Text(), "counts rows=%d failed=%d", &c.rows, &c.failed); err == nil {
			c.passed, counted = c.rows-c.failed, true
			continue
		}
		fmt.Fprintln(to, lines.Text())
	}
	if !counted {
		return errors.Join(errors.New("the rows of ably-js don't say how many they were"), lines.Err())
	}
	return nil
}

// command runs in dir, with this program's output, and ends with ctx.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Stdout, c.Stderr = dir, os.Stdout, os.Stderr
	return c
}

// serverAt is the line that ablyserver prints.
type serverAt struct {
	Host string `json:"host"`
	Port int    `json:"port"`
	Key  string `json:"key"`
}

// withServer runs f while the server runs. f's context ends if the server does; a server
// that ends otherwise than cleanly on SIGTERM is an error.
func withServer(ctx context.Context, program string, f func(context.Context, serverAt) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	server := exec.Command(program)
	server.Stderr = os.Stderr
	stdout, err := server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := server.Start(); err != nil {
		return fmt.Errorf("starting ablyserver: %w", err)
	}
	lines := make(chan string, 1)
	ended := make(chan error, 1)
	go func() {
		in := bufio.NewScanner(stdout)
		for in.Scan() {
			select {
			case lines <- in.Text():
			default: // Only the first line is of interest.
			}
		}
		err := server.Wait()
		cancel(errors.New("ablyserver ended too early"))
		ended <- err
	}()

	err = func() error {
		var at serverAt
		select {
		case line := <-lines:
			if err := json.Unmarshal([]byte(line), &at); err != nil {
				return fmt.Errorf("ablyserver printed %q, not its address: %w", line, err)
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(startWait):
			return errors.New("ablyserver doesn't say where it listens")
		}
		return f(ctx, at)
	}()
	server.Process.Signal(syscall.SIGTERM)
	if end := <-ended; end != nil {
		err = errors.Join(err, fmt.Errorf("ablyserver didn't stop cleanly: %w", end))
	}
	return err
}
