// Package faults plants faults in copies of the implementation, of the kinds that chat SDKs have had, to show that the suites catch
// them. A copy is the real source with one passage replaced, built with the go command's overlay: nothing in the tree changes.
package faults

// Fault is one passage of the implementation, written wrongly.
type Fault struct {
	Name string // what is wrong, in a few words
	File string // the file, from the root of the module
	Old  string // the passage, which stands there exactly once
	New  string // what is planted in its place
	Test string // the test that catches it, in tests/graphs/rooms or tests/graphs/goroutines
}

// Faults lists the planted faults.
func Faults() []Fault {
	const rooms, layer = "fsm/rooms.go", "lifecycle/rooms.go"
	const core, bubble = "TestCoreAgainstModel", "TestRoomsAgainstModel"
	return []Fault{
		{"dispose returns while a release is in flight", rooms, "r.disposal == NotDisposed || r.releasing > 0", "r.disposal == NotDisposed", bubble},
		{"a release that failed is kept for ever", rooms,
			"return r.ended(inc, Outcome{Kind: RejectedReleaseFailed, Incarnation: inc.id}, outs)",
			"return r.settleAll(inc, Outcome{Kind: RejectedReleaseFailed, Incarnation: inc.id}, outs)", bubble},
		{"options compared before the defaults are filled in", layer,
			"	if ready != nil && ready.options == o {", "	if len(options) == 0 {\n		o.Typing.HeartbeatThrottle--\n	}\n	if ready != nil && ready.options == o {", bubble},
		{"a get that waits is not rejected by a release", rooms,
			"	for _, c := range inc.waiters {\n		delete(r.waits, c)\n		outs = append(outs, settle(c, Outcome{Kind: RejectedReleased, Incarnation: inc.id}))\n	}\n	inc.waiters = nil\n", "", bubble},
		{"a second instance while the first one is opening", rooms, "if use := s.use; use != nil {", "if use := s.use; use != nil && use.life == Ready {", bubble},
		{"an entry left behind by an invalid get", layer,
			"	if err != nil {\n		return none, err\n	}\n	if ready", "	if err != nil {\n		c := r.do(ctx, fsm.RoomsInput[RoomOptions]{Kind: fsm.CallGet, Name: name, Options: o})\n		return c.room, err\n	}\n	if ready", "TestInvalidGetLeavesNothing"},
		{"opened before the predecessor is released", rooms, "	if s.rel != nil { // R6\n		return outs\n	}\n", "", core},
		{"options in conflict return the room", rooms, "case use.options != in.Options: // R2", "case false: // R2", bubble},
		{"a get after dispose opens a room", rooms, "if r.disposal != NotDisposed { // R1\n", "if false {\n", bubble},
		{"a failed opening wedges the name", rooms,
			"		delete(r.incs, inc.id)\n		delete(r.names, inc.name) // an incarnation that is opening has no predecessor, so the slot is empty now\n", "", core},
		{"a room opened after its release is never released", rooms,
			"	case inc.life == Releasing && opened: // R18\n		return startClosing(inc, outs)\n", "", bubble},
		{"a release of a room being opened returns at once", rooms,
			"	if inc.work == Opening { // R11\n		return append(outs, RoomsOutput{Kind: Abandon, Incarnation: inc.id})\n	}\n",
			"	if inc.work == Opening { // R11\n		return r.endDisposal(append(outs, RoomsOutput{Kind: Abandon, Incarnation: inc.id}, settle(r.lastCall, Outcome{Kind: Done})))\n	}\n", core},
		{"the error of a release is swallowed", rooms, "out = Outcome{Kind: DisposeFailed, Failed: r.failed}", "out = Outcome{Kind: Done}", bubble},
		{"dispose keeps only its last error", rooms, "r.failed = slices.Insert(slices.Clone(r.failed), i, inc.id)", "r.failed, i = []Incarnation{inc.id}, i", bubble},
		{"the successor is not opened after a release", rooms, "	return startOpening(s.use, outs)\n", "	return outs\n", bubble},
		{"giving up forgets the room that is opening", rooms,
			"		inc.waiters = remove(inc.waiters, c)\n", "		inc.waiters = nil\n", core},
		{"a released room is still found by get", layer, "		r.ready.Delete(l.name)\n", "", bubble},
		{"a lost wake-up", layer, "	if c.done != nil {\n		close(c.done)\n	}\n", "", bubble},
		{"a context that has ended begins a call all the same", layer,
			"	var none R\n	if ctx.Err() != nil {\n		return none, context.Cause(ctx)\n	}\n", "	var none R\n", "TestEndedContextHasNoEffect"},
		{"an opening that is not wanted is not cancelled", layer, "			l.abandon(releasedBefore(\"open\", l.name))\n", "			_ = l\n", bubble},
	}
}
