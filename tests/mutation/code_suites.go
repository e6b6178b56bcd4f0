package main

import (
	"slices"
	"strings"
)

// suites that mutants of the code are held against, in this order: the cheapest of those that look
// closest first.
func suites() []suite {
	rapid := func(checks string, more ...string) []string {
		return append([]string{"-rapid.checks=" + checks, "-rapid.nofailfile", "-rapid.shrinktime=0s"},
			more...)
	}
	short := []string{"-test.short"}
	core, layer := []string{"fsm"}, []string{"fsm", "lifecycle"}
	all, wire := []string{"fsm", "lifecycle", adapter}, []string{adapter}
	list := []suite{
		{Name: "fsm-unit", Package: "fsm", Run: ".", Args: rapid("100"), Folders: core},
		{Name: "lifecycle-unit", Package: "lifecycle", Run: ".", Args: rapid("100"), Folders: layer},
		{Name: "stack", Package: "tests/wire/stack", Run: ".", Args: rapid("100"), Wire: true, Folders: all},
		{Name: "chain-core", Package: "tests/graphs/rooms", Run: "^TestCoreAgainstModel$",
			Args: rapid("400"), Folders: core},
		{Name: "chain-room-core", Package: "tests/graphs/roomstatus", Run: "^TestRoomCoreAgainstModel$",
			Args: rapid("400"), Folders: core},
		{Name: "chain-rooms", Package: "tests/graphs/goroutines", Args: rapid("400"), Folders: layer,
			Run: "^Test(RoomsAgainstModel|RoomsConform|Invalid|EndedContext)"},
		{Name: "chain-room", Package: "tests/graphs/goroutines", Args: rapid("400"), Folders: layer,
			Run: "^TestRoom(AgainstModel|TakesEveryStepOfTheGraph)$"},
		{Name: "equality", Package: "tests/graphs/rooms", Run: "^TestTheGraphsAreEqual$", Folders: core},
		{Name: "equality-room", Package: "tests/graphs/roomstatus", Run: "^TestTheRoomsGraphsAreEqual$",
			Folders: core},
		{Name: "explore", Package: "tests/graphs/rooms", Args: short, Folders: core,
			Run: "^(TestTheCoreKeepsTheLivenessProperties|TestModelAndCoreHaveTheKnownSizes)$"},
		{Name: "explore-room", Package: "tests/graphs/roomstatus", Folders: core,
			Run: "^(TestTheRoomKeepsTheLivenessProperties|TestCoreAndModelHaveTheKnownSizes)$"},
		{Name: "linear", Package: "tests/conformance/linear", Run: "^TestLinearizable", Race: true, Folders: layer,
			Args: []string{"-linear.ops=3000"}, Unsure: "unknown whether it is linearizable"},
		{Name: "schedules", Package: "tests/conformance/schedules", Args: short, Folders: layer,
			Run: "^(TestContextEndsAsItSettles|TestDisposeUnderGets|TestCallsFrom|TestAnOpening)"},
		{Name: "adapter-unit", Package: adapter, Run: ".", Args: short, Wire: true, Folders: wire},
		{Name: "frames", Package: "tests/wire/frames", Run: "^TestFaultsAtSomeFrames$", Wire: true,
			Args: []string{"-frames.share=1", "-frames.pairs=500"}, Folders: all},
	}
	for _, folder := range []string{"transport", "realtime", "chatrest"} {
		list = append(list, suite{Name: folder + "-unit", Package: internal + folder, Run: ".", Args: short,
			Folders: []string{internal + folder}})
	}
	return list
}

const (
	adapter  = "adapter/ably"
	internal = adapter + "/internal/"
)

// sees reports whether a suite can notice mutants of a folder. What is inside the adapter is seen
// by what sees the adapter too.
func (s suite) sees(folder string) bool {
	inside := strings.HasPrefix(folder, internal) && slices.Contains(s.Folders, adapter)
	return inside || slices.Contains(s.Folders, folder)
}

// leastKilled is the share that must be killed of a folder's mutants that are not equivalent, for
// a folder of which that is asked.
var leastKilled = map[string]float64{
	"fsm": 1, internal + "transport": 0.9, internal + "realtime": 0.9,
}

// leastSample is how many mutants of a folder must be tried, or all, for its share to count.
const leastSample = 300
