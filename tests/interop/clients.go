package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
)

// rowsWait is the maximum time for all rows of one script in Node.
const rowsWait = 5 * time.Minute

// clientRows runs the rows of ably-js alone (js/interop.mjs), on an embedded server of their own.
func clientRows(ctx context.Context, js, only string) (c counts, err error) {
	server, err := ablytest.Start()
	if err != nil {
		return c, err
	}
	defer server.Close()
	env := []string{"ABLY_HOST=" + server.Host(), "ABLY_PORT=" + strconv.Itoa(server.Port()),
		"ABLY_KEY=" + server.Key()}
	return nodeRows(ctx, js, env, "ably-js", "interop.mjs", "--only", only)
}

// nodeRows runs a script of the folder js with additional environment variables, and counts its
// rows. of is the name of the rows in errors.
func nodeRows(
	ctx context.Context, js string, env []string, of string, script ...string,
) (c counts, err error) {
	ctx, cancel := context.WithTimeout(ctx, rowsWait)
	defer cancel()
	rows := exec.CommandContext(ctx, "node", script...)
	rows.Dir, rows.Stderr, rows.Env = js, os.Stderr, append(os.Environ(), env...)
	out, err := rows.StdoutPipe()
	if err != nil {
		return c, err
	}
	if err := rows.Start(); err != nil {
		return c, fmt.Errorf("starting Node: %w", err)
	}
	counted := readCounts(out, os.Stdout, &c)
	if err := rows.Wait(); err != nil && c.failed == 0 {
		return c, fmt.Errorf("rows of %s: %w", of, errors.Join(err, context.Cause(ctx)))
	}
	return c, counted
}

// readCounts copies the output of a script, except for its last line, which has the counts.
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
		return errors.Join(errors.New("the script has not printed the number of its rows"), lines.Err())
	}
	return nil
}
