package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

const minNode = 20

const nodeAdvice = `
  This check runs Ably's JavaScript clients and needs Node %d or later, with npm.
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

// install brings the pinned packages, unless those of the lock file are there already.
func install(ctx context.Context, js string) error {
	lock, err := os.ReadFile(filepath.Join(js, "package-lock.json"))
	if err != nil {
		return err
	}
	stamp := filepath.Join(js, "node_modules", ".interop-lock")
	if have, err := os.ReadFile(stamp); err == nil && string(have) == string(lock) {
		return nil
	}
	fmt.Println("interop: npm ci")
	if err := command(ctx, js, "npm", "ci", "--no-audit", "--no-fund").Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return os.WriteFile(stamp, lock, 0o644)
}

// packageVersion reads the version that a package.json states.
func packageVersion(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var p struct{ Version string }
	err = json.Unmarshal(text, &p)
	return p.Version, err
}
