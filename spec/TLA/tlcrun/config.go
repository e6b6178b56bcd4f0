package tlcrun

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/tests/report/golden"
)

// The exit codes of TLC that a configuration can expect. Any other code is an error of TLC or of
// the spec.
const (
	ExitOK        = 0
	ExitDeadlock  = 11
	ExitInvariant = 12
	ExitProperty  = 13
)

// Deadlock is the EXPECT-VIOLATES of a configuration whose run must end in a state without a next
// state.
const Deadlock = "Deadlock"

// Config is a configuration of TLC, with the contents of its head. Its fields are for reading only.
type Config struct {
	Name        string // the file's name without .cfg
	Path        string
	Description string // the first line of the head

	Stated     bool     // the head has markers, which state the result
	Module     string   // MODULE: the module that is checked; by default, from the file's name
	Exit       int      // EXPECT-EXIT: the exit code with which TLC must end
	Violates   string   // EXPECT-VIOLATES: the property that TLC must reject; empty if none
	Properties []string // EXPECT-PROPERTIES: the invariants and properties that are checked
	Workers    int      // WORKERS: TLC's threads
	Repeat     int      // REPEAT: for a canary, how often it is run; else 1
	Allows     []string // ALLOWS: for a canary, the rules of the lint that it may break

	// Only heads in other projects have these three. For this project, they are in the golden file
	// of the tests, which -renew writes.
	Distinct int // EXPECT-DISTINCT: the number of states, if nothing is violated
	// EXPECT-TRACE: the number of states in the counterexample; 0 if not stated, as for liveness
	Trace int
	Hash  string // SPEC-HASH: the hash of the text that the results are for, see [Config.Digest]

	Specification string            // SPECIFICATION, from the body
	Invariants    []string          // INVARIANT, INVARIANTS
	Temporal      []string          // PROPERTY, PROPERTIES
	Overrides     map[string]string // Operator <- Other
	Restricted    []string          // sections CONSTRAINT, ACTION_CONSTRAINT, SYMMETRY, VIEW

	body string // the text after the head
}

// Dir returns the folder of the configuration. Its modules are there, or in the folder above it.
func (c *Config) Dir() string { return filepath.Dir(c.Path) }

// IsCanary reports whether the configuration tests TLC itself, and not a spec of the project.
func (c *Config) IsCanary() bool { return filepath.Base(c.Dir()) == "canary" }

// ReadConfigs reads all configurations of the folders, in the order of the folders, and sorted by
// name in each.
func ReadConfigs(dirs ...string) ([]*Config, error) {
	var configs []*Config
	var errs []error
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "*.cfg"))
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 {
			errs = append(errs, fmt.Errorf("%s has no configurations", dir))
		}
		slices.Sort(paths)
		for _, path := range paths {
			c, err := ReadConfig(path)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			configs = append(configs, c)
		}
	}
	return configs, errors.Join(errs...)
}

// ReadConfig reads a configuration from a file.
func ReadConfig(path string) (*Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseConfig(path, string(text))
}

// ParseConfig reads a configuration from its text. Its head states the result, or has no markers at
// all. ParseConfig returns an error for a marker that is unknown, repeated or meaningless. If the
// head has a marker, it also returns an error for a missing one.
func ParseConfig(path, text string) (*Config, error) {
	c := &Config{Path: path, Overrides: map[string]string{}}
	c.Name = strings.TrimSuffix(filepath.Base(path), ".cfg")
	h := head{file: filepath.Base(path), markers: map[string]string{}}
	c.Description, c.body = h.read(text)
	if err := c.readBody(c.body); err != nil {
		h.complain("%w", err)
	}
	c.Stated = len(h.markers) > 0
	if c.Stated {
		c.readMarkers(&h)
	} else {
		c.Workers, c.Repeat, c.Module = 2, 1, c.namedAfter()
		if len(c.Temporal) > 0 {
			c.Workers = 1 // with more workers, this TLC misses violations
		}
		if c.Module == "" {
			h.complain("its name does not begin with the name of a module: a configuration of X.tla has the name X.cfg or X_more.cfg")
		}
	}
	return c, errors.Join(h.errs...)
}

// namedAfter returns the module in the configuration's name: all of the name, or the part before an
// underscore. It returns "" if there is no such module.
func (c *Config) namedAfter() string {
	for name := c.Name; name != ""; name = name[:max(strings.LastIndexByte(name, '_'), 0)] {
		if _, err := os.Stat(filepath.Join(c.Dir(), name+".tla")); err == nil {
			return name
		}
	}
	return ""
}

