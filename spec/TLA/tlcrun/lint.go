package tlcrun

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Lint finds in a configuration what would make its run say less than it seems to: see the errors' texts. It reads the modules of
// the configuration's folder.
func Lint(c *Config) error {
	var errs []error
	complain := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{c.Name}, args...)...))
	}
	allowed := func(rule string) bool { return slices.Contains(c.Allows, rule) }

	if len(c.Allows) > 0 && !c.IsCanary() {
		complain("ALLOWS is for canaries only")
	}
	if c.Repeat > 1 && !c.IsCanary() {
		complain("REPEAT is for canaries only")
	}
	for _, rule := range c.Allows {
		if !slices.Contains(c.Restricted, rule) {
			complain("ALLOWS names %s, which the configuration does not have", rule)
		}
	}
	if len(c.Temporal) > 0 {
		if c.Workers > 1 {
			complain("it has properties and %d workers: with more than one this TLC misses violations", c.Workers)
		}
		for _, s := range c.Restricted {
			if !allowed(s) {
				complain("it has properties and %s, which can hide every behaviour that breaks them", s)
			}
		}
	}
	checked := slices.Concat(c.Invariants, c.Temporal)
	if !slices.Equal(slices.Sorted(slices.Values(checked)), slices.Sorted(slices.Values(c.Properties))) {
		complain("it checks %v, and EXPECT-PROPERTIES says %v", checked, c.Properties)
	}
	switch c.Exit {
	case ExitOK:
	case ExitInvariant, ExitProperty:
		list := c.Invariants
		if c.Exit == ExitProperty {
			list = c.Temporal
		}
		if len(checked) != 1 || !slices.Equal(list, []string{c.Violates}) {
			complain("it must exit with %d for violating %q, and so must check that alone, not %v", c.Exit, c.Violates, checked)
		}
	case ExitDeadlock:
		if c.Violates != Deadlock {
			complain("it must exit with %d, which is a deadlock, not a violation of %s", c.Exit, c.Violates)
		}
	default:
		complain("%d is no exit code that TLC has for a verdict", c.Exit)
	}

	text, err := moduleText(c.Dir(), c.Module, map[string]bool{})
	if err != nil {
		complain("%w", err)
		return errors.Join(errs...)
	}
	for _, name := range checked {
		if !defines(text, name) {
			complain("it checks %s, which %s does not define", name, c.Module)
		}
	}
	for name, other := range c.Overrides {
		if !defines(text, name) || !defines(text, other) {
			complain("%s does not define both %s and %s", c.Module, name, other)
		}
	}
	if c.Specification == "" || !defines(text, c.Specification) {
		complain("%s does not define the specification %q", c.Module, c.Specification)
	}
	return errors.Join(errs...)
}

// LintAll lints the configurations, and finds what they lack together: each property that one of them checks, and each that the
// document says must hold, has a configuration where it holds and a twin that it rejects; the twins have no operator to spare.
func LintAll(configs []*Config, document string) error {
	var errs []error
	names, holds, rejects, used := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	modules := map[string]string{}
	for _, c := range configs {
		errs = append(errs, Lint(c))
		if names[c.Name] {
			errs = append(errs, fmt.Errorf("two configurations are called %s", c.Name))
		}
		names[c.Name] = true
		if c.IsCanary() {
			continue
		}
		if c.Violates != "" {
			rejects[c.Violates] = true
		} else {
			for _, p := range c.Properties {
				holds[p] = true
			}
		}
		used[c.Specification] = true
		for _, other := range c.Overrides {
			used[other] = true
		}
		modules[c.Module] = c.Dir()
	}
	named, err := MustHold(document)
	if err != nil {
		errs = append(errs, err)
	}
	for _, p := range named {
		if !holds[p] {
			errs = append(errs, fmt.Errorf("%s must hold, and no configuration checks that it does", p))
		}
		holds[p] = true
	}
	for p := range holds {
		if !rejects[p] {
			errs = append(errs, fmt.Errorf("%s has no twin that it rejects: it may hold of everything", p))
		}
	}
	for module, dir := range modules {
		if !strings.HasSuffix(module, "Twins") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, module+".tla"))
		if err != nil {
			errs = append(errs, err)
		}
		for _, m := range definition.FindAllStringSubmatch(string(text), -1) {
			if !used[m[1]] {
				errs = append(errs, fmt.Errorf("%s defines %s, which no configuration uses", module, m[1]))
			}
		}
	}
	return errors.Join(errs...)
}

var (
	definition = regexp.MustCompile(`(?m)^([A-Za-z][A-Za-z0-9_]*)(?:\([^)]*\))?\s*==`)
	extends    = regexp.MustCompile(`(?m)^EXTENDS (.*)$`)
	bold       = regexp.MustCompile(`(?m)^- \*\*([A-Za-z, ]+)\*\*:`)
)

func defines(text, name string) bool {
	return slices.ContainsFunc(definition.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1] == name })
}

// moduleText returns the text of a module and of those that it extends, as far as they are in the same folder.
func moduleText(dir, module string, seen map[string]bool) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, module+".tla"))
	if err != nil {
		return "", err
	}
	text := string(data)
	seen[module] = true
	for _, m := range extends.FindAllStringSubmatch(string(data), -1) {
		for _, name := range strings.Split(m[1], ",") {
			name = strings.TrimSpace(name)
			if seen[name] {
				continue
			}
			more, err := moduleText(dir, name, seen)
			if err != nil && !errors.Is(err, os.ErrNotExist) { // the standard modules are in the jar
				return "", err
			}
			text += "\n" + more
		}
	}
	return text, nil
}

// MustHold returns the names of the properties in the part "What must hold" of the document with the rules.
func MustHold(document string) ([]string, error) {
	_, part, ok := strings.Cut(document, "\n## What must hold\n")
	if !ok {
		return nil, errors.New(`the document has no part "What must hold"`)
	}
	part, _, _ = strings.Cut(part, "\n## ")
	var names []string
	for _, m := range bold.FindAllStringSubmatch(part, -1) {
		for _, name := range strings.Split(m[1], ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	if len(names) == 0 {
		return nil, errors.New(`the document's part "What must hold" names no property`)
	}
	return names, nil
}
