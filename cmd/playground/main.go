// Command playground builds and serves a page that plays the state machines of this module step by
// step: the cores that the library ships, compiled to WebAssembly. It prints the page's address,
// and serves until Ctrl-C.
//
//	go run ./cmd/playground [-addr host:port] [-out folder] [-build]
//
// The test commands print failing scripts as links to the page. The links begin with the page's
// address if the environment variable PLAYGROUND_URL contains it.
//
// The files can be served by any host and from any folder. Use -build and -out to write them
// without serving them.
package main

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"ablyrooms.example/cmd/playground/internal/site"
	"ablyrooms.example/internal/modroot"
)

//go:embed web
var web embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "playground:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("playground", flag.ContinueOnError)
	flags.SetOutput(out)
	addr := flags.String("addr", "127.0.0.1:8765", "the `address` to serve on; port 0 means any free port")
	dir := flags.String("out", "", "the `folder` for the static files; default .cache/playground")
	only := flags.Bool("build", false, "write the files without serving them")
	if err := flags.Parse(args); err != nil {
		return err
	}
	root, err := modroot.Find()
	if err != nil {
		return err
	}
	if *dir == "" {
		*dir = filepath.Join(root, ".cache", "playground")
	}
	if err := site.Build(ctx, root, *dir, web); err != nil {
		return err
	}
	if *only {
		fmt.Fprintln(out, "the page is in", *dir)
		return nil
	}
	return serve(ctx, *addr, *dir, out)
}

// serve serves a folder until ctx ends.
func serve(ctx context.Context, addr, dir string, out io.Writer) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler:           http.FileServer(http.Dir(dir)),
		ReadHeaderTimeout: 10 * time.Second,
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	fmt.Fprintf(out, "the playground is at http://%v/ (press Ctrl-C to stop)\n", l.Addr())
	<-ctx.Done()
	_ = server.Close()
	if err := <-done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
