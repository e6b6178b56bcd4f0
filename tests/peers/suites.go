package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"ablyrooms.example/adapter/ably/ablytest"
)

// suite is what is known of the test suite of a client.
type suite struct {
	name string
	mark string // a text in package.json or go.mod that only it has
	run  func(context.Context, *peer) ([]result, error)
}

var suites = []suite{
	{"ably-chat-js", `"name": "@ably/chat"`, runChatJS},
	{"ably-js", `"name": "ably"`, runAblyJS},
	{"ably-go", "module github.com/ably/ably-go\n", runAblyGo},
}

// suiteOf finds out whose suite lies in a folder.
func suiteOf(dir string) (suite, error) {
	for _, name := range []string{"package.json", "go.mod"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return suite{}, err
		}
		for _, s := range suites {
			if bytes.Contains(b, []byte(s.mark)) {
				return s, nil
			}
		}
	}
	return suite{}, fmt.Errorf("-dir %s: it is no checkout of ably-chat-js, ably-js or ably-go", dir)
}

// peer is one run of a suite.
type peer struct {
	dir, temp, only string
	verbose         bool
}

// result is how a test of a suite ended.
type result struct {
	name, message string
	outcome       outcome
}

type outcome int

const (
	passed outcome = iota
	failed
	skipped
)

// command runs a program in the suite's folder. That it fails is no error: its tests may.
func (p *peer) command(ctx context.Context, stdout io.Writer, env []string, name string, args ...string) error {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir, c.Env, c.Stdout = p.dir, append(os.Environ(), env...), stdout
	if p.verbose {
		c.Stderr = os.Stderr
	}
	err := c.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		return nil
	}
	return err
}

func (p *peer) out() io.Writer {
	if p.verbose {
		return os.Stderr
	}
	return io.Discard
}

// The host and port at which the suite of ably-chat-js expects a local service.
const (
	chatJSHost = "local-rest.ably.io"
	chatJSAddr = "127.0.0.1:8081"
)

// runChatJS runs vitest. The service is 20 ms away, as one in a cloud is at best: at no distance at
// all, React's rendering comes later than what it is about.
func runChatJS(ctx context.Context, p *peer) ([]result, error) {
	server, err := ablytest.Start(ablytest.WithAddr(chatJSAddr), ablytest.WithHosts(chatJSHost),
		ablytest.WithFrameLog(0), ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	for _, m := range []ablytest.Match{ablytest.AnyFrame(), ablytest.HTTPRequest("", "")} {
		server.Fault(m, ablytest.Delay(20*time.Millisecond))
	}
	env, end, err := p.node(map[string]string{chatJSHost: chatJSAddr})
	if err != nil {
		return nil, err
	}
	defer end()
	report := filepath.Join(p.temp, "report.json")
	args := []string{"--no-install", "vitest", "run", "--reporter=json", "--outputFile=" + report}
	if p.only != "" {
		args = append(args, "-t", p.only)
	}
	env = append(env, "VITE_ABLY_ENV=local", "VITE_ABLY_API_KEY="+server.Key())
	if err := p.command(ctx, p.out(), env, "npx", args...); err != nil {
		return nil, err
	}
	return vitestResults(report)
}

// node makes the environment of a Node that finds hosts where this machine has them: those given,
// by address, and the helpers of the cloud.
func (p *peer) node(hosts map[string]string) (env []string, end func(), err error) {
	h, err := startHelpers(p.temp)
	if err != nil {
		return nil, nil, err
	}
	all := map[string]string{echoHost: h.https.Addr().String(), internetHost: h.https.Addr().String()}
	maps.Copy(all, hosts)
	text, err := json.Marshal(all)
	if err != nil {
		return nil, nil, err
	}
	script := filepath.Join(p.temp, "hosts.cjs")
	if err := os.WriteFile(script, []byte(hostsScript), 0o600); err != nil {
		return nil, nil, err
	}
	return []string{"NODE_OPTIONS=--require=" + script, "NODE_EXTRA_CA_CERTS=" + h.authority,
		"PEERS_HOSTS=" + string(text)}, h.close, nil
}

// hostsScript has Node connect to other addresses for some hosts, in each process and thread.
const hostsScript = `'use strict';
const net = require('node:net');
const hosts = JSON.parse(process.env.PEERS_HOSTS);
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const address = options && typeof options === 'object' && hosts[options.host];
  if (address) {
    const [host, port] = address.split(':');
    options.servername ??= options.host;
    options.host = options.hostname = host;
    options.port = Number(port);
  }
  return connect.apply(this, args);
};
`

// vitestResults reads vitest's report, which has the form of jest's.
func vitestResults(file string) (all []result, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the suite wrote no report: %w", err)
	}
	var report struct {
		TestResults []struct {
			Name, Status, Message string
			AssertionResults      []struct {
				FullName, Status string
				FailureMessages  []string
			}
		}
	}
	if err := json.Unmarshal(b, &report); err != nil {
		return nil, err
	}
	for _, file := range report.TestResults {
		base := filepath.Base(file.Name)
		if len(file.AssertionResults) == 0 && file.Status == "failed" {
			all = append(all, result{base, file.Message, failed})
		}
		for _, r := range file.AssertionResults {
			all = append(all, result{base + ": " + strings.TrimSpace(r.FullName),
				strings.Join(r.FailureMessages, "\n"), outcomeOf(r.Status)})
		}
	}
	return all, nil
}

