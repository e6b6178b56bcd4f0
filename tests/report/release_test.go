package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	ablychat "ablyrooms.example/adapter/ably"
)

var versionHeading = regexp.MustCompile(`(?m)^## (\d+\.\d+\.\d+)\b`)

// newest returns the first version in the headings of a changelog.
func newest(changelog string) string {
	if m := versionHeading.FindStringSubmatch(changelog); m != nil {
		return m[1]
	}
	return ""
}

// TestTheVersion checks that three versions are the same: the one that the library sends to Ably,
// the newest in the changelog, and the one in the example of the release checklist.
func TestTheVersion(t *testing.T) {
	if got := newest(read(t, "CHANGELOG.md")); got != ablychat.Version {
		t.Errorf("the changelog's newest version is %q, ablychat.Version is %q", got, ablychat.Version)
	}
	if !strings.Contains(read(t, "CHANGELOG.md"), "\n## Unreleased\n") {
		t.Error("the changelog has no section Unreleased")
	}
	if tag := fmt.Sprintf(`git tag -s v%s -m "v%[1]s"`, ablychat.Version); !strings.Contains(read(t, "docs/release.md"), tag) {
		t.Errorf("docs/release.md does not have the command %s", tag)
	}
}

// TestAnOldVersionIsSeen shows that the check can fail.
func TestAnOldVersionIsSeen(t *testing.T) {
	for changelog, want := range map[string]string{
		"# Changelog\n\n## Unreleased\n\n## 0.3.0 (2026-01-02)\n\n## 0.2.0\n": "0.3.0", "# Changelog\n\n## Unreleased\n": "",
	} {
		if got := newest(changelog); got != want {
			t.Errorf("newest(%q) is %q, expected %q", changelog, got, want)
		}
	}
}

var (
	usesAction = regexp.MustCompile(`(?m)^\s*(?:- )?uses: *(\S+)(.*)$`)
	pinned     = regexp.MustCompile(`^[\w-]+/[\w./-]+@[0-9a-f]{40}$`)
	release    = regexp.MustCompile(`^ # v\d+\.\d+\.\d+$`)
)

// unpinned returns the actions of a workflow that are not pinned to a commit, or that have no
// comment with their release.
func unpinned(workflow string) (bad []string) {
	for _, m := range usesAction.FindAllStringSubmatch(workflow, -1) {
		if !pinned.MatchString(m[1]) || !release.MatchString(m[2]) {
			bad = append(bad, m[1]+m[2])
		}
	}
	return bad
}

// TestWorkflows checks that each action is pinned to a commit, and that the workflow on Linux runs
// make check with all tools that it needs.
func TestWorkflows(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("found %d workflows: %v", len(files), err)
	}
	all := ""
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, bad := range unpinned(string(text)) {
			t.Errorf("%s: the action %s is not pinned to a commit, or has no release in a comment", filepath.Base(file), bad)
		}
		all += string(text)
	}
	for _, want := range []string{"run: make check\n", "actions/setup-go@", "actions/setup-java@", "actions/setup-node@",
		"actions/cache@", "ubuntu-latest", "macos-latest", "windows-latest", "contents: read"} {
		if !strings.Contains(all, want) {
			t.Errorf("the workflows lack %q", want)
		}
	}
}

// TestAnUnpinnedActionIsSeen shows that the check can fail.
func TestAnUnpinnedActionIsSeen(t *testing.T) {
	commit := strings.Repeat("0a", 20)
	for line, bad := range map[string]int{
		"      - uses: actions/checkout@v6": 1, "        uses: actions/cache@" + commit: 1,
		"      - uses: actions/checkout@" + commit + " # v6.0.2": 0, "      - uses: actions/cache@main # v5.0.0": 1,
	} {
		if got := unpinned("steps:\n" + line + "\n"); len(got) != bad {
			t.Errorf("for the line %s, unpinned returned %v", line, got)
		}
	}
}
