// Command peers runs the test suite of one of Ably's official clients on the embedded Ably server,
// and prints the tests that fail.
//
//	go run ./tests/peers -dir DIR [-only regexp] [-v]
//
// DIR is a checkout of ably-chat-js, ably-js or ably-go with its submodules and its dependencies
// (npm install; for ably-js also npm run build:node). The suite runs unchanged: environment
// variables name the address of the service. The command exits with 0 only if no test failed except
// those that scope.txt names.
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
	dir := flag.String("dir", "", "the `folder` with the checkout of the suite")
	only := flag.String("only", "", "run only the tests whose name matches this `regexp`, in the syntax of the suite")
	verbose := flag.Bool("v", false, "show the output of the suite")
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
