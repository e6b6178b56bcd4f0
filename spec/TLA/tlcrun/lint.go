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

// Lint returns an error for each mistake in the configuration because of which a passing run would
// show less than it seems to. It reads the modules of the configuration's folder.
func Lint(c *Config) error {
	var errs []error
	complain := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s: "+format, append([]any{c.Name}, args...)...))
	}
	allowed := func(rule string) bool { return slices.Contains(c.Allows, rule) }

	if !c.Stated {
		complain("its head has no markers, so it states no result")
	}
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
			complain("with properties and %d workers this TLC misses violations", c.Workers)
		}
		for _, s := range c.Restricted {
			if !allowed(s) {
				complain("%s", c.hides(s))
			}
		}
	}
	checked := slices.Concat(c.Invariants, c.Temporal)
	sorted := func(list []string) []string { return slices.Sorted(slices.Values(list)) }
	if !slices.Equal(sorted(checked), sorted(c.Properties)) {
		complain("it checks %v, but EXPECT-PROPERTIES says %v", checked, c.Properties)
	}
	switch c.Exit {
	case ExitOK:
	case ExitInvariant, ExitProperty:
		list := c.Invariants
		if c.Exit == ExitProperty {
			list = c.Temporal
		}
		if len(checked) != 1 || !slices.Equal(list, []string{c.Violates}) {
			complain("it must exit with %d, since it violates %q, and must check only that property, not %v", c.Exit, c.Violates, checked)
		}
	case ExitDeadlock:
		if c.Violates != Deadlock {
			complain("with the exit code %d, the run ends in a deadlock: EXPECT-VIOLATES must be Deadlock, not %s", c.Exit, c.Violates)
		}
	default:
		complain("EXPECT-EXIT is %d, which is no exit code of TLC for a finished run", c.Exit)
	}

	text, err := moduleText(c.Dir(), c.Module, map[string]string{})
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

func (c *Config) hides(section string) string {
	return "it has properties and " + section + ", which can hide every behaviour that breaks them"
}

// Warnings returns the mistakes in the configuration because of which a passing run shows less than
// it seems to. It is for configurations without markers.
func (c *Config) Warnings() (warnings []string) {
	for _, s := range c.Restricted {
		if len(c.Temporal) > 0 {
			warnings = append(warnings, c.hides(s))
		}
	}
	return warnings
}

// LintAll lints the configurations, and checks all of them together. Each property that a
// configuration checks, or that the document says must hold, needs a configuration where it holds
// and a twin that breaks it. Each operator of the twins needs a configuration that uses it.
func LintAll(configs []*Config, document string) error {
	type set = map[string]bool
	names, holds, rejects, used := set{}, set{}, set{}, set{}
	var errs []error
	complain := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	modules := map[string]string{}
	for _, c := range configs {
		errs = append(errs, Lint(c))
		if names[c.Name] {
			complain("two configurations are called %s", c.Name)
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
			complain("%s must hold, but no configuration checks that it does", p)
		}
		holds[p] = true
	}
	for p := range holds {
		if !rejects[p] {
			complain("%s has no twin that breaks it: perhaps nothing can break it", p)
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
				complain("%s defines %s, which no configuration uses", module, m[1])
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
	named := func(m []string) bool { return m[1] == name }
	return slices.ContainsFunc(definition.FindAllStringSubmatch(text, -1), named)
}

// moduleText returns the text of a module and of the modules that it extends, except those that are
// neither in the folder nor in the one above it. It adds the folder of each to folders.
func moduleText(dir, module string, folders map[string]string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, module+".tla"))
	at := dir
	if errors.Is(err, os.ErrNotExist) {
		if above, e := os.ReadFile(filepath.Join(filepath.Dir(dir), module+".tla")); e == nil {
			data, err, at = above, nil, filepath.Dir(dir)
		}
	}
	if err != nil {
		return "", err
	}
	folders[module] = at
	text := string(data)
	for _, m := range extends.FindAllStringSubmatch(text, -1) {
		for name := range strings.SplitSeq(m[1], ",") {
			name = strings.TrimSpace(name)
			if folders[name] != "" {
				continue
			}
			more, err := moduleText(dir, name, folders)
			// the standard modules are in the jar
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
			text += "\n" + more
		}
	}
	return text, nil
}

// MustHold returns the names of the properties in the section "What must hold" of the document of
// rules.
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
