// Package modroot finds the root of the Go module around the working directory.
package modroot

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// ErrNotFound is returned when no go.mod lies in the working directory or above it.
var ErrNotFound = errors.New("no go.mod in the working directory or above it")

// Find returns the absolute path of the folder with go.mod, from the working directory upward.
// It returns [ErrNotFound] outside a module.
func Find() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return FindFrom(dir)
}

// FindFrom is like [Find] and starts at dir.
func FindFrom(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for {
		if info, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil && !info.IsDir() {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", ErrNotFound
		}
		dir = parent
	}
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+"?([^\s"]+)`)

// Path returns the path of the module whose root is given, as its go.mod states it.
func Path(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	m := moduleLine.FindSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s names no module", filepath.Join(root, "go.mod"))
	}
	return string(m[1]), nil
}
