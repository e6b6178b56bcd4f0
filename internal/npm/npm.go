// Package npm installs the pinned npm packages that a check needs. If Node is missing, its error
// says what to do.
package npm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// MinNode is the lowest major version of Node that is accepted.
const MinNode = 20

// ErrNode is returned if Node or npm is missing or too old. It is wrapped in an error that says how
// to get Node.
var ErrNode = errors.New("no usable Node")

// stamp is the name of a file in node_modules, a copy of the lock file that was installed.
const stamp = ".installed-lock"

// Install checks Node and npm, and runs "npm ci" in dir. It does nothing if node_modules there was
// installed from the same package-lock.json. The output of npm goes to out. If Node or npm can't be
// used, the error is [ErrNode].
func Install(ctx context.Context, dir string, out io.Writer) error {
	if err := checkNode(ctx); err != nil {
		return err
	}
	lock, err := os.ReadFile(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return err
	}
	made := filepath.Join(dir, "node_modules", stamp)
	if have, err := os.ReadFile(made); err == nil && string(have) == string(lock) {
		return nil
	}
	fmt.Fprintln(out, "npm ci, in", filepath.Base(dir))
	npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
	npm.Dir, npm.Stdout, npm.Stderr = dir, out, out
	if err := npm.Run(); err != nil {
		return fmt.Errorf("npm ci: %w", err)
	}
	return os.WriteFile(made, lock, 0o644)
}

// checkNode checks that node and npm are installed, and that node is new enough.
func checkNode(ctx context.Context) error {
	for _, name := range []string{"node", "npm"} {
		if _, err := exec.LookPath(name); err != nil {
			return noNode(name + " is not installed")
		}
	}
	out, err := exec.CommandContext(ctx, "node", "--version").Output()
	if err != nil {
		return fmt.Errorf("node --version: %w", err)
	}
	version := strings.TrimSpace(string(out))
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < MinNode {
		return noNode("version " + version + " is too old")
	}
	return nil
}

func noNode(why string) error {
	return fmt.Errorf(`%w: %s
  This check runs JavaScript and needs Node %d or later, with npm.
  Get it from https://nodejs.org, or from your system's packages (nodejs and npm)`, ErrNode, why, MinNode)
}

// Version returns the version of a package that is installed in dir.
func Version(dir, name string) (string, error) {
	file := filepath.Join(dir, "node_modules", filepath.FromSlash(name), "package.json")
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	var p struct{ Version string }
	if err := json.Unmarshal(text, &p); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	if p.Version == "" {
		return "", fmt.Errorf("%s states no version", file)
	}
	return p.Version, nil
}