func (c *Config) readMarkers(h *head) {
	if c.Description == "" {
		h.complain("the first line does not say what the configuration is for")
	}
	c.Module, _ = h.take("MODULE", true)
	c.Exit = h.number("EXPECT-EXIT", true, 0)
	c.Workers = h.number("WORKERS", true, 1)
	c.Repeat = max(1, h.number("REPEAT", false, 2))
	c.Violates, _ = h.take("EXPECT-VIOLATES", c.Exit != ExitOK)
	if list, ok := h.take("EXPECT-PROPERTIES", true); ok && list != "none" {
		c.Properties = strings.Fields(list)
	}
	list, _ := h.take("ALLOWS", false)
	c.Allows = strings.Fields(list)

	c.Distinct, c.Trace = h.number("EXPECT-DISTINCT", false, 1), h.number("EXPECT-TRACE", false, 1)
	c.Hash, _ = h.take("SPEC-HASH", false)
	switch {
	case c.Exit == ExitOK && c.Violates != "":
		h.complain("it has EXPECT-VIOLATES, but a run with the exit code 0 violates nothing")
	case c.Exit != ExitOK && c.Distinct > 0:
		h.complain("EXPECT-DISTINCT is only for runs with the exit code 0")
	case c.Exit == ExitOK && c.Trace > 0:
		h.complain("EXPECT-TRACE is only for runs that violate something")
	}
	for name := range h.markers {
		h.complain("the marker %s is unknown", name)
	}
	number := func(stated *int, what string) {
		if key := c.key(what); golden.Has(key) {
			*stated = golden.Int(key)
		}
	}
	number(&c.Distinct, "distinct")
	number(&c.Trace, "trace")
	if key := c.key("hash"); golden.Has(key) {
		c.Hash = golden.Text(key)
	}
}

// key returns the key of one of its figures in the golden file.
func (c *Config) key(what string) string { return "tlc/" + c.Name + "/" + what }

// head reads the comment lines at the beginning of a configuration.
type head struct {
	file    string
	markers map[string]string // the markers that were not taken yet
	errs    []error
}

func (h *head) complain(format string, args ...any) {
	h.errs = append(h.errs, fmt.Errorf("%s: "+format, append([]any{h.file}, args...)...))
}

// read stores the markers. It returns the first line, and the text after the head.
func (h *head) read(text string) (first, body string) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		comment, ok := strings.CutPrefix(line, `\*`)
		if !ok {
			break
		}
		text, line = rest, strings.TrimSpace(comment)
		name, value, ok := strings.Cut(line, ":")
		switch marker := ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""; {
		case marker:
			if _, twice := h.markers[name]; twice {
				h.complain("the head has the marker %s twice", name)
			}
			h.markers[name] = strings.TrimSpace(value)
		case first == "":
			first = line
		case len(h.markers) > 0 || strings.Contains(text, `\* MODULE:`):
			h.complain("the head has a line that is no marker: %s", line)
		}
	}
	return first, text
}

func (h *head) take(name string, needed bool) (string, bool) {
	value, ok := h.markers[name]
	delete(h.markers, name)
	if (!ok && needed) || (ok && value == "") {
		h.complain("the marker %s is missing", name)
		return "", false
	}
	return value, ok
}

func (h *head) number(name string, needed bool, least int) int {
	value, ok := h.take(name, needed)
	if !ok {
		return 0
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least {
		h.complain("%s is %q, must be a number of at least %d", name, value, least)
	}
	return n
}

var sections = map[string]string{
	"SPECIFICATION": "SPECIFICATION", "INIT": "INIT", "NEXT": "NEXT",
	"INVARIANT": "INVARIANT", "INVARIANTS": "INVARIANT",
	"PROPERTY": "PROPERTY", "PROPERTIES": "PROPERTY",
	"CONSTANT": "CONSTANT", "CONSTANTS": "CONSTANT",
	"CONSTRAINT": "CONSTRAINT", "CONSTRAINTS": "CONSTRAINT",
	"ACTION_CONSTRAINT": "ACTION_CONSTRAINT", "ACTION_CONSTRAINTS": "ACTION_CONSTRAINT",
	"SYMMETRY": "SYMMETRY", "VIEW": "VIEW", "CHECK_DEADLOCK": "CHECK_DEADLOCK",
	"ALIAS": "ALIAS", "POSTCONDITION": "POSTCONDITION",
}

// readBody reads the sections of a configuration that this package uses. TLC reads the others.
func (c *Config) readBody(body string) error {
	var plain strings.Builder
	for line := range strings.Lines(body) {
		line, _, _ = strings.Cut(line, `\*`)
		plain.WriteString(line + "\n")
	}
	section := ""
	words := strings.Fields(plain.String())
	for i, word := range words {
		if s, ok := sections[word]; ok {
			section = s
			if s == "CONSTRAINT" || s == "ACTION_CONSTRAINT" || s == "SYMMETRY" || s == "VIEW" {
				c.Restricted = append(c.Restricted, s)
			}
			continue
		}
		switch section {
		case "":
			return fmt.Errorf("%q is in no section that this package can read", word)
		case "SPECIFICATION":
			c.Specification = word
		case "INVARIANT":
			c.Invariants = append(c.Invariants, word)
		case "PROPERTY":
			c.Temporal = append(c.Temporal, word)
		case "CONSTANT":
			if word == "<-" && i > 0 && i+1 < len(words) {
				c.Overrides[words[i-1]] = words[i+1]
			}
		}
	}
	return nil
}
