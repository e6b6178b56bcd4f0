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

// suite describes the test suite of a client.
type suite struct {
	name string
	mark string // a text that only its package.json or go.mod contains
	run  func(context.Context, *peer) ([]result, error)
}

var suites = []suite{
	{"ably-chat-js", `"name": "@ably/chat"`, runChatJS},
	{"ably-js", `"name": "ably"`, runAblyJS},
	{"ably-go", "module github.com/ably/ably-go\n", runAblyGo},
}

// suiteOf returns the suite whose checkout is in a folder.
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
	return suite{}, fmt.Errorf("-dir %s: not a checkout of ably-chat-js, ably-js or ably-go", dir)
}

// peer is one run of a suite.
type peer struct {
	dir, temp, only string
	verbose         bool
}

// result is the result of one test of a suite.
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

// command runs a program in the suite's folder. An exit code other than 0 is not an error: it may
// mean that tests failed.
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

// The suite of ably-chat-js expects a local service at this host and port.
const (
	chatJSHost = "local-rest.ably.io"
	chatJSAddr = "127.0.0.1:8081"
)

// runChatJS runs vitest. Requests arrive 40 ms late, since a service in a cloud is not faster. With
// a service that answers at once, React renders too late for some tests.
func runChatJS(ctx context.Context, p *peer) ([]result, error) {
	server, err := ablytest.Start(ablytest.WithAddr(chatJSAddr), ablytest.WithHosts(chatJSHost),
		ablytest.WithFrameLog(0), ablytest.WithLogf(func(string, ...any) {}))
	if err != nil {
		return nil, err
	}
	defer server.Close()
	// Delay only this direction: so the frames of the server keep their order across channels.
	for _, m := range []ablytest.Match{ablytest.ToServer(), ablytest.HTTPRequest("", "")} {
		server.Fault(m, ablytest.Latency(40*time.Millisecond))
	}
	env, end, err := p.node(map[string]string{chatJSHost: chatJSAddr})
	if err != nil {
		return nil, err
	}
	defer end()
	report := filepath.Join(p.temp, "report.json")
	// Some tests sleep for 3 s and time out after 5 s. On a busy machine, the other 2 s are not
	// enough if several files run at the same time.
	args := []string{"--no-install", "vitest", "run", "--no-file-parallelism", "--reporter=json", "--outputFile=" + report}
	if p.only != "" {
		args = append(args, "-t", p.only)
	}
	env = append(env, "VITE_ABLY_ENV=local", "VITE_ABLY_API_KEY="+server.Key())
	if err := p.command(ctx, p.out(), env, "npx", args...); err != nil {
		return nil, err
	}
	return vitestResults(report)
}

// node returns the environment for a Node that resolves some hosts to addresses on this machine:
// the given hosts, and those of the helpers.
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

// hostsScript makes Node connect to other addresses for some hosts, in each process and thread. It
// doesn't change the options that callers pass, since agents identify their connections by these.
const hostsScript = `'use strict';
const dns = require('node:dns');
const net = require('node:net');
const hosts = JSON.parse(process.env.PEERS_HOSTS);
const lookup = dns.lookup;
dns.lookup = (host, ...rest) => lookup(hosts[host] ? hosts[host].split(':')[0] : host, ...rest);
const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  const list = Array.isArray(args[0]) ? args[0] : args;
  const options = list[0];
  const address = options && typeof options === 'object' && hosts[options.host];
  if (address) list[0] = { ...options, port: Number(address.split(':')[1]) };
  return connect.apply(this, args);
};
`

// vitestResults reads vitest's report, which has the format of jest's report.
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

// otherProducts has files of ably-js that test LiveObjects and push, which the server doesn't
// serve. Each of their tests would run until its timeout.
var otherProducts = []string{
	"test/realtime/liveobjects.test.js", "test/rest/liveobjects.test.js", "test/rest/push.test.js",
}

// runAblyJS runs mocha. Each file requests an application of its own.
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

// mochaResults reads mocha's report, which comes after all other output of the suite.
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

// runAblyGo runs the integration tests. They request one application.
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

// goResults reads the output of go test -json. For a test with subtests, only the subtests count.
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
