// Command chat is a chat for the terminal. It shows rooms, who is present, who is typing,
// reactions, and the status of each room.
//
//	go run ./examples/chat                                    starts a server, prints how to join
//	go run ./examples/chat -server 127.0.0.1:PORT -name bob   joins it, from another terminal
//	ABLY_API_KEY=… go run ./examples/chat -name bob -rooms general  on Ably itself
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ably/ably-go/ably"
	tea "github.com/charmbracelet/bubbletea"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

func main() {
	name := flag.String("name", "", "your `name`, which is your client id")
	server := flag.String("server", "", "`address` of an embedded server, as the first terminal prints it")
	rooms := flag.String("rooms", "general,random", "`rooms` to join, comma-separated")
	flag.Parse()
	if err := run(*name, *server, strings.Split(*rooms, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "chat:", err)
		os.Exit(1)
	}
}

func run(name, server string, rooms []string) (err error) {
	// A log line would be written across the screen.
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	options, own, err := options(server, os.Getenv("ABLY_API_KEY"))
	if err != nil {
		return err
	}
	hint := ""
	if own != nil {
		defer own.Close()
		hint = "go run ./examples/chat -server " + own.Addr() + " -name bob"
		fmt.Println("Others join from another terminal with:", hint)
	}
	if name == "" {
		if name = "guest-" + strings.ToLower(rand.Text()[:4]); own != nil {
			name = "ada"
		}
	}
	client, err := ablychat.Connect(ablychat.Ably(append(options, ably.WithClientID(name), ably.WithLogLevel(ably.LogNone))...))
	if err != nil {
		return err
	}
	session := newSession(client, throttle)
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err = errors.Join(err, session.close(ctx))
	}()
	_, err = tea.NewProgram(newScreen(name, hint, rooms, session), tea.WithAltScreen()).Run()
	return err
}

// options returns the options of a client. It connects to the embedded server at an address;
// without an address to Ably, if there is a key; otherwise to an embedded server that options
// starts and returns.
func options(server, key string) ([]ably.ClientOption, *ablytest.Server, error) {
	if server != "" {
		host, port, err := net.SplitHostPort(server)
		if err != nil {
			return nil, nil, err
		}
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return nil, nil, fmt.Errorf("the port of -server: %w", err)
		}
		return []ably.ClientOption{
			ably.WithEndpoint(host), ably.WithPort(int(number)), ably.WithTLS(false), ably.WithFallbackHosts([]string{}),
			ably.WithKey(ablytest.DefaultKey.Text()), ably.WithInsecureAllowBasicAuthWithoutTLS(),
		}, nil, nil
	}
	if key != "" {
		return []ably.ClientOption{ably.WithKey(key)}, nil, nil
	}
	own, err := ablytest.Start(ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, nil, err
	}
	return own.ClientOptions(), own, nil
}
