package lifecycle

import (
	"testing"

	"go.uber.org/goleak"
)

// No test leaves a goroutine behind. Tests in bubbles of virtual time (testing/synctest) show it
// for themselves: a bubble ends only when all its goroutines have.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
