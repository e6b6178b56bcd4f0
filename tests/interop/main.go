// Command interop runs Ably's official clients on the embedded Ably server. It runs ably-js alone.
// It runs the official @ably/chat, unpatched, together with this library: one of the two acts, and
// the other checks what it sees. It runs a bot on @ably/chat, tested with the kit that
// cmd/ablyserver serves. It installs the pinned clients first.
//
// It exits with 0 only if no row fails. A row that is reported as different says what the official
// client does otherwise, and has checked that the client still does so.
//
//	go run ./tests/interop [-only text] [-delay time]
//	go run ./tests/interop -live [-only text]
//
// With -live it runs this library alone, without Node, on the embedded server and on Ably itself,
// with the key of ABLY_API_KEY, and prints the frames that differ.
//
// A row that runs @ably/chat together with this library is a check in the file of its feature:
// messages.go, history.go and so on. A check is written once, for one client that acts and one that
// sees. It runs in both directions, and for all formats of the two connections.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/npm"
)

func main() {
	only := flag.String("only", "", "run only the rows whose name contains this `text`")
	live := flag.Bool("live", false, "compare the embedded server with Ably itself, with the key in "+keyVariable)
	delay := flag.Duration("delay", 0, "delay each frame by a random time, up to this `time`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *live {
		if err := liveRun(ctx, os.Stdout, os.Getenv, *only); err != nil {
			fmt.Fprintln(os.Stderr, "live:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(ctx, *only, *delay); err != nil {
		fmt.Fprintln(os.Stderr, "interop: FAILED:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only string, delay time.Duration) error {
	root, err := modroot.Find()
	if err != nil {
		return err
	}
	js := filepath.Join(root, "tests", "interop", "js")
	if err := npm.Install(ctx, js, os.Stdout); err != nil {
		return err
	}
	total, clientErr := clientRows(ctx, js, only)
	chat, chatErr := chatRows(ctx, js, only)
	total.add(chat)
	wire, wireErr := agreementRows(ctx, js, only, delay)
	total.add(wire)
	kit, kitErr := controlRows(ctx, root, js, only)
	total.add(kit)
	fmt.Println(total.evidence())
	err = errors.Join(clientErr, chatErr, wireErr, kitErr)
	switch {
	case total.failed > 0:
		return errors.Join(err, fmt.Errorf("%d of %d rows failed", total.failed, total.rows))
	case total.rows == 0:
		return errors.Join(err, fmt.Errorf("no row matches %q", only))
	}
	return err
}
