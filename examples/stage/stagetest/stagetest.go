// Package stagetest tests examples: it runs an example on an embedded server, and compares its
// output.
package stagetest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ablyrooms.example/examples/stage"
)

// Run runs an example on an embedded server. The test fails if the example returns an error, or if
// its output is not these lines.
func Run(t *testing.T, run func(context.Context, *stage.Stage) error, lines ...string) {
	t.Helper()
	t.Setenv(stage.KeyVariable, "")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out bytes.Buffer
	if err := stage.Play(ctx, &out, run); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(lines, strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")); diff != "" {
		t.Errorf("the example printed something else (-expected +printed):\n%s", diff)
	}
}
