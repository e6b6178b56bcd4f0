package main

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strings"
)

// equivalentList names the changes that nothing could tell from the original.
//
//go:embed equivalent.txt
var equivalentList string

func equivalents() (map[string]string, error) {
	return parseEquivalents(strings.NewReader(equivalentList))
}

// parseEquivalents reads a name in a line, then its reason in lines that are indented.
func parseEquivalents(text io.Reader) (map[string]string, error) {
	found := map[string]string{}
	name := ""
	check := func() error {
		if name != "" && found[name] == "" {
			return fmt.Errorf("%s has no reason", name)
		}
		return nil
	}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case strings.HasPrefix(line, "#"), strings.TrimSpace(line) == "":
		case strings.HasPrefix(line, "    "):
			if name == "" {
				return nil, fmt.Errorf("a reason without a name: %s", line)
			}
			found[name] = strings.TrimSpace(found[name] + " " + strings.TrimSpace(line))
		default:
			if err := check(); err != nil {
				return nil, err
			}
			if found[line] != "" {
				return nil, fmt.Errorf("%s is there twice", line)
			}
			name = line
		}
	}
	if err := check(); err != nil {
		return nil, err
	}
	return found, lines.Err()
}
