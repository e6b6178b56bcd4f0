// Command interop runs Ably's official clients in other languages on the embedded Ably
// server: it starts cmd/ablyserver, installs the pinned clients and runs their rows. It
// exits with 0 only if every row passes.
//
//	go run ./tests/interop [-only text]
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	minNode   = 20
	startWait = 30 * time.Second
	rowsWait  = 5 * time.Minute
)

func main() {
	only := flag.String("only", "", "run only the rows whose name contains this `text`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *only); err != nil {
		fmt.Fprintln(os.Stderr, "interop: FAILED:", err)
		if errors.Is(err, errNode) {
			fmt.Fprintf(os.Stderr, nodeAdvice, minNode)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, only string) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	js := filepath.Join(root, "tests", "interop", "js")
	if err := checkNode(ctx); err != nil {
		return err
	}
	if err := install(ctx, js); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "interop")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	fmt.Println("interop: building and starting ablyserver")
	program := filepath.Join(tmp, "ablyserver")
	if err := command(ctx, root, "go", "build", "-o", program, "./cmd/ablyserver").Run(); err != nil {
		return fmt.Errorf("building ablyserver: %w", err)
	}
	return withServer(ctx, program, func(ctx context.Context, at serverAt) error {
		ctx, cancel := context.WithTimeout(ctx, rowsWait)
		defer cancel()
		rows := command(ctx, js, "node", "interop.mjs", "--only", only)
		rows.Env = append(os.Environ(), "ABLY_HOST="+at.Host, "ABLY_PORT="+strconv.Itoa(at.Port), "ABLY_KEY="+at.Key)
		if err := rows.Run(); err != nil {
			if cause := context.Cause(ctx); cause != nil {
				err = cause
			}
			return fmt.Errorf("rows of the JavaScript client: %w", err)
		}
		return nil
	})
}

// command runs in dir, with this program's output, and ends with ctx.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Stdout, c.Stderr = dir, os.Stdout, os.Stderr
	return c
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("not inside the module: run it from the repository")
	}
	return filepath.Dir(file), nil
}

const nodeAdvice = `
  This check runs Ably's JavaScript client and needs Node %d or later, with npm.
  Get it from https://nodejs.org, or from your system's packages (nodejs and npm).

`

// errNode is for what nodeAdvice helps against.
var errNode = errors.New("no usable Node")

// checkNode makes sure that Node and npm are there and new enough.
func checkNode(ctx context.Context) error {
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%w: %s is not installed", errNode, name)
		}
	}
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return fmt.Errorf("node --version: %w", err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNode {
		return fmt.Errorf("%w: version %s is too old", errNode, version)
	}
	return nil
}

// install brings the pinned packages, unless those of the lock file are there already.
func install(ctx context.Context, js string) error {
	lock, err := os.ReadFile(filepath.Join(js, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(js, "node_modules", ".interop-lock")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(lock) {
		return nil
	}
	fmt.Println("interop: npm ci")
	if err := command(ctx, js, "npm", "ci", "--no-audit", "--no-fund").Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return os.WriteFile(stamp, lock, 0o644)
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
