package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"

	"github.com/ably/ably-go/ably"
)

// asProgram is an environment variable: if it is set, the test binary runs the command itself.
const asProgram = "ABLYSERVER_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

func TestServesUntilSIGTERM(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-addr", "127.0.0.1:0", "-key", "my.key:hush", "-frames")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	out := bufio.NewReader(stdout)
	line, err := out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var at struct {
		Host, Key string
		Port      int
	}
	if err := json.Unmarshal([]byte(line), &at); err != nil || at.Host != "127.0.0.1" || at.Port == 0 || at.Key != "my.key:hush" {
		t.Errorf("the command printed the line %q: %v", line, err)
	}
	rest, err := ably.NewREST(ably.WithKey(at.Key), ably.WithEndpoint(at.Host), ably.WithPort(at.Port),
		ably.WithTLS(false), ably.WithInsecureAllowBasicAuthWithoutTLS())
	if err != nil {
		t.Fatal(err)
	}
	if err := rest.Channels.Get("a").Publish(ctx, "n", "d"); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	more, err := io.ReadAll(out)
	if err != nil || len(more) > 0 {
		t.Errorf("the command wrote more than one line: %q, %v", more, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the command failed: %v", err)
	}
	if s := stderr.String(); !strings.Contains(s, "POST /channels/a/messages = 201") || strings.Contains(s, "hush") {
		t.Errorf("the log must have the request and no secret: %q", s)
	}
}

func TestArguments(t *testing.T) {
	taken := ablytest.NewServer(t)
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-h"}, 0, "Usage: ablyserver"},
		{[]string{"-nonsense"}, 2, "nonsense"},
		{[]string{"extra"}, 2, `unexpected argument "extra"`},
		{[]string{"-key", "hush"}, 2, "form"},
		{[]string{"-addr", "0.0.0.0:0"}, 1, "loopback only"},
		{[]string{"-addr", ":0"}, 1, "loopback only"},
		{[]string{"-addr", taken.Addr()}, 1, "in use"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(context.Background(), c.args, &stdout, &stderr)
		if code != c.code || stdout.Len() > 0 || !strings.Contains(stderr.String(), c.says) || strings.Contains(stderr.String(), "hush") {
			t.Errorf("with the arguments %q: exit code %d, output %q, error output %q", c.args, code, &stdout, &stderr)
		}
	}
}
