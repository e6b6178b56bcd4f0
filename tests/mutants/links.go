package main

// link is one link of the chain of evidence: a suite that may kill a mutant.
type link struct {
	Name    string
	Package string   // from the root of the module
	Run     string   // which tests
	Skip    string   // which of them not
	Args    []string // more arguments of the test binary
	Race    bool     // with the race detector
	Wire    bool     // it runs in real time on a real connection, so a failure counts only when it comes twice
	Unsure  string   // what it says when it could not tell in time
	Folders []string // the folders whose mutants it can see
}

// links are tried in this order: the cheapest of those that look closest first.
func links() []link {
	rapid := func(checks string) []string {
		return []string{"-rapid.checks=" + checks, "-rapid.nofailfile", "-rapid.shrinktime=0s"}
	}
	core, layer := []string{"fsm"}, []string{"fsm", "lifecycle"}
	channels := []string{"adapter/ably/internal/realtime"}
	wire := append([]string{"adapter/ably"}, channels...)
	all := append([]string{"fsm", "lifecycle"}, wire...)
	return []link{
		{Name: "fsm-unit", Package: "fsm", Run: ".", Args: rapid("100"), Folders: core},
		{Name: "lifecycle-unit", Package: "lifecycle", Run: ".", Args: rapid("100"), Folders: layer},
		{Name: "realtime-unit", Package: "adapter/ably/internal/realtime", Run: ".", Wire: true, Folders: channels},
		{Name: "stack", Package: "tests/stack", Run: ".", Args: rapid("100"), Wire: true, Folders: all},
		{Name: "chain-core", Package: "tests/graphs/rooms", Run: "^TestCoreAgainstModel$", Args: rapid("400"), Folders: core},
		{Name: "chain-room-core", Package: "tests/graphs/roomstatus", Run: "^TestRoomCoreAgainstModel$", Args: rapid("400"), Folders: core},
		{Name: "chain-rooms", Package: "tests/graphs/goroutines", Run: "^Test(RoomsAgainstModel|RoomsConform|Invalid|EndedContext)", Args: rapid("400"), Folders: layer},
		{Name: "chain-room", Package: "tests/graphs/goroutines", Run: "^TestRoom(AgainstModel|TakesEveryStepOfTheGraph)$", Args: rapid("400"), Folders: layer},
		{Name: "equality", Package: "tests/graphs/rooms", Run: "^TestTheGraphsAreEqual$", Folders: core},
		{Name: "equality-room", Package: "tests/graphs/roomstatus", Run: "^TestTheRoomsGraphsAreEqual$", Folders: core},
		{Name: "explore", Package: "tests/graphs/rooms", Run: "^(TestTheCoreKeepsTheLivenessProperties|TestModelAndCoreHaveTheKnownSizes)$",
			Args: []string{"-test.short"}, Folders: core},
		{Name: "explore-room", Package: "tests/graphs/roomstatus", Run: "^(TestTheRoomKeepsTheLivenessProperties|TestCoreAndModelHaveTheKnownSizes)$", Folders: core},
		{Name: "linear", Package: "tests/conformance/linear", Run: "^TestLinearizable", Args: []string{"-linear.ops=3000"}, Race: true,
			Unsure: "unknown whether it is linearizable", Folders: layer},
		{Name: "schedules", Package: "tests/conformance/schedules", Run: "^(TestContextEndsAsItSettles|TestDisposeUnderGets|TestCallsFrom|TestAnOpening)",
			Args: []string{"-test.short"}, Folders: layer},
		{Name: "adapter-unit", Package: "adapter/ably", Run: ".", Args: []string{"-test.short"}, Wire: true, Folders: wire},
		{Name: "frames", Package: "tests/frames", Run: "^TestFaultsAtSomeFrames$",
			Args: []string{"-frames.share=1", "-frames.pairs=500"}, Wire: true, Folders: all},
	}
}

// files names the files of a folder that are changed, where that is not all of them: in the adapter, the path of a room.
func files() map[string][]string {
	return map[string][]string{"adapter/ably": {"client.go", "dispatch.go", "messagesubscription.go", "publish.go", "room.go"}}
}
