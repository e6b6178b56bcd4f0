package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// errNoBrowser is wrapped in the error that findBrowser returns if there is no Chromium.
var errNoBrowser = errors.New("no Chromium")

// browserVariable is the environment variable that names the browser to use.
const browserVariable = "CHROMIUM"

// findBrowser returns the path of a Chromium: the one that the environment variable names, or one
// on the path. If there is none, it installs Chromium, on Debian and as root.
func findBrowser(ctx context.Context, out io.Writer) (string, error) {
	if name := os.Getenv(browserVariable); name != "" {
		path, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("%w: %s=%s: %w", errNoBrowser, browserVariable, name, err)
		}
		return path, nil
	}
	names := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"}
	look := func() string {
		for _, name := range names {
			if path, err := exec.LookPath(name); err == nil {
				return path
			}
		}
		return ""
	}
	if path := look(); path != "" {
		return path, nil
	}
	if _, err := exec.LookPath("apt-get"); err == nil && os.Geteuid() == 0 {
		fmt.Fprintln(out, "no Chromium on the path: installing Debian's package chromium")
		for _, args := range [][]string{{"update"}, {"install", "-y", "--no-install-recommends", "chromium"}} {
			install := exec.CommandContext(ctx, "apt-get", append([]string{"-q"}, args...)...)
			install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
			if text, err := install.CombinedOutput(); err != nil {
				return "", fmt.Errorf("%w: apt-get %s: %w\n%s", errNoBrowser, args[0], err, text)
			}
		}
		if path := look(); path != "" {
			return path, nil
		}
	}
	return "", fmt.Errorf(`%w: none of %s is on the path
  This check runs the playground in a browser. Get Chromium from your system's packages (Debian:
  apt-get install chromium), or name the program of a Chrome by the environment variable %s`,
		errNoBrowser, strings.Join(names, ", "), browserVariable)
}

// browser is a headless Chromium.
type browser struct {
	*protocol
	command *exec.Cmd
	profile string
	gone    chan struct{}
}

var listening = regexp.MustCompile(`DevTools listening on (ws://\S+)`)

// launch starts a browser with a new profile.
func launch(ctx context.Context, program string) (b *browser, err error) {
	b = &browser{gone: make(chan struct{})}
	if b.profile, err = os.MkdirTemp("", "page"); err != nil {
		return nil, err
	}
	b.command = exec.Command(
		program,
		"--headless=new",
		"--remote-debugging-port=0",
		"--user-data-dir="+b.profile,
		"--no-sandbox",
		"--no-first-run",
		"--disable-gpu",
		"--disable-dev-shm-usage",
		"--hide-scrollbars",
		"--disable-background-networking",
		"--disable-component-update",
		"--mute-audio",
		"about:blank",
	)
	stderr, err := b.command.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := b.command.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(b.profile))
	}
	address := make(chan string, 1)
	go func() {
		defer close(b.gone)
		for lines := bufio.NewScanner(stderr); lines.Scan(); {
			if m := listening.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
		close(address)
		_ = b.command.Wait()
	}()
	url, ok := "", false
	select {
	case url, ok = <-address:
	case <-ctx.Done():
	}
	if ok {
		b.protocol, err = dial(ctx, url)
	} else {
		err = cmp.Or(context.Cause(ctx), errors.New(program+" exited before it listened"))
	}
	if err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// close ends the browser, waits until it has exited, and removes its profile.
func (b *browser) close() {
	if b.protocol != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_ = b.call(ctx, "", "Browser.close", nil, nil)
		cancel()
		b.protocol.close()
	} else {
		_ = b.command.Process.Kill()
	}
	select {
	case <-b.gone:
	case <-time.After(10 * time.Second):
		_ = b.command.Process.Kill()
		<-b.gone
	}
	_ = os.RemoveAll(b.profile)
}
