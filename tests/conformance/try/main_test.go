package main

import (
	"strings"
	"testing"
)

func TestWhatIsGivenWrongly(t *testing.T) {
	for want, args := range map[string][]string{
		"no command":      {"-depth", "2"},
		"no such promise": {"-without", "Causes, Hope", "--", "subject"},
		"no step":         {"-script", "get", "--", "subject"},
		"not found":       {"--", "no-such-subject"},
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, expected %q", args, err, want)
		}
	}
}
