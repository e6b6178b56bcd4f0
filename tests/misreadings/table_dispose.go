package main

// ofDispose are misreadings of the rules of Dispose: CHA-RD1.
func ofDispose() []misreading {
	return []misreading{
		{
			Name: "dispose leaves gets that are pending alone", Rules: "R12", Spec: []string{"CHA-RD1", "CHA-RD1c"}, SDK: unknown,
			How:   "Disposal releases the rooms in the map, and a get that is pending has no room yet.",
			Core:  []edit{core("			if s.use != nil {\n", "			if s.use != nil && s.use.life == Ready {\n"), again},
			Model: []edit{model("t.InUse(name) == i {\n", "t.InUse(name) == i && t.incarnation(i).Life == LifeReady {\n")},
			TLA:   []edit{tla(`LET leaving  == {i \in Created : i \in InUse(incs[i].name)}`, `LET leaving  == {i \in Created : i \in InUse(incs[i].name) /\ incs[i].life = "ready"}`)},
		},
		{
			Name: "dispose rejects gets that are pending with ResourceDisposed", Rules: "R12", Spec: []string{"CHA-RD1a", "CHA-RC1f8"}, SDK: unknown,
			How:   "Disposal makes gets fail with ResourceDisposed, those that are pending as those that come later.",
			Core:  []edit{core("		outs = append(outs, settle(c, Outcome{Kind: RejectedReleased, Incarnation: inc.id}))\n", "		kind := RejectedReleased\n		if r.disposal != NotDisposed {\n			kind = RejectedDisposed\n		}\n		outs = append(outs, settle(c, Outcome{Kind: kind, Incarnation: inc.id}))\n")},
			Model: []edit{model("c.WaitsFor == incarnation && c.Pending() {\n", "c.WaitsFor == incarnation && c.Pending() {\n			if outcome.Kind == OutcomeReleasedBefore && t.Disposing() {\n				outcome.Kind = OutcomeDisposed\n			}\n")},
			TLA:   []edit{tla(`Settled(c, "releasedBefore", 0)`, `Settled(c, IF call.op = "dispose" THEN "disposed" ELSE "releasedBefore", 0)`)},
		},
		{
			Name: "dispose without rooms in the map is over at once", Rules: "R13", Spec: []string{"CHA-RD1b", "CHA-RD1d"}, SDK: same,
			How: "With no rooms it succeeds without error; a room that is being released is in the map no longer.",
			Core: []edit{core("	if r.disposal == NotDisposed { // R12\n", `	idle := true
	for _, s := range r.names {
		idle = idle && s.use == nil
	}
	if r.disposal == NotDisposed { // R12
`), core("	r.disposers = append(r.disposers, in.Call) // R14\n", "	if idle && r.releasing > 0 {\n		return append(outs, settle(in.Call, Outcome{Kind: Done}))\n	}\n	r.disposers = append(r.disposers, in.Call) // R14\n")},
			Model: []edit{model("	first := !t.Disposing()\n", `	first, idle := !t.Disposing(), true
	for _, inc := range t.Incarnations {
		idle = idle && !inc.inUse()
	}
`), model("	if !t.releasing() {\n		t.settle(call, t.disposal())\n	}\n", "	if !t.releasing() {\n		t.settle(call, t.disposal())\n	} else if idle {\n		t.settle(call, Outcome{Kind: OutcomeDone})\n	}\n")},
			TLA: []edit{tla(`IF over THEN "done" ELSE Pending, 0))`, `IF over \/ leaving = {} THEN "done" ELSE Pending, 0))`),
				tla(`LET out == IF ~DisposalOver({}) THEN Pending`, `LET out == IF ~DisposalOver({}) THEN "done"`)},
		},
		{
			Name: "dispose fails at the first release that fails", Rules: "R15, R23", Spec: []string{"CHA-RD1c", "CHA-RD1d"}, SDK: unknown, At: twoNames,
			How: "Rooms are released concurrently and waited for together, as Promise.all and errgroup do, which end with the first error.",
			Core: []edit{core("	if r.disposal == NotDisposed || r.releasing > 0 {\n", "	if r.disposal == NotDisposed || r.releasing > 0 && len(r.failed) == 0 {\n"),
				core("	r.disposal = Disposed\n", "	if r.releasing == 0 {\n		r.disposal = Disposed\n	}\n")},
			Model: []edit{model("		if !t.releasing() { // CHA-RD1d\n", "		if !t.releasing() || len(t.Failed) > 0 { // CHA-RD1d\n"),
				model("	if !t.releasing() {\n		t.settle(call, t.disposal())\n", "	if !t.releasing() || len(t.Failed) > 0 {\n		t.settle(call, t.disposal())\n")},
			TLA: []edit{tla(`Disposing /\ DisposalOver({i})`, `Disposing /\ (DisposalOver({i}) \/ worse # {})`),
				tla(`LET out == IF ~DisposalOver({}) THEN Pending`, `LET out == IF ~DisposalOver({}) /\ failed = {} THEN Pending`)},
		},
		{
			Name: "dispose never fails", Rules: "R15", Spec: []string{"CHA-RD1b"}, SDK: unknown,
			How:   "Disposal succeeds without error: whoever asked for a release hears of its error, and nobody else.",
			Core:  []edit{core("	if len(r.failed) > 0 { // R15\n", "	if false { // R15\n")},
			Model: []edit{model("	if len(t.Failed) == 0 {\n", "	if true {\n")},
			TLA: []edit{tla(`[calls[c] EXCEPT !.out = IF worse = {} THEN "done" ELSE "failed", !.bad = worse]`, `[calls[c] EXCEPT !.out = "done"]`),
				tla(`ELSE IF failed = {} THEN "done" ELSE "failed"`, `ELSE "done"`)},
		},
		{
			Name: "a second dispose returns at once", Rules: "R14", Spec: []string{"CHA-RD1d"}, SDK: unknown,
			How:   "Disposal is idempotent: when it has begun there is nothing left to do for a second one.",
			Core:  []edit{core("	if r.disposal == NotDisposed { // R12\n", "	if r.disposal != NotDisposed {\n		return append(outs, settle(in.Call, Outcome{Kind: Done}))\n	}\n	if r.disposal == NotDisposed { // R12\n")},
			Model: []edit{model("		t.by(R14)\n	}\n", "		t.by(R14)\n		t.settle(call, Outcome{Kind: OutcomeDone})\n		return\n	}\n")},
			TLA:   []edit{tla(`LET out == IF ~DisposalOver({}) THEN Pending ELSE IF failed = {} THEN "done" ELSE "failed"`, `LET out == "done"`)},
		},
		{
			Name: "dispose reports releases that failed before it", Rules: "R15", SDK: unknown,
			How:  "Disposal collects every error, and a room whose release failed yesterday is still not released.",
			Core: []edit{core("	if r.disposal != NotDisposed { // R15\n", "	{ // R15\n")},
			Model: []edit{model(`	if t.Disposing() {
		if outcome.Kind == OutcomeReleaseFailed {
			t.by(R15)
			t.Failed = append(t.Failed, i)
			slices.Sort(t.Failed) // releases end in any order
		}
`, `	if outcome.Kind == OutcomeReleaseFailed {
		t.by(R15)
		t.Failed = append(t.Failed, i)
		slices.Sort(t.Failed) // releases end in any order
	}
	if t.Disposing() {
`)},
			TLA: []edit{tla(`IF bad /\ Disposing THEN failed`, `IF bad THEN failed`),
				tla(`NewCall("dispose", NoName, NoName, 0, IF over THEN "done" ELSE Pending, 0))`,
					`[NewCall("dispose", NoName, NoName, 0, IF ~over THEN Pending ELSE IF failed = {} THEN "done" ELSE "failed", 0) EXCEPT !.bad = IF over THEN failed ELSE {}])`)},
		},
	}
}
