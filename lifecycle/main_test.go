package lifecycle

import (
	"testing"

	"go.uber.org/goleak"
)

// goleak checks that no test leaves a goroutine behind. A bubble of testing/synctest checks this
// itself: it ends only when all its goroutines have ended.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
