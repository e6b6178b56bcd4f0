package ablytest_test

import (
	"testing"

	"go.uber.org/goleak"
)

// A leaked goroutine fails the package, ably-go's included.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
