package main

import (
	"strings"
	"testing"

	"ablyrooms.example/tests/conformance"
)

func TestPromisesAreTakenAwayByName(t *testing.T) {
	p, err := promisesWithout("Cancellation, Causes")
	want := conformance.AllPromises()
	want.Cancellation, want.Causes = false, false
	if err != nil || p != want {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestWhatIsGivenWrongly(t *testing.T) {
	for want, args := range map[string][]string{
		"no command":      {"-depth", "2"},
		"no such promise": {"-without", "Hope", "--", "subject"},
		"no step":         {"-script", "get", "--", "subject"},
		"not found":       {"--", "no-such-subject"},
	} {
		if err := run(t.Context(), args, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, expected %q", args, err, want)
		}
	}
}
