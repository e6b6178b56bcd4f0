package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestAFolderIsServedUntilTheContextEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("here it is"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(ctx, "127.0.0.1:0", dir, write) }()
	line := make([]byte, 200)
	n, err := read.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := regexp.MustCompile(`http://\S+/`).FindString(string(line[:n]))
	got, err := http.Get(url)
	if err != nil {
		t.Fatalf("the command printed %q: %v", line[:n], err)
	}
	text, err := io.ReadAll(got.Body)
	_ = got.Body.Close()
	if string(text) != "here it is" || err != nil {
		t.Errorf("GET %s returned %q, %v", url, text, err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := serve(t.Context(), "no address", dir, io.Discard); err == nil {
		t.Error("serve accepted an invalid address")
	}
}

func TestBadArgumentsAreRefused(t *testing.T) {
	if err := run(t.Context(), []string{"-colour"}, io.Discard); err == nil {
		t.Error("run accepted an unknown flag")
	}
}

// TestThePageLoadsNothingFromElsewhere checks that the page's files refer to no other site or root
// path.
func TestThePageLoadsNothingFromElsewhere(t *testing.T) {
	entries, err := web.ReadDir("web")
	if err != nil || len(entries) < 10 {
		t.Fatalf("the site has %d files: %v", len(entries), err)
	}
	elsewhere := regexp.MustCompile(`(?:src|href)="/|url\(|https?://`)
	for _, e := range entries {
		text, err := web.ReadFile("web/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if elsewhere.MatchString(line) &&
				!strings.Contains(line, "http://www.w3.org/2000/svg") {
				t.Errorf("%s refers to another site or a root path: %s", e.Name(), line)
			}
		}
	}
}
