// Command peers runs the test suite of one of Ably's official clients, which lies in a folder, on
// the embedded Ably server, and prints what fails.
//
//	go run ./tests/peers -dir DIR [-only regexp] [-v]
//
// DIR is a checkout of ably-chat-js, ably-js or ably-go with its submodules and what it depends on
// (npm install; for ably-js npm run build:node too). The suite runs as it is, told by environment
// variables where its service is. The command exits with 0 only if nothing failed but what
// scope.txt names.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

func main() {
	dir := flag.String("dir", "", "the `folder` that the suite lies in")
	only := flag.String("only", "", "run only the tests whose name matches this `regexp`, as the suite reads it")
	verbose := flag.Bool("v", false, "show what the suite prints")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *dir, *only, *verbose); err != nil {
		fmt.Fprintln(os.Stderr, "peers: FAILED:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, dir, only string, verbose bool) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	s, err := suiteOf(dir)
	if err != nil {
		return err
	}
	scope, err := readScope(s.name)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "peers")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	p := &peer{dir: dir, temp: temp, only: only, verbose: verbose}
	results, err := s.run(ctx, p)
	if err != nil {
		return fmt.Errorf("%s: %w", s.name, err)
	}
	return scope.report(os.Stdout, s.name, results)
}
