// Package solver fetches and runs z3, the solver that the proof uses.
package solver

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// The solver's name and version in pip, and the checksum of the file that pip downloads.
const (
	Package  = "z3-solver==5.1.0.0"
	Wheel    = "z3_solver-5.1.0.0-py3-none-manylinux_2_27_x86_64.whl"
	WheelSHA = "dfad9e309d7010b1ff6bdb33f21570a1603ef4727373221c7117a74448f0cfef"
	platform = "manylinux_2_27_x86_64"
	program  = "bin/z3" // in the wheel
)

// Fetch returns the path of the solver, in .cache/z3 below the root folder. If the solver isn't
// there yet, Fetch runs pip to download it, and reports this on log. A download with another
// checksum is an error.
func Fetch(ctx context.Context, root string, log io.Writer) (string, error) {
	dir, err := filepath.Abs(filepath.Join(root, ".cache", "z3"))
	if err != nil {
		return "", err
	}
	wheel, solver := filepath.Join(dir, Wheel), filepath.Join(dir, "z3")
	if _, err := os.Stat(wheel); err != nil {
		if err := download(ctx, dir, log); err != nil {
			return "", err
		}
	}
	if err := tlcrun.CheckSHA(wheel, WheelSHA); err != nil {
		return "", err
	}
	if _, err := os.Stat(solver); err == nil {
		return solver, nil
	}
	return solver, unpack(wheel, solver)
}

func download(ctx context.Context, dir string, log io.Writer) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	pip, err := exec.LookPath("pip3")
	if err != nil {
		if pip, err = exec.LookPath("pip"); err != nil {
			return &tlcrun.MissingError{Program: "pip", For: "fetching the solver, " + Package,
				How: "install pip (on Debian or Ubuntu: apt-get install python3-pip), or put the wheel at " +
					filepath.Join(".cache", "z3", Wheel)}
		}
	}
	fmt.Fprintf(log, "fetching %s with pip\n", Package)
	cmd := exec.CommandContext(ctx, pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps",
		"--only-binary=:all:", "--platform", platform, "--dest", dir, Package)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("no %s from pip: %w\n%s", Package, err, out)
	}
	return nil
}

// unpack extracts the solver from the wheel. It renames the file to its final path only when the
// file is complete.
func unpack(wheel, to string) (err error) {
	z, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer z.Close()
	for _, f := range z.File {
		if path.Base(path.Dir(f.Name))+"/"+path.Base(f.Name) == program {
			return extract(f, to)
		}
	}
	return fmt.Errorf("%s has no %s", Wheel, program)
}

func extract(f *zip.File, to string) error {
	from, err := f.Open()
	if err != nil {
		return err
	}
	defer from.Close()
	part, err := os.CreateTemp(filepath.Dir(to), "z3-*")
	if err != nil {
		return err
	}
	_, err = io.Copy(part, from)
	err = errors.Join(err, part.Chmod(0o755), part.Close())
	if err == nil {
		err = os.Rename(part.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(part.Name()))
	}
	return nil
}
