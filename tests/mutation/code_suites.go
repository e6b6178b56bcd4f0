package main

import (
	"slices"
	"strings"
)

// suites returns the suites that run on mutants of the code, in this order: cheap ones that test
// the mutated code most directly come first.
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
		{Name: "chain-core", Package: "tests/graphs/rooms", Run: "^TestCoreAgainstModel$",
			Args: rapid("400"), Folders: core},
		{Name: "chain-room-core", Package: "tests/graphs/roomstatus", Run: "^TestRoomCoreAgainstModel$",
			Args: rapid("400"), Folders: core},
		{Name: "chain-channel-core", Package: "tests/graphs/channel", Args: rapid("400"), Folders: core,
			Run: "^TestChannelCoreAgainstModel$"},
		{Name: "equality", Package: "tests/graphs/rooms", Run: "^TestTheGraphsAreEqual$", Folders: core},
		{Name: "equality-room", Package: "tests/graphs/roomstatus", Run: "^TestTheRoomsGraphsAreEqual$",
			Folders: core},
		{Name: "equality-channel", Package: "tests/graphs/channel",
			Run: "^TestTheChannelsGraphsAreEqual$", Folders: core},
		{Name: "explore", Package: "tests/graphs/rooms", Args: short, Folders: core,
			Run: "^(TestTheCoreKeepsTheLivenessProperties|TestModelAndCoreHaveTheKnownSizes)$"},
		{Name: "explore-room", Package: "tests/graphs/roomstatus", Folders: core,
			Run: "^(TestTheRoomKeepsTheLivenessProperties|TestCoreAndModelHaveTheKnownSizes)$"},
		{Name: "lifecycle-unit", Package: "lifecycle", Run: ".", Args: rapid("100"), Folders: layer},
		{Name: "chain-rooms", Package: "tests/graphs/goroutines", Args: rapid("400"), Folders: layer,
			Run: "^Test(RoomsAgainstModel|RoomsConform|Invalid|EndedContext)"},
		{Name: "chain-room", Package: "tests/graphs/goroutines", Args: rapid("400"), Folders: layer,
			Run: "^TestRoom(AgainstModel|TakesEveryStepOfTheGraph)$"},
		{Name: "linear", Package: "tests/conformance/linear", Run: "^TestLinearizable", Race: true, Folders: layer,
			Args: []string{"-linear.ops=3000"}, Unsure: "took too long to decide whether the history is linearizable"},
		{Name: "schedules", Package: "tests/conformance/schedules", Args: short, Folders: layer,
			Run: "^(TestContextEndsAsItSettles|TestDisposeUnderGets|TestCallsFrom|TestAnOpening)"},
		{Name: "adapter-unit", Package: adapter, Run: ".", Args: short, Wire: true, Folders: wire},
		{Name: "stack", Package: "tests/wire/stack", Run: ".", Args: rapid("100"), Wire: true, Folders: all},
		{Name: "frames", Package: "tests/wire/frames", Run: "^TestFaultsAtSomeFrames$", Wire: true,
			Args: []string{"-frames.share=1", "-frames.pairs=500"}, Folders: all},
	}
	// A package inside the adapter is tested by the tests of its own folder, and by those of
	// packages that use it.
	inside := func(folder string, wire bool, args []string, others ...string) {
		s := suite{Name: strings.ReplaceAll(folder, "/", "-") + "-unit", Package: internal + folder,
			Run: ".", Args: args, Wire: wire}
		for _, f := range append(others, folder) {
			s.Folders = append(s.Folders, internal+f)
		}
		list = append(list, s)
	}
	inside("transport/wire", false, short)
	inside("transport/sequence", false, rapid("100", short...))
	inside("transport", true, short, "transport/wire", "transport/sequence")
	inside("realtime/presence", false, rapid("100", short...))
	inside("realtime", true, short, "realtime/presence")
	inside("chatrest", true, short)
	return list
}

const (
	adapter  = "adapter/ably"
	internal = adapter + "/internal/"
)

// folders are the default of -package.
var folders = []string{"fsm", "lifecycle", adapter, internal + "transport", internal + "transport/wire",
	internal + "transport/sequence", internal + "realtime", internal + "realtime/presence"}

// sees reports whether a suite can notice mutants of a folder.
func (s suite) sees(folder string) bool { return slices.Contains(s.Folders, folder) }

// leastKilled is the share of a folder's mutants that must be killed. Equivalent mutants don't
// count. A folder that is not listed needs no share.
var leastKilled = map[string]float64{
	"fsm":                           1,
	internal + "transport":          0.9,
	internal + "transport/wire":     0.9,
	internal + "transport/sequence": 0.9,
	internal + "realtime":           0.9,
	internal + "realtime/presence":  0.9,
}

// leastSample is the minimum size of a sample for its share to count.
const leastSample = 300
