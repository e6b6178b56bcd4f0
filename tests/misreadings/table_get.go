package main

// Where a get takes what the one before it left, before the number of a new incarnation is given.
const (
	coreCreates  = "	r.lastInc++\n"
	modelOpens   = "	case t.BeingReleased(name) == 0: // CHA-RC1f3\n"
	tlaWaits     = `GetWaits(n, o) ==  MustWait(n) /\ GetCreates(n, o, "none")`
	tlaLastOfGet = `    \/ GetJoins(n, o)    \/ GetOpens(n, o)    \/ GetWaits(n, o)`
)

// again undoes that disposal is over for good: it is what the core needs where something can be released after it.
var again = core("	r.releasing++\n", "	r.releasing++\n	if r.disposal == Disposed {\n		r.disposal = Disposing\n	}\n")

// leavesAnyWithoutWork has the model release what is initializing and has no work as it does what is ready, which no rule speaks of.
var leavesAnyWithoutWork = model("	case inc.Life == LifeReady: // CHA-RC1g5\n",
	"	case inc.Life == LifeReady || inc.Work == WorkNone: // CHA-RC1g5\n		t.settleWaiting(KindGet, inUse, Outcome{Kind: OutcomeReleasedBefore})\n")

// ofGet are misreadings of the rules of Get: CHA-RC1f.
func ofGet() []misreading {
	return []misreading{
		{
			Name: "a get while the room is released returns that room", Rules: "R6", Spec: []string{"CHA-RC1f2", "CHA-RC1f4"}, SDK: differs, At: options,
			How: "A name is in the map until its release has ended, so that a get with the same options has the same instance.",
			Core: []edit{core(coreCreates, `	if s.rel != nil && s.rel.options == in.Options {
		return append(outs, settle(in.Call, Outcome{Kind: GotRoom, Incarnation: s.rel.id}))
	}
`+coreCreates)},
			Model: []edit{model(modelOpens, `	case t.BeingReleased(name) != 0 && t.incarnation(t.BeingReleased(name)).Options == options:
		t.by(R3)
		t.settle(call, Outcome{Kind: OutcomeRoom, Incarnation: t.BeingReleased(name)})
`+modelOpens)},
			TLA: []edit{tla(tlaWaits, `GetReleasing(n, o) ==
    /\ CanBegin /\ ~GetRefused /\ Free(n)
    /\ \E j \in IncIds : j \in Releasing(n) /\ ~Differs(j, o) /\ Begin(NewCall("get", n, o, 0, "room", j))
    /\ UNCHANGED <<incs, failed>>
GetWaits(n, o) ==  MustWait(n) /\ {j \in Releasing(n) : ~Differs(j, o)} = {} /\ GetCreates(n, o, "none")`),
				tla(tlaLastOfGet, tlaLastOfGet+` \/ GetReleasing(n, o)`)},
		},
		{
			Name: "options are compared only when the room is ready", Rules: "R2, R4", Spec: []string{"CHA-RC1f1", "CHA-RC1f2"}, SDK: differs, At: options,
			How:   "A room that is not there yet has no options that could differ: whoever finds an entry that is pending waits for its future.",
			Core:  []edit{core("case use.options != in.Options: // R2", "case use.options != in.Options && use.life == Ready: // R2")},
			Model: []edit{model("t.incarnation(inUse).Options != options: // CHA-RC1f1", "t.incarnation(inUse).Options != options && t.incarnation(inUse).Life == LifeReady:")},
			TLA:   []edit{tla(`Differs(i, o)         == incs[i].opt # o  `, `Differs(i, o)         == incs[i].opt # o /\ incs[i].life = "ready"  `)},
		},
		{
			Name: "a room that is ready is returned whatever the options", Rules: "R2, R3", Spec: []string{"CHA-RC1f1"}, SDK: differs, At: options,
			How:   "Options are for making a room; the point speaks of an entry that is still pending, so only then they are compared.",
			Core:  []edit{core("case use.options != in.Options: // R2", "case use.options != in.Options && use.life != Ready: // R2")},
			Model: []edit{model("t.incarnation(inUse).Options != options: // CHA-RC1f1", "t.incarnation(inUse).Options != options && t.incarnation(inUse).Life != LifeReady:")},
			TLA:   []edit{tla(`Differs(i, o)         == incs[i].opt # o  `, `Differs(i, o)         == incs[i].opt # o /\ incs[i].life # "ready"  `)},
		},
		{
			Name: "options are compared with the room being released too", Rules: "R2, R6", Spec: []string{"CHA-RC1f1", "CHA-RC1f4"}, SDK: differs, At: options,
			How: "While a room is being released it still exists, so a get with other options meets a room that exists with different options.",
			Core: []edit{core(coreCreates, `	if s.rel != nil && s.rel.options != in.Options {
		return append(outs, settle(in.Call, Outcome{Kind: RejectedOptions, Incarnation: s.rel.id}))
	}
`+coreCreates)},
			Model: []edit{model(modelOpens, `	case t.BeingReleased(name) != 0 && t.incarnation(t.BeingReleased(name)).Options != options:
		t.by(R2)
		t.settle(call, Outcome{Kind: OutcomeDifferentOptions})
`+modelOpens)},
			TLA: []edit{tla(`\E i \in InUse(n) : Differs(i, o)`, `\E i \in (IF Free(n) THEN Releasing(n) ELSE InUse(n)) : Differs(i, o)`),
				tla(tlaWaits, `GetWaits(n, o) ==  MustWait(n) /\ {j \in Releasing(n) : Differs(j, o)} = {} /\ GetCreates(n, o, "none")`)},
		},
		{
			Name: "of gets that wait for a release the last options win", Rules: "R2", Spec: []string{"CHA-RC1f1"}, SDK: differs, At: fourOfTwo,
			How:  "The room is created only after the release, so until then there is nothing to differ from, and the last get says how.",
			Core: []edit{core("		case use.options != in.Options: // R2\n", "		case use.options != in.Options && use.life == Initializing && use.work == NoWork:\n			use.options = in.Options\n		case use.options != in.Options: // R2\n")},
			Model: []edit{model("	case inUse != 0 && t.incarnation(inUse).Options != options: // CHA-RC1f1\n", `	case inUse != 0 && t.incarnation(inUse).Options != options && t.incarnation(inUse).waiting():
		t.by(R4)
		t.incarnation(inUse).Options = options
		t.wait(call, inUse)
	case inUse != 0 && t.incarnation(inUse).Options != options: // CHA-RC1f1
`)},
			TLA: []edit{tla(`Differs(i, o)         == incs[i].opt # o  `, `Differs(i, o)         == incs[i].opt # o /\ ~(incs[i].life = "initializing" /\ incs[i].work = "none")  `),
				tla(`incs[i].life = "initializing"
         /\ Begin(NewCall("get", n, o, i, Pending, 0))
    /\ UNCHANGED <<incs, failed>>`, `incs[i].life = "initializing"
         /\ Begin(NewCall("get", n, o, i, Pending, 0))
         /\ Change(i, [incs[i] EXCEPT !.opt = o])
    /\ UNCHANGED failed`)},
		},
		{
			Name: "a get while the room is released is rejected", Rules: "R6", Spec: []string{"CHA-RC1f4", "CHA-RC1g4"}, SDK: differs,
			How:   "RoomReleasedBeforeOperationCompleted is for gets that meet a release, and this one does.",
			Core:  []edit{core(coreCreates, "	if s.rel != nil {\n		return append(outs, settle(in.Call, Outcome{Kind: RejectedReleased, Incarnation: s.rel.id}))\n	}\n"+coreCreates)},
			Model: []edit{model("		t.wait(call, t.create(name, options))\n", "		t.settle(call, Outcome{Kind: OutcomeReleasedBefore})\n")},
			TLA: []edit{tla(tlaWaits, `GetWaits(n, o) ==
    /\ MustWait(n) /\ CanBegin /\ ~GetRefused /\ Free(n)
    /\ Begin(NewCall("get", n, o, 0, "releasedBefore", 0))
    /\ UNCHANGED <<incs, failed>>`)},
		},
		{
			Name: "a name whose opening failed stays taken", Rules: "R19", Spec: []string{"CHA-RC1f2", "CHA-RC1f5", "CHA-RC1g5"}, SDK: unknown,
			How: "The map keeps the future of the first get, and only a release removes an entry, so that later gets wait for the same future.",
			Core: []edit{core(`		r.move(inc, LifeOpenFailed)
		out.Kind = RejectedOpenFailed
		delete(r.incs, inc.id)
		delete(r.names, inc.name) // an incarnation that is opening has no predecessor, so the slot is empty now
`, "		out.Kind = RejectedOpenFailed\n")},
			Model: []edit{model("	inc.Life, inc.Work = LifeReleased, WorkNone\n	t.settleWaiting(KindGet, i, Outcome{Kind: OutcomeOpenFailed", "	inc.Work = WorkNone\n	t.settleWaiting(KindGet, i, Outcome{Kind: OutcomeOpenFailed"),
				leavesAnyWithoutWork},
			TLA: []edit{tla(`    /\ Change(i, [incs[i] EXCEPT !.life = "released", !.work = "none", !.ended = "openFailed"])
    /\ Settle(Waiting("get", i), "openFailed", i)`, `    /\ Change(i, [incs[i] EXCEPT !.work = "none", !.ended = "openFailed"])
    /\ Settle(Waiting("get", i), "openFailed", i)`)},
		},
		{
			Name: "gets are served until disposal is over", Rules: "R1", Spec: []string{"CHA-RC1f8", "CHA-RD1a"}, SDK: unknown,
			How:   "The point says after the rooms object was disposed, and while it is being disposed that has not happened yet.",
			Core:  []edit{core("if r.disposal != NotDisposed { // R1\n", "if r.disposal != NotDisposed && r.releasing == 0 { // R1\n"), again},
			Model: []edit{model("	disposing := t.Disposing()\n", "	disposing := t.Disposing() && !t.releasing()\n")},
			TLA:   []edit{tla(`GetRefused            == Disposing  `, `GetRefused            == Disposing /\ AllReleasing = {}  `)},
		},
		{
			Name: "giving up the last get cancels the opening", Rules: "R16", SDK: unknown,
			How: "A context that ends cancels the operation, and a room that nobody waits for any more is not wanted.",
			Core: []edit{core("		r.giveUp(in.Call)\n		outs = append(outs, settle(in.Call, Outcome{Kind: GaveUp}))\n", `		id := r.waits[in.Call]
		r.giveUp(in.Call)
		outs = append(outs, settle(in.Call, Outcome{Kind: GaveUp}))
		if inc := r.incs[id]; inc != nil && inc.life == Initializing && len(inc.waiters) == 0 {
			outs = r.leave(r.names[inc.name], outs)
		}
`)},
			Model: []edit{model("	t.settle(call, Outcome{Kind: OutcomeGaveUp})\n", `	t.settle(call, Outcome{Kind: OutcomeGaveUp})
	last := t.Calls[call-1].Kind == KindGet
	for _, c := range t.Calls {
		last = last && !(c.Kind == KindGet && c.Pending() && c.WaitsFor == t.Calls[call-1].WaitsFor)
	}
	if last {
		i := t.Calls[call-1].WaitsFor
		t.releaseInUse(i, t.BeingReleased(t.incarnation(i).Name))
	}
`)},
			TLA: []edit{tla(`    /\ calls' = TLCEval([calls EXCEPT ![c] = Settled(c, "gaveUp", 0)])
    /\ UNCHANGED <<incs, failed>>`, `    /\ calls' = TLCEval([calls EXCEPT ![c] = Settled(c, "gaveUp", 0)])
    /\ LET i == calls[c].waits
       IN  incs' = IF calls[c].op = "get" /\ Waiting("get", i) = {c} THEN TLCEval([incs EXCEPT ![i] = Left(i)]) ELSE incs
    /\ UNCHANGED failed`)},
		},
		{
			Name: "what waits for its predecessor is not opened when nobody waits for it", Rules: "R16, R22", Spec: []string{"CHA-RC1f4"}, SDK: unknown,
			How: "The room is created to resolve the futures of its gets; when all of them have been given up there is none left to resolve.",
			Core: []edit{core("	return startOpening(s.use, outs)\n", `	if len(s.use.waiters) == 0 {
		r.move(s.use, LifeDrop)
		delete(r.incs, s.use.id)
		delete(r.names, inc.name)
		return outs
	}
	return startOpening(s.use, outs)
`)},
			Model: []edit{model("		t.by(R22)\n		t.open(successor)\n", `		t.by(R22)
		wanted := false
		for _, c := range t.Calls {
			wanted = wanted || c.Kind == KindGet && c.Pending() && c.WaitsFor == successor
		}
		if wanted {
			t.open(successor)
		} else {
			t.incarnation(successor).Life = LifeReleased
		}
`)},
			TLA: []edit{tla(`ELSE IF j \in next /\ Starts(bad) THEN`, `ELSE IF j \in next /\ Waiting("get", j) = {} THEN [incs[j] EXCEPT !.life = "released"]
                     ELSE IF j \in next /\ Starts(bad) THEN`)},
		},
		{
			Name: "a release that fails fails the get that waits for it", Rules: "R22", Spec: []string{"CHA-RC1f4"}, SDK: same,
			How: "The room is created after the release has resolved, so that where the release rejects the future of the get does so, too.",
			Core: []edit{core("	return startOpening(s.use, outs)\n", `	if next := s.use; out.Kind == RejectedReleaseFailed {
		r.move(next, LifeDrop)
		delete(r.incs, next.id)
		delete(r.names, next.name)
		outs = r.settleAll(next, out, outs)
		sortOutputs(outs[first:])
		return outs
	}
	return startOpening(s.use, outs)
`)},
			Model: []edit{model("		t.by(R22)\n		t.open(successor)\n", `		t.by(R22)
		if outcome.Kind == OutcomeReleaseFailed {
			t.incarnation(successor).Life = LifeReleased
			t.settleWaiting(KindGet, successor, outcome)
		} else {
			t.open(successor)
		}
`)},
			TLA: []edit{tla(`ELSE IF j \in next /\ Starts(bad) THEN`, `ELSE IF j \in next /\ bad THEN [incs[j] EXCEPT !.life = "released"]
                     ELSE IF j \in next /\ Starts(bad) THEN`),
				tla(`                     IF Waits("release", c, i)
`, `                     IF bad /\ {j \in next : Waits("get", c, j)} # {} THEN Settled(c, "releaseFailed", i)
                     ELSE IF Waits("release", c, i)
`)},
		},
		{
			Name: "a get goes on waiting when the release that it waits for fails", Rules: "R22", Spec: []string{"CHA-RC1f4"}, SDK: differs,
			How:  "The room is created only after the release has resolved, and a release that rejects never resolves; the next release frees the name.",
			Core: []edit{core("	return startOpening(s.use, outs)\n", "	if out.Kind == RejectedReleaseFailed {\n		return outs\n	}\n	return startOpening(s.use, outs)\n")},
			Model: []edit{model("	if successor := t.InUse(inc.Name); successor != 0 { // CHA-RC1f4\n", "	if successor := t.InUse(inc.Name); successor != 0 && outcome.Kind != OutcomeReleaseFailed { // CHA-RC1f4\n"),
				leavesAnyWithoutWork},
			TLA: []edit{tla(`Starts(bad)           == TRUE `, `Starts(bad)           == ~bad `)},
		},
	}
}
