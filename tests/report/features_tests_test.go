package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// kindNames matches the names of files and tests in docs/features-tests.md.
var kindNames = regexp.MustCompile("`([\\w./-]+_test\\.go|(?:Test|Fuzz)\\w+)`")

// kindsOfFaults checks a page with a section for each kind of fault. A section names files, and
// tests in each file. It returns the number of kinds, and the errors.
func kindsOfFaults(page string, read func(file string) (string, error)) (kinds int, wrong []string) {
	for _, section := range strings.Split(page, "\n## ")[1:] {
		kind, text, _ := strings.Cut(section, "\n")
		kinds++
		file, source, tests := "", "", 0
		for _, name := range kindNames.FindAllStringSubmatch(text, -1) {
			var err error
			switch name := name[1]; {
			case strings.HasSuffix(name, ".go"):
				file = name
				if source, err = read(file); err != nil {
					wrong = append(wrong, err.Error())
				}
			case !strings.Contains(source, "\nfunc "+name+"("):
				wrong = append(wrong, "there is no "+name+" in "+file)
			default:
				tests++
			}
		}
		if tests == 0 {
			wrong = append(wrong, "no test of: "+kind)
		}
	}
	return kinds, wrong
}

// Each kind of fault in docs/features-tests.md names tests that exist.
func TestTheKindsOfFaults(t *testing.T) {
	page := read(t, "docs/features-tests.md")
	source := func(file string) (string, error) {
		text, err := os.ReadFile(filepath.Join(root, file))
		return string(text), err
	}
	if kinds, wrong := kindsOfFaults(page, source); kinds < 15 || len(wrong) > 0 {
		t.Errorf("%d kinds; %s", kinds, strings.Join(wrong, "; "))
	}
	for was, becomes := range map[string]string{
		"`TestNothingIsMissed`":         "`TestNothingIsMissing`",
		"`adapter/ably/values_test.go`": "`adapter/ably/worth_test.go`",
		"`TestWhatIsSwitchedOff`":       "trying it by hand",
	} {
		changed := strings.Replace(page, was, becomes, 1)
		if _, wrong := kindsOfFaults(changed, source); changed == page || len(wrong) == 0 {
			t.Errorf("%s in the place of %s is not noticed", becomes, was)
		}
	}
}
