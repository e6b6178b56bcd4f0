// Command ablyserver runs the embedded double of Ably as a program, for clients in other
// languages. It listens on loopback only, prints one line of JSON with host, port and
// key, and serves until it gets SIGTERM or SIGINT.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
)

const usage = `ablyserver runs a double of Ably on loopback, for tests and demos.

It prints one line of JSON to standard output once it accepts connections, such as
  {"host":"127.0.0.1","port":41234,"key":"app.key:secret"}
and stops on SIGTERM or SIGINT, with exit code 0. Everything else goes to standard error.
Point a client at it with its endpoint (or host), its port, TLS off and the key.

Usage: ablyserver [flags]

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run serves until ctx ends and returns the exit code: 0 after a clean end, 1 if the
// server can't start, 2 for bad arguments.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("ablyserver", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	addr := flags.String("addr", "127.0.0.1:0", "loopback `address` to listen on; port 0 takes a free one")
	keyText := flags.String("key", ablytest.DefaultKey.Text(), "API `key` that clients use: app.id:secret")
	ttl := flags.Duration("state-ttl", 2*time.Minute, "how long a lost connection can be resumed")
	idle := flags.Duration("idle", 15*time.Second, "how long a connection may be idle before a heartbeat; 0 for ever")
	frames := flags.Bool("frames", false, "log each frame to standard error, without its payload")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "ablyserver: unexpected argument %q; -h shows the flags\n", flags.Arg(0))
		return 2
	}
	key, err := ablytest.ParseKey(*keyText)
	if err != nil {
		fmt.Fprintln(stderr, "ablyserver: -key:", err)
		return 2
	}
	logger := log.New(stderr, "ablyserver: ", log.LstdFlags|log.Lmicroseconds)
	srv, err := ablytest.Start(
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
	line, _ := json.Marshal(struct {
		Host string `json:"host"`
		Port int    `json:"port"`
		Key  string `json:"key"`
	}{srv.Host(), srv.Port(), srv.Key()})
	if _, err := fmt.Fprintf(stdout, "%s\n", line); err != nil {
		fmt.Fprintln(stderr, "ablyserver:", err)
		return 1
	}
	<-ctx.Done()
	return 0
}
