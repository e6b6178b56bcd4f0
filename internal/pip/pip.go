// Package pip installs the pinned Python packages that a check needs. If Python is missing, its
// error says what to do.
package pip

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// ErrPython is returned if Python is missing or has no virtual environments. It is wrapped in an
// error that says how to get Python.
var ErrPython = errors.New("no usable Python")

// stamp is the name of a file in the environment, a copy of the requirements that were installed.
const stamp = ".installed-requirements"

// Install creates a virtual environment in the folder .venv of dir, and installs requirements.txt
// in it. It does nothing if the same requirements were installed before. It returns the path of the
// environment's Python. The output of pip goes to out. If Python can't be used, the error is
// [ErrPython].
func Install(ctx context.Context, dir string, out io.Writer) (python string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", err
	}
	file := filepath.Join(dir, "requirements.txt")
	want, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	venv := filepath.Join(dir, ".venv")
	python = filepath.Join(venv, "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(venv, "Scripts", "python.exe")
	}
	if have, err := os.ReadFile(filepath.Join(venv, stamp)); err == nil && string(have) == string(want) {
		return python, nil
	}
	fmt.Fprintln(out, "pip install, in", filepath.Base(dir))
	if err := run(ctx, out, "python3", "-m", "venv", "--clear", venv); err != nil {
		return "", fmt.Errorf(`%w: %w
  This check runs Python and needs version 3.9 or later, with pip and venv.
  Get it from https://www.python.org, or from your system's packages (python3 and python3-venv)`, ErrPython, err)
	}
	if err := run(ctx, out, python, "-m", "pip", "install", "--quiet", "--requirement", file); err != nil {
		return "", err
	}
	return python, os.WriteFile(filepath.Join(venv, stamp), want, 0o644)
}

func run(ctx context.Context, out io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(name), err)
	}
	return nil
}
