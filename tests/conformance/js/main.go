// Command js holds Ably's official @ably/chat, unpatched, to the rules of docs/rooms.md: it installs the pinned packages, drives
// subject.mjs by docs/subject-protocol.md, and prints which rules are kept, broken and not observable, with a shortest script for
// each broken one. It exits with 0 only if all that it finds stands in verdicts.json, and all that stands there is found.
//
//	go run ./tests/conformance/js [-script 'get(1, a, x); ...'] [-depth n] [-runs n] [-seed n]
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"ablyrooms.example/tests/conformance"
	"ablyrooms.example/tests/conformance/subject"
)

const minNode = 20

// promises are what @ably/chat is held to. It doesn't promise all of it; what comes of that is told by the verdicts. A call of it can't be
// given up.
func promises() conformance.Promises {
	p := conformance.AllPromises()
	p.Cancellation, p.Causes = false, false
	return p
}

func main() {
	script := flag.String("script", "", "run this `script` alone, and print what it shows")
	depth := flag.Int("depth", 6, "the `length` up to which all scripts are tried")
	runs := flag.Int("runs", 150, "the `number` of random scripts of each of three kinds")
	seed := flag.Uint64("seed", 1, "the `seed` of the random scripts")
	rigs := flag.Int("rigs", 2, "the `number` of Node processes at a time")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	plan := subject.NewPlan(promises(), *depth, *runs)
	plan.Seed, plan.Rigs = *seed, *rigs
	if err := run(ctx, *script, plan); err != nil {
		fmt.Fprintln(os.Stderr, "conformance-js: FAILED:", err)
		if errors.Is(err, errNode) {
			fmt.Fprintf(os.Stderr, nodeAdvice, minNode)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, script string, plan subject.Plan) error {
	dir, err := folder(ctx)
	if err != nil {
		return err
	}
	if err := checkNode(ctx); err != nil {
		return err
	}
	if err := install(ctx, dir); err != nil {
		return err
	}
	command := subject.Command{Path: "node", Args: []string{"subject.mjs"}, Dir: dir}
	if script != "" {
		_, err := subject.Try(ctx, os.Stdout, command, plan.Promises, script)
		return err
	}
	file, err := os.Open(filepath.Join(dir, "verdicts.json"))
	if err != nil {
		return err
	}
	defer file.Close()
	verdicts, err := subject.ReadVerdicts(file)
	if err != nil {
		return err
	}
	if plan.Known, err = verdicts.Scripts(); err != nil {
		return err
	}
	began := time.Now()
	if isTerminal(os.Stderr) {
		plan.Progress = func(done int) {
			fmt.Fprintf(os.Stderr, "\r%d scripts, %v ", done, time.Since(began).Round(time.Second))
		}
	}
	result, err := subject.Check(ctx, command, plan)
	if plan.Progress != nil {
		fmt.Fprintln(os.Stderr)
	}
	if err != nil {
		return err
	}
	result.Write(os.Stdout, plan, verdicts, func(s subject.Script) string {
		return fmt.Sprintf("go run ./tests/conformance/js -script '%v'", s)
	})
	fmt.Printf("\n%s\n", result.Evidence("conformance-js"))
	return verdicts.Match(result)
}

// folder returns the folder of this command's JavaScript.
func folder(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("finding the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if file == "" || file == os.DevNull {
		return "", errors.New("not inside the module: run it from the repository")
	}
	return filepath.Join(filepath.Dir(file), "tests", "conformance", "js"), nil
}

const nodeAdvice = `
  This suite runs Ably's JavaScript client and needs Node %d or later, with npm.
  Get it from https://nodejs.org, or from your system's packages (nodejs and npm).

`

// errNode is for what nodeAdvice helps against.
var errNode = errors.New("no usable Node")

// checkNode makes sure that Node and npm are there and new enough.
func checkNode(ctx context.Context) error {
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return fmt.Errorf("%w: %s is not installed", errNode, name)
		}
	}
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return fmt.Errorf("node --version: %w", err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < minNode {
		return fmt.Errorf("%w: version %s is too old", errNode, version)
	}
	return nil
}

// install brings the packages of the lock file, with the hashes that stand there, unless they are there already.
func install(ctx context.Context, dir string) error {
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(dir, "node_modules", ".conformance-lock")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(lock) {
		return nil
	}
	fmt.Println("conformance-js: npm ci")
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	npm.Dir, npm.Stdout, npm.Stderr = dir, os.Stdout, os.Stderr
	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return os.WriteFile(stamp, lock, 0o644)
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
