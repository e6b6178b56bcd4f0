package ablytest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A leaked goroutine, ably-go's included, fails the package.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
