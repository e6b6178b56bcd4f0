package linear

import (
	"fmt"
	"hash/maphash"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/anishathalye/porcupine"
)

// Never is when a call returns that doesn't.
const Never = math.MaxInt64 / 2

var seed = maphash.MakeSeed()

// Sequential is the model of one name, for porcupine. Its inputs are of type Op; outputs are not used.
func Sequential() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return start() },
		Step: func(state, input, _ any) (bool, any) {
			next, ok := state.(view).step(input.(Op))
			return ok, next
		},
		Equal:             func(a, b any) bool { return a.(view).key == b.(view).key },
		Hash:              func(state any) uint64 { return maphash.String(seed, state.(view).key) },
		DescribeOperation: func(input, _ any) string { return input.(Op).String() },
		DescribeState:     func(state any) string { return state.(view).String() },
	}
}

// limit is how long one history may take to check. One that takes longer has not passed.
const limit = time.Minute

// Check returns nil if a history of one name is linearizable. Else, or if it is unknown whether it is, it writes porcupine's picture into
// a directory of its own and says where.
func Check(history []porcupine.Operation) error {
	result := porcupine.CheckOperationsTimeout(Sequential(), history, limit)
	if result == porcupine.Ok {
		return nil
	}
	return verdict(result, picture(history))
}

// verdict is the error of a result: only Ok is none.
func verdict(result porcupine.CheckResult, picture string) error {
	switch result {
	case porcupine.Ok:
		return nil
	case porcupine.Illegal:
		return fmt.Errorf("not linearizable: see %s", picture)
	}
	return fmt.Errorf("unknown whether it is linearizable (%s), which does not pass: see %s", result, picture)
}

// picture draws a history.
func picture(history []porcupine.Operation) string {
	dir, err := os.MkdirTemp("", "linear-*")
	if err != nil {
		return err.Error()
	}
	path := filepath.Join(dir, "history.html")
	_, info := porcupine.CheckOperationsVerbose(Sequential(), history, limit)
	if err := porcupine.VisualizePath(Sequential(), info, path); err != nil {
		return err.Error()
	}
	return path
}
