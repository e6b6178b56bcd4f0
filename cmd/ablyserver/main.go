// Command ablyserver runs the embedded double of Ably as a program, for clients in other languages.
// It listens on loopback only, prints one line of JSON with host, port and key, and serves until it
// gets SIGTERM or SIGINT. With -control it also serves the kit for tests: see docs/control.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
	"ablyrooms.example/adapter/ably/ablytest/bottest"
)

const usage = `ablyserver runs a double of Ably on loopback, for tests and demos.

It prints one line of JSON to standard output once it accepts connections, such as
  {"host":"127.0.0.1","port":41234,"key":"app.key:secret"}
and stops on SIGTERM or SIGINT, with exit code 0. Everything else goes to standard error.
Point a client at it with its endpoint (or host), its port, TLS off and the key.

With -control the line also has an address such as "control":"http://127.0.0.1:41235". There a
test can act as other users, read rooms and inject faults, over HTTP: see docs/control.md.

Usage: ablyserver [flags]

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run serves until ctx ends and returns the exit code: 0 after a clean end, 1 if the server can't
// start, 2 for bad arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("ablyserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	addr := flags.String("addr", "127.0.0.1:0", "loopback `address` to listen on; port 0 means any free port")
	keyText := flags.String("key", ablytest.DefaultKey.Text(), "API `key` that clients use: app.id:secret")
	ttl := flags.Duration("state-ttl", 2*time.Minute, "how long a lost connection can be resumed")
	idle := flags.Duration("idle", 15*time.Second, "how long a connection may be idle before the server sends a heartbeat; 0 means no heartbeats")
	controlled := flags.Bool("control", false,
		"also serve the kit for tests over HTTP, on a free port of loopback")
	frames := flags.Bool("frames", false, "log each frame to standard error, without its payload")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "ablyserver: unexpected argument %q; -h lists the flags\n", flags.Arg(0))
		return 2
	}
	key, err := ablytest.ParseKey(*keyText)
	if err != nil {
		fmt.Fprintln(stderr, "ablyserver: -key:", err)
		return 2
	}
	logger := log.New(stderr, "ablyserver: ", log.LstdFlags|log.Lmicroseconds)
	srv, err := bottest.Start(
		ablytest.WithAddr(*addr),
		ablytest.WithKeys(key),
		ablytest.WithConnectionStateTTL(*ttl),
		ablytest.WithMaxIdleInterval(*idle),
		ablytest.WithLogf(logger.Printf),
	)
	if err != nil {
		fmt.Fprintln(stderr, "ablyserver:", err)
		return 1
	}
	defer srv.Close()
	if *frames {
		defer srv.OnFrame(func(f ablytest.Frame) { logger.Print(f) })()
	}
	control := ""
	if *controlled {
		url, closing, err := serve(srv.Control())
		if err != nil {
			fmt.Fprintln(stderr, "ablyserver: -control:", err)
			return 1
		}
		defer closing()
		control = url
	}
	line, _ := json.Marshal(struct {
		Host    string `json:"host"`
		Port    int    `json:"port"`
		Key     string `json:"key"`
		Control string `json:"control,omitempty"`
	}{srv.Host(), srv.Port(), srv.Key(), control})
	if _, err := fmt.Fprintf(stdout, "%s\n", line); err != nil {
		fmt.Fprintln(stderr, "ablyserver:", err)
		return 1
	}
	<-ctx.Done()
	return 0
}

// serve serves a handler on a free port of loopback, until closing is called.
func serve(handler http.Handler) (url string, closing func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), func() { server.Close(); <-ended }, nil
}
