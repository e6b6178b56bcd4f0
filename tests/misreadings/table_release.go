package main

// A release that leaves an incarnation in use, and waits.
const (
	coreLeaves  = "		outs = r.leave(s, outs)\n	}\n	r.wait(in.Call, s.rel) // R8 too\n"
	modelLeaves = "		t.wait(call, t.releaseInUse(inUse, beingReleased))\n"
)

// doneAtOnce has a release that takes something out of use end at once where a condition holds, in the core and in the model.
func doneAtOnce(inCore, inModel string) (core_, model_ []edit) {
	core_ = []edit{core(coreLeaves, `		first, over := len(outs), `+inCore+`
		outs = r.leave(s, outs)
		if over {
			outs = append(outs, settle(in.Call, Outcome{Kind: Done}))
			sortOutputs(outs[first:])
			return outs
		}
	}
	r.wait(in.Call, s.rel) // R8 too
`)}
	model_ = []edit{model(modelLeaves, `		over := `+inModel+`
		if end := t.releaseInUse(inUse, beingReleased); over {
			t.settle(call, Outcome{Kind: OutcomeDone})
		} else {
			t.wait(call, end)
		}
`)}
	return core_, model_
}

// tlaDone is a release that takes i out of use and ends at once.
const tlaDone = `Change(i, Left(i)) /\ RejectAndBegin(Rejected(i), NewCall("release", n, NoName, 0, "done", 0)) /\ UNCHANGED failed`

