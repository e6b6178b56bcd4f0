package chain

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

func featureSource(find func(folder, name string) (string, bool)) (source, error) {
	return coverageSource("feature-points.txt", "coverage-features.md", find)
}

func TestEveryPointOfTheFeaturesIsCovered(t *testing.T) {
	s, err := featureSource(testFinder())
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range s.check() {
		t.Error(err)
	}
	testable := s.testable()
	if len(s.points) != 300 || testable != 219 {
		t.Errorf("%d points are listed, %d of them testable; the specification has 300 and 219", len(s.points), testable)
	}
	notHere, notForGo := strings.Count(s.table, "not here: "), strings.Count(s.table, "| not for Go: ")
	fmt.Printf("EVIDENCE feature_points listed=%d testable=%d tests_named=%d nothere=%d notforgo=%d\n",
		len(s.points), testable, len(coverageTest.FindAllString(s.table, -1)), notHere, notForGo)
}

// row puts what covers a point in the place of what the table has.
func row(id, by string) func(s *source) {
	return func(s *source) {
		s.table = regexp.MustCompile(`(?m)^(\| `+id+` \| .+ \|) .* \|$`).ReplaceAllString(s.table, "$1 "+by+" |")
	}
}

// What is wrong with the table of the features is noticed.
func TestAPointOfAFeatureThatIsNotCoveredIsNoticed(t *testing.T) {
	find := testFinder()
	noticed(t, func() (source, error) { return featureSource(find) }, map[string]plantedRow{
		"a row is gone": {func(s *source) {
			s.table = regexp.MustCompile(`(?m)^\| CHA-M5d .*\n`).ReplaceAllString(s.table, "")
		}, "CHA-M5d has no row"},
		"a new point":            {func(s *source) { s.points["CHA-T99"] = true }, "CHA-T99 has no row"},
		"nothing":                {row("CHA-T13b5", ""), "CHA-T13b5 has no test"},
		"nothing at all":         {row("CHA-GP3", ""), "CHA-GP3 has no test"},
		"a test that isn't":      {row("CHA-O7a", "`adapter/ably.TestOccupants`"), "CHA-O7a: there is no test TestOccupants in adapter/ably"},
		"a folder that isn't":    {row("CHA-O7a", "`adapter.TestOccupancy`"), "CHA-O7a: there is no test TestOccupancy in adapter"},
		"a point is not cited":   {row("CHA-M5d", "`chat.TestOrder[CHA-M5d]`"), "CHA-M5d: the tests beside TestOrder don't cite CHA-M5d"},
		"a longer one is cited":  {row("CHA-M2e", "`chat.TestOrder[CHA-M2]`"), "CHA-M2e: the tests beside TestOrder don't cite CHA-M2"},
		"no reason":              {row("CHA-T16", "not here: later"), "CHA-T16 is not here, and it isn't said why"},
		"no reason for the rest": {row("CHA-T18", "`chat.TestTypers`; not here: no"), "CHA-T18 is not here, and it isn't said why"},
		"no reason, not for Go":  {row("CHA-IN1a", "not for Go: no"), "CHA-IN1a is not for Go, and it isn't said why"},
		"a reason of another kind": {row("CHA-T16", "left out: the specification calls it deprecated"),
			`CHA-T16 is covered by "left out: `},
		"a point of nobody": {func(s *source) { s.table += "| CHA-M99 | nothing | `chat.TestOrder` |\n" }, "CHA-M99 is no point"},
		"a point of a room": {func(s *source) { s.table += "| CHA-RL1 | attach | `chat.TestOrder` |\n" }, "CHA-RL1 is no point"},
	})
}