func outcomeOf(status string) outcome {
	switch status {
	case "passed", "pass":
		return passed
	case "failed", "fail":
		return failed
	}
	return skipped
}

// otherProducts are files of ably-js that test products that the server doesn't serve: LiveObjects
// and push. Each of their tests would wait for its end.
var otherProducts = []string{
	"test/realtime/liveobjects.test.js", "test/rest/liveobjects.test.js", "test/rest/push.test.js",
}

// runAblyJS runs mocha, with an application of its own for each file.
func runAblyJS(ctx context.Context, p *peer) ([]result, error) {
	apps, err := startProvisioner()
	if err != nil {
		return nil, err
	}
	defer apps.close()
	out, err := os.Create(filepath.Join(p.temp, "report.txt"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	args := []string{"--no-install", "mocha", "--exit", "--reporter", "json"}
	for _, pattern := range []string{"test/realtime/*.test.js", "test/rest/*.test.js", "test/unit/*.test.js"} {
		files, err := filepath.Glob(filepath.Join(p.dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if file, err = filepath.Rel(p.dir, file); err == nil && !slices.Contains(otherProducts, filepath.ToSlash(file)) {
				args = append(args, file)
			}
		}
	}
	if p.only != "" {
		args = append(args, "--grep", p.only)
	}
	env, end, err := p.node(nil)
	if err != nil {
		return nil, err
	}
	defer end()
	env = append(env, "ABLY_LOCAL_SANDBOX_URL="+apps.url(), "ABLY_TEST_TRANSPORTS=web_socket")
	if err := p.command(ctx, out, env, "npx", args...); err != nil {
		return nil, err
	}
	return mochaResults(out.Name())
}

// mochaResults reads mocha's report, which stands behind all else that the suite printed.
func mochaResults(file string) (all []result, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	start := bytes.LastIndex(b, []byte("{\n  \"stats\": {"))
	if start < 0 {
		return nil, fmt.Errorf("the suite printed no report")
	}
	b = b[start:]
	type test struct {
		File, FullTitle string
		Err             struct{ Message, Stack string }
	}
	var report struct{ Passes, Failures, Pending []test }
	if err := json.Unmarshal(b, &report); err != nil {
		return nil, err
	}
	add := func(o outcome, tests []test) {
		for _, t := range tests {
			all = append(all, result{filepath.Base(t.File) + ": " + t.FullTitle, t.Err.Message + "\n" + t.Err.Stack, o})
		}
	}
	add(passed, report.Passes)
	add(failed, report.Failures)
	add(skipped, report.Pending)
	return all, nil
}

// runAblyGo runs the integration tests with one application.
func runAblyGo(ctx context.Context, p *peer) ([]result, error) {
	apps, err := startProvisioner()
	if err != nil {
		return nil, err
	}
	defer apps.close()
	args := []string{"test", "-tags=integration", "-p", "1", "-json", "-count=1", "-timeout", "60m"}
	if p.only != "" {
		args = append(args, "-run", p.only)
	}
	h, err := startHelpers(p.temp)
	if err != nil {
		return nil, err
	}
	defer h.close()
	var out bytes.Buffer
	env := []string{"ABLY_LOCAL_SANDBOX_URL=" + apps.url(), "HTTPS_PROXY=http://" + h.proxy.Addr().String(),
		"SSL_CERT_FILE=" + h.authority, "GOFLAGS=-mod=mod", "GOPROXY=off"}
	if err := p.command(ctx, io.MultiWriter(&out, p.out()), env, "go", append(args, "./...")...); err != nil {
		return nil, err
	}
	return goResults(&out)
}

// goResults reads what go test -json prints. A test with subtests counts as those.
func goResults(r io.Reader) (all []result, err error) {
	messages, parents := map[string]string{}, map[string]bool{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e struct{ Action, Test, Output string }
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Test == "" {
			continue
		}
		if i := strings.LastIndex(e.Test, "/"); i >= 0 {
			parents[e.Test[:i]] = true
		}
		switch e.Action {
		case "output":
			messages[e.Test] += e.Output
		case "pass", "fail", "skip":
			all = append(all, result{e.Test, messages[e.Test], outcomeOf(e.Action)})
		}
	}
	leaves := all[:0]
	for _, r := range all {
		if !parents[r.name] {
			leaves = append(leaves, r)
		}
	}
	return leaves, lines.Err()
}