// ofRelease are misreadings of the rules of Release: CHA-RC1g.
func ofRelease() []misreading {
	coreOpening, modelOpening := doneAtOnce("s.use.work == Opening", "t.incarnation(inUse).Work == WorkOpening")
	coreReady, modelReady := doneAtOnce("s.use.life == Ready", "t.incarnation(inUse).Life == LifeReady")
	coreWaiting, modelWaiting := doneAtOnce("s.rel != nil", "beingReleased != 0")
	return []misreading{
		{
			Name: "release returns as soon as the room is out of the map", Rules: "R10", Spec: []string{"CHA-RC1g1", "CHA-RC1g5"}, SDK: differs,
			How:  "The entry is removed from the map at once, and that is what a release is; the channel is detached in the background.",
			Core: coreReady, Model: modelReady,
			TLA: []edit{tla(`incs[i].work # "opening"
         /\ ReleaseLeaves(n, i, i)`, `incs[i].work # "opening"
         /\ `+tlaDone)},
		},
		{
			Name: "release of a room that is being opened returns at once", Rules: "R11", Spec: []string{"CHA-RC1g1", "CHA-RC1g5"}, SDK: unknown,
			How:  "The pending get is interrupted and the entry removed; a room that was never made has nothing that could be released.",
			Core: coreOpening, Model: modelOpening,
			TLA: []edit{tla(`/\ i \in InUse(n) /\ ~HasPredecessor(i) /\ incs[i].work = "opening"
         /\ ReleaseLeaves(n, i, i)`, `/\ i \in InUse(n) /\ ~HasPredecessor(i) /\ incs[i].work = "opening"
         /\ `+tlaDone)},
		},
		{
			Name: "release of a get that waits returns at once", Rules: "R9", Spec: []string{"CHA-RC1g4"}, SDK: differs, At: fourCalls,
			How:  "The pending get fails and the entry is removed, and with that this release has done all that it was called for.",
			Core: coreWaiting, Model: modelWaiting,
			TLA: []edit{tla(`/\ ReleaseLeaves(n, i, j)`, `/\ `+tlaDone)},
		},
		{
			Name: "a second release is a no-op", Rules: "R8", Spec: []string{"CHA-RC1g2", "CHA-RC1g3"}, SDK: differs,
			How:   "The first release has removed the entry, so the name is not in the map, and then release is a no-op.",
			Core:  []edit{core("	if s == nil { // R7\n", "	if s == nil || s.use == nil { // R7\n")},
			Model: []edit{model("	case inUse == 0 && beingReleased == 0: // CHA-RC1g2\n", "	case inUse == 0: // CHA-RC1g2\n")},
			TLA: []edit{tla(`/\ CanBegin /\ InUse(n) = {} /\ Releasing(n) = {}`, `/\ CanBegin /\ InUse(n) = {}`),
				tla(`    /\ CanBegin /\ InUse(n) = {}
    /\ \E i \in IncIds :
         /\ i \in Releasing(n)`, `    /\ FALSE
    /\ \E i \in IncIds :
         /\ i \in Releasing(n)`)},
		},
		{
			Name: "a get that waits is not rejected by a second release", Rules: "R9", Spec: []string{"CHA-RC1g3", "CHA-RC1g4"}, SDK: differs, At: fourCalls,
			How:   "A release that finds another one in progress returns the future of that one, and does nothing else.",
			Core:  []edit{core("	if s.use != nil { // R9, R10, R11\n", "	if s.use != nil && s.rel == nil { // R10, R11\n")},
			Model: []edit{model("	case inUse == 0: // CHA-RC1g3\n", "	case beingReleased != 0: // CHA-RC1g3\n")},
			TLA: []edit{tla(`    /\ CanBegin /\ InUse(n) = {}
    /\ \E i \in IncIds :
         /\ i \in Releasing(n)`, `    /\ CanBegin
    /\ \E i \in IncIds :
         /\ i \in Releasing(n)`),
				tla(`/\ i \in InUse(n) /\ HasPredecessor(i) /\ j \in Releasing(n)`, `/\ FALSE /\ i \in InUse(n) /\ HasPredecessor(i) /\ j \in Releasing(n)`)},
		},
		{
			Name: "release of a name without a room is an error", Rules: "R7", Spec: []string{"CHA-RC1g2"}, SDK: differs,
			How:   "Whoever releases what isn't there has made a mistake, and of the codes RoomReleasedBeforeOperationCompleted says so.",
			Core:  []edit{core("	if s == nil { // R7\n		return append(outs, settle(in.Call, Outcome{Kind: Done}))\n", "	if s == nil { // R7\n		return append(outs, settle(in.Call, Outcome{Kind: RejectedReleased}))\n")},
			Model: []edit{model("		t.by(R7)\n		t.settle(call, Outcome{Kind: OutcomeDone})\n", "		t.by(R7)\n		t.settle(call, Outcome{Kind: OutcomeReleasedBefore})\n")},
			TLA:   []edit{tla(`NewCall("release", n, NoName, 0, "done", 0)`, `NewCall("release", n, NoName, 0, "releasedBefore", 0)`)},
		},
		{
			Name: "release after dispose is refused", Rules: "R7, R8", Spec: []string{"CHA-RD1a"}, SDK: unknown,
			How:   "Disposal marks the whole object disposed, so every method of it raises ResourceDisposed from then on.",
			Core:  []edit{core("	if s == nil { // R7\n", "	if r.disposal != NotDisposed {\n		return append(outs, settle(in.Call, Outcome{Kind: RejectedDisposed}))\n	}\n	if s == nil { // R7\n")},
			Model: []edit{model("	case inUse == 0 && beingReleased == 0: // CHA-RC1g2\n", "	case t.Disposing():\n		t.by(R7)\n		t.settle(call, Outcome{Kind: OutcomeDisposed})\n	case inUse == 0 && beingReleased == 0: // CHA-RC1g2\n")},
			TLA: []edit{tla(`    \/ ReleaseNothing(n) \/ ReleaseJoins(n) \/ ReleaseWaiting(n)
    \/ ReleaseReady(n)   \/ ReleaseOpening(n)`, `    IF Disposing THEN CanBegin /\ Begin(NewCall("release", n, NoName, 0, "disposed", 0)) /\ UNCHANGED <<incs, failed>>
    ELSE ReleaseNothing(n) \/ ReleaseJoins(n) \/ ReleaseWaiting(n) \/ ReleaseReady(n) \/ ReleaseOpening(n)`)},
		},
		{
			Name: "a get that a release interrupts fails as a failed opening", Rules: "R11", Spec: []string{"CHA-RC1f6", "CHA-RC1g4"}, SDK: unknown,
			How:   "Code 102106 is for a get that a second release meets; here the opening is broken off, and its own error tells the get.",
			Core:  []edit{core("		outs = append(outs, settle(c, Outcome{Kind: RejectedReleased, Incarnation: inc.id}))\n", "		kind := RejectedReleased\n		if s.rel == nil {\n			kind = RejectedOpenFailed\n		}\n		outs = append(outs, settle(c, Outcome{Kind: kind, Incarnation: inc.id}))\n")},
			Model: []edit{model("		t.by(R11)\n		t.settleWaiting(KindGet, inUse, Outcome{Kind: OutcomeReleasedBefore})\n", "		t.by(R11)\n		t.settleWaiting(KindGet, inUse, Outcome{Kind: OutcomeOpenFailed, Incarnation: inUse})\n")},
			TLA:   []edit{tla(`Settled(c, "releasedBefore", 0)`, `(IF HasPredecessor(calls[c].waits) THEN Settled(c, "releasedBefore", 0) ELSE Settled(c, "openFailed", calls[c].waits))`)},
		},
		{
			Name: "a room that opens after its release is forgotten", Rules: "R18", Spec: []string{"CHA-RC1g5"}, SDK: differs,
			How:   "The entry was removed and its get failed before there was a room, so that the room that comes late belongs to nobody.",
			Core:  []edit{core("	case inc.life == Releasing && opened: // R18\n		return startClosing(inc, outs)\n", "")},
			Model: []edit{model("		t.by(R18)\n		t.close(i)\n", "		t.by(R18)\n		t.closed(i, Outcome{Kind: OutcomeDone})\n")},
			TLA: []edit{tla(`    /\ Change(i, [incs[i] EXCEPT !.work = "closing", !.ended = "opened"])
    /\ UNCHANGED <<calls, failed>>`, "    /\\ FALSE /\\ UNCHANGED vars"),
				tla("OpenFailedAbandoned(i) ==", `OpenedAfterRelease(i) == IsOpening(i) /\ incs[i].life = "releasing" /\ Ends(i, "opened")

OpenFailedAbandoned(i) ==`),
				tla(`    \/ Opened(i) \/ OpenedAbandoned(i) \/ OpenFailed(i) \/ OpenFailedAbandoned(i)
    \/ Released(i)`, `    \/ Opened(i) \/ OpenedAfterRelease(i) \/ OpenFailed(i) \/ OpenFailedAbandoned(i)
    \/ Released(i)`),
				tla(`EndsOpening(i) == Opened(i) \/ OpenedAbandoned(i) \/`, `EndsOpening(i) == Opened(i) \/ OpenedAfterRelease(i) \/`)},
		},
		{
			Name: "release fails when the opening that it interrupted fails", Rules: "R20", Spec: []string{"CHA-RC1g5"}, SDK: unknown,
			How:   "The release waits for the entry's future before it can release the room, and where that future rejects so does the release.",
			Core:  []edit{core("	case inc.life == Releasing: // R20\n		return r.ended(inc, Outcome{Kind: Done}, outs)\n", "	case inc.life == Releasing: // R20\n		return r.closed(inc, true, outs)\n")},
			Model: []edit{model("		t.by(R20)\n		t.closed(i, Outcome{Kind: OutcomeDone})\n", "		t.by(R20)\n		t.closed(i, Outcome{Kind: OutcomeReleaseFailed, Incarnation: i})\n")},
			TLA:   []edit{tla(`bad   == how = "releaseFailed"`, `bad   == how # "released"`)},
		},
		{
			Name: "the error of a release is not told", Rules: "R21", Spec: []string{"CHA-RC1g1"}, SDK: differs,
			How:   "The future of a release resolves when the operation is complete, and says nothing of how.",
			Core:  []edit{core("	return r.ended(inc, Outcome{Kind: RejectedReleaseFailed, Incarnation: inc.id}, outs)\n", "	return r.ended(inc, Outcome{Kind: Done}, outs)\n")},
			Model: []edit{model("	t.settleWaiting(KindRelease, i, outcome)\n", "	t.settleWaiting(KindRelease, i, Outcome{Kind: OutcomeDone})\n")},
			TLA:   []edit{tla(`IF bad THEN "releaseFailed" ELSE "done" \*`, `"done" \*`)},
		},
		{
			Name: "only the release that began it hears of its error", Rules: "R8, R21", Spec: []string{"CHA-RC1g3"}, SDK: differs,
			How:   "A second release only waits until the first one is over; the error belongs to the one who asked for the operation.",
			Core:  []edit{core("	outs = r.settleAll(inc, out, outs)\n	outs = r.endDisposal(outs)\n", "	outs = r.settleAll(inc, out, outs)\n	for k := first + 1; k < len(outs); k++ {\n		outs[k].Outcome = Outcome{Kind: Done}\n	}\n	outs = r.endDisposal(outs)\n")},
			Model: []edit{model("	t.settleWaiting(KindRelease, i, outcome)\n", "	for call := 1; call <= len(t.Calls); call++ {\n		if c := t.Calls[call-1]; c.Kind == KindRelease && c.WaitsFor == i && c.Pending() {\n			t.settle(call, outcome)\n			break\n		}\n	}\n	t.settleWaiting(KindRelease, i, Outcome{Kind: OutcomeDone})\n")},
			TLA:   []edit{tla(`IF bad THEN "releaseFailed" ELSE "done" \*`, `IF bad /\ {d \in Waiting("release", i) : d < c} = {} THEN "releaseFailed" ELSE "done" \*`)},
		},
		{
			Name: "a release that failed is kept, and the name with it", Rules: "R21, R22", Spec: []string{"CHA-RC1g1", "CHA-RC1g3"}, SDK: same,
			How:  "Complete means released: a room whose release failed is still being released.",
			Core: []edit{core("	return r.ended(inc, Outcome{Kind: RejectedReleaseFailed, Incarnation: inc.id}, outs)\n", "	return r.settleAll(inc, Outcome{Kind: RejectedReleaseFailed, Incarnation: inc.id}, outs)\n")},
			Model: []edit{model("	t.by(R21) // CHA-RC1g1\n", `	t.by(R21) // CHA-RC1g1
	if outcome.Kind == OutcomeReleaseFailed {
		inc.Work = WorkNone
		t.settleWaiting(KindRelease, i, outcome)
		if t.Disposing() {
			t.Failed = append(t.Failed, i)
			slices.Sort(t.Failed)
		}
		return
	}
`)},
			TLA: []edit{tla(`LifeAfter(bad)        == "released" `, `LifeAfter(bad)        == IF bad THEN "releasing" ELSE "released" `),
				tla(`Starts(bad)           == TRUE `, `Starts(bad)           == ~bad `),
				tla(`Disposing /\ DisposalOver({i})`, `Disposing /\ DisposalOver(IF bad THEN {} ELSE {i})`)},
		},
	}
}
