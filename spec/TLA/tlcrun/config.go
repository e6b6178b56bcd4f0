package tlcrun

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// The exit codes of TLC that a configuration can expect. Any other is an error of the tool or of the spec.
const (
	ExitOK        = 0
	ExitDeadlock  = 11
	ExitInvariant = 12
	ExitProperty  = 13
)

// Deadlock is what a configuration says that it violates, whose run is to end in a state without a next one.
const Deadlock = "Deadlock"

// Config is a configuration of TLC with what its head says about it. Read the fields, don't change them.
type Config struct {
	Name        string // the file's name without .cfg
	Path        string
	Description string // the first line of the head

	Module     string   // MODULE: the module that is checked, in the same folder
	Exit       int      // EXPECT-EXIT: TLC's exit code
	Violates   string   // EXPECT-VIOLATES: the property that TLC must reject; empty if none
	Distinct   int      // EXPECT-DISTINCT: how many distinct states TLC must find, where nothing is violated
	Trace      int      // EXPECT-TRACE: how many states the counterexample must have; 0 if that isn't said, as of liveness
	Properties []string // EXPECT-PROPERTIES: what is checked, invariants and others
	Workers    int      // WORKERS: TLC's threads
	Hash       string   // SPEC-HASH: of the text that the results are about, see [Config.Digest]
	Repeat     int      // REPEAT: how many times in turn the run must be as stated, of a canary; 1 if that isn't said
	Allows     []string // ALLOWS: rules of the lint that a canary breaks on purpose

	Specification string            // what the body says
	Invariants    []string          // INVARIANT, INVARIANTS
	Temporal      []string          // PROPERTY, PROPERTIES
	Overrides     map[string]string // Operator <- Other
	Restricted    []string          // the sections CONSTRAINT, ACTION_CONSTRAINT, SYMMETRY and VIEW, if they are there

	body string // what follows the head
}

// Dir returns the folder of the configuration, where its module is too.
func (c *Config) Dir() string { return filepath.Dir(c.Path) }

// IsCanary tells whether the configuration is there to show what the jar does, right or wrong, and says nothing about the project.
func (c *Config) IsCanary() bool { return filepath.Base(c.Dir()) == "canary" }

// ReadConfigs reads all configurations of the folders, each sorted by name.
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

// ParseConfig reads a configuration from its text. A marker that is missing, unknown, doubled or that makes no sense is an error.
func ParseConfig(path, text string) (*Config, error) {
	c := &Config{Name: strings.TrimSuffix(filepath.Base(path), ".cfg"), Path: path, Overrides: map[string]string{}}
	var errs []error
	complain := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{filepath.Base(path)}, args...)...))
	}

	markers := map[string]string{}
	head, body := splitHead(text)
	for _, line := range head {
		name, value, ok := strings.Cut(line, ":")
		switch {
		case c.Description == "" && !isMarker(line):
			c.Description = line
		case !ok || !isMarker(line):
			complain("the head has a line that is no marker: %s", line)
		default:
			if _, twice := markers[name]; twice {
				complain("%s is there twice", name)
			}
			markers[name] = strings.TrimSpace(value)
		}
	}
	if c.Description == "" {
		complain("the first line does not say what the configuration is for")
	}
	take := func(name string, needed bool) (string, bool) {
		value, ok := markers[name]
		delete(markers, name)
		if (!ok && needed) || (ok && value == "") {
			complain("the marker %s is missing", name)
			return "", false
		}
		return value, ok
	}
	number := func(name string, needed bool, least int) int {
		value, ok := take(name, needed)
		if !ok {
			return 0
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < least {
			complain("%s is %q, must be a number of at least %d", name, value, least)
		}
		return n
	}

	c.Module, _ = take("MODULE", true)
	c.Exit = number("EXPECT-EXIT", true, 0)
	c.Workers = number("WORKERS", true, 1)
	c.Hash, _ = take(hashMarker, true)
	c.body = body
	c.Repeat = max(1, number("REPEAT", false, 2))
	c.Violates, _ = take("EXPECT-VIOLATES", c.Exit != ExitOK)
	_, counts := markers["EXPECT-DISTINCT"]
	if c.Exit == ExitOK || counts {
		c.Distinct = number("EXPECT-DISTINCT", true, 1)
	}
	c.Trace = number("EXPECT-TRACE", c.Exit == ExitInvariant || c.Exit == ExitDeadlock, 1)
	if list, ok := take("EXPECT-PROPERTIES", true); ok && list != "none" {
		c.Properties = strings.Fields(list)
	}
	list, _ := take("ALLOWS", false)
	c.Allows = strings.Fields(list)
	for name := range markers {
		complain("the marker %s is unknown", name)
	}
	switch {
	case c.Exit == ExitOK && c.Violates != "":
		complain("a run that ends with 0 violates nothing")
	case c.Exit != ExitOK && counts:
		complain("EXPECT-DISTINCT is only for runs that end with 0")
	case c.Exit == ExitOK && c.Trace > 0:
		complain("EXPECT-TRACE is only for runs that violate something")
	}
	if err := c.readBody(body); err != nil {
		complain("%w", err)
	}
	return c, errors.Join(errs...)
}

// splitHead returns the text of the comment lines that a configuration begins with, and the rest.
func splitHead(text string) (head []string, body string) {
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		comment, ok := strings.CutPrefix(line, `\*`)
		if !ok {
			break
		}
		head, text = append(head, strings.TrimSpace(comment)), rest
	}
	return head, text
}

// isMarker tells a marker, capitals and a colon, from a sentence.
func isMarker(line string) bool {
	name, _, ok := strings.Cut(line, ":")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

var sections = map[string]string{
	"SPECIFICATION": "SPECIFICATION", "INIT": "INIT", "NEXT": "NEXT",
	"INVARIANT": "INVARIANT", "INVARIANTS": "INVARIANT",
	"PROPERTY": "PROPERTY", "PROPERTIES": "PROPERTY",
	"CONSTANT": "CONSTANT", "CONSTANTS": "CONSTANT",
	"CONSTRAINT": "CONSTRAINT", "CONSTRAINTS": "CONSTRAINT",
	"ACTION_CONSTRAINT": "ACTION_CONSTRAINT", "ACTION_CONSTRAINTS": "ACTION_CONSTRAINT",
	"SYMMETRY": "SYMMETRY", "VIEW": "VIEW", "CHECK_DEADLOCK": "CHECK_DEADLOCK",
}

// readBody reads the sections of a configuration. It knows those that the project uses; TLC itself reads them all.
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
			return fmt.Errorf("%q is in no section that this runner knows", word)
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
