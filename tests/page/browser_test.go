package main

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestAMissingBrowserSaysHowToGetOne(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv(browserVariable, "")
	_, err := findBrowser(t.Context(), io.Discard)
	if !errors.Is(err, errNoBrowser) || !strings.Contains(err.Error(), "apt-get install chromium") {
		t.Errorf("findBrowser without a Chromium returned the error %v", err)
	}
	t.Setenv(browserVariable, "no-such-browser")
	if _, err := findBrowser(t.Context(), io.Discard); !errors.Is(err, errNoBrowser) ||
		!strings.Contains(err.Error(), "no-such-browser") {
		t.Errorf("findBrowser with a wrong path returned the error %v", err)
	}
}
