package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

const usage = "usage: register record NAME -- command [arguments] | register clear | register check"

func main() {
	code, err := do(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "register:", err)
		code = 2
	}
	os.Exit(code)
}

func do(args []string) (code int, err error) {
	root, module, err := findModule()
	if err != nil {
		return 0, err
	}
	dir := filepath.Join(root, ".cache", "check")
	switch {
	case len(args) == 1 && args[0] == "clear":
		return 0, os.RemoveAll(dir)
	case len(args) == 1 && args[0] == "check":
		return check(filepath.Join(root, "tests", "README.md"), dir)
	case len(args) > 3 && args[0] == "record" && args[2] == "--":
		return run(dir, module, args[1], args[3:], os.Stdout)
	}
	return 0, fmt.Errorf("%s", usage)
}

// check prints what is not as the register says.
func check(file, dir string) (int, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	reg, err := parse(string(text))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	records, err := kept(dir)
	if err != nil {
		return 0, err
	}
	complaints := reg.compare(records)
	for _, c := range complaints {
		fmt.Println("register:", c)
	}
	if len(complaints) > 0 {
		fmt.Printf("register: %d things are not as tests/README.md says\n", len(complaints))
		return 1, nil
	}
	fmt.Printf("register: ok: %d steps, %d kinds of evidence, %d properties with %d tests\n", len(reg.steps()), len(reg.Evidence), len(reg.Properties), len(reg.tests()))
	return 0, nil
}

// findModule returns the root of the module around the working directory, and its path.
func findModule() (root, path string, err error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", "", err
	}
	for {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			m := regexp.MustCompile(`(?m)^module (\S+)`).FindSubmatch(text)
			if m == nil {
				return "", "", fmt.Errorf("%s/go.mod names no module", dir)
			}
			return dir, string(m[1]), nil
		}
		if filepath.Dir(dir) == dir {
			return "", "", fmt.Errorf("no go.mod at or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}
