----------------------------- MODULE RoomsTwins -----------------------------
(***************************************************************************)
(* Broken operators for Rooms.tla, each a fault that real SDKs have had or *)
(* could have.  A configuration puts one of them in the place of the       *)
(* operator that it breaks and names the one property that TLC must then   *)
(* reject: a property that nothing can break proves nothing.               *)
(***************************************************************************)
EXTENDS Rooms

\* A get opens a second instance while the first one is still opening.
FreeUnlessReady(n) == {i \in InUse(n) : incs[i].life = "ready"} = {}

\* A get of a ready room makes a new one.
FreeUnlessOpening(n) == {i \in InUse(n) : incs[i].life = "initializing"} = {}

\* A get opens at once although the name's last room is still being released.
NeverWaits(n) == FALSE

\* A release of a room that waits for its predecessor treats it as one that is open.
NoPredecessor(i) == FALSE

\* Options are not compared.
NeverDiffers(i, o) == FALSE

\* Options are compared only once the room is ready.
DiffersWhenReady(i, o) == incs[i].life = "ready" /\ incs[i].opt # o

\* A get that waits is forgotten by the release.
NobodyRejected(i) == {}

\* Only the release that came first hears of the error; those that joined are told that all went well.
FirstHearsOnly(c, i, bad) ==
    IF bad /\ \A d \in Waiting("release", i) : c <= d THEN "releaseFailed" ELSE "done"

\* Dispose is over when what it released itself is released; a release that was under way before is not waited for.
OwnReleasesOnly(without) ==
    {i \in AllReleasing \ without : \A c \in Waiting("release", i) : calls[c].op # "release"} = {}

\* A get after dispose is served.
NeverRefused == FALSE

\* A release of an incarnation that is gone is that of what has its name now.
MeansTheName(i) == InUse(incs[i].name)

\* A late answer of the backend brings a room back that was given up.
LateAnswer(i) == incs[i].work = "opening" \/ incs[i].life = "released"

\* The error of a release is kept for ever, and the get that waits with it.
OnlyAfterSuccess(bad) == ~bad

\* A release that failed leaves the name as it was: releasing, and nobody at work on it.
StuckAfterError(bad) == IF bad THEN "releasing" ELSE "released"

\* The gets that wait for a room are told that they have it when it opens, although it was released meanwhile.
OpenedForAbandoned(i) ==
    /\ incs[i].work = "opening" /\ incs[i].life = "releasing"
    /\ Change(i, [incs[i] EXCEPT !.work = "closing", !.ended = "opened"])
    /\ calls' = TLCEval([c \in CallIds |->
                 IF calls[c].op = "get" /\ calls[c].waits = i /\ calls[c].out = Pending
                 THEN [calls[c] EXCEPT !.out = "room", !.ref = i] ELSE calls[c]])
    /\ UNCHANGED failed

\* What is opened after its release began is forgotten, and the backend is not told to release it.
ForgetsAbandoned(i) == IsOpening(i) /\ incs[i].life = "releasing" /\ Ends(i, "opened")

\* What is opened after its release began is kept, and nobody is at work on it.
KeepsAbandoned(i) ==
    /\ IsOpening(i) /\ incs[i].life = "releasing"
    /\ Change(i, [incs[i] EXCEPT !.work = "none", !.ended = "opened"])
    /\ UNCHANGED <<calls, failed>>

\* A release of a room that is ready does not wait for its end.
ReleaseAtOnce(n) ==
    /\ CanBegin
    /\ \E i \in IncIds :
         /\ i \in InUse(n) /\ ~HasPredecessor(i) /\ incs[i].work # "opening"
         /\ Change(i, Left(i))
         /\ Begin(NewCall("release", n, NoName, i, "done", 0))
    /\ UNCHANGED failed

\* The gets of an opening that fails are told that the room was released.
FailedAsReleased(i) ==
    /\ incs[i].work = "opening" /\ incs[i].life = "initializing"
    /\ Change(i, [incs[i] EXCEPT !.life = "released", !.work = "none", !.ended = "openFailed"])
    /\ Settle(Waiting("get", i), "releasedBefore", 0)
    /\ UNCHANGED failed

\* A get with the same options is refused for its options.
AlwaysDiffers(i, o) == TRUE

\* An incarnation that leaves use is that of another name from then on.
LeavesAsAnother(i) ==
    [incs[i] EXCEPT !.name = CHOOSE n \in Names : n # @, !.life = "releasing", !.work = IF @ = "opening" THEN @ ELSE "closing"]

\* The callers of a release that fails are told that all went well.
NobodyHears(c, i, bad) == "done"

\* A dispose is told that all went well although releases failed since it began.
FailsUnheard(i) ==
    /\ incs[i].work = "closing"
    /\ Change(i, [incs[i] EXCEPT !.life = "released", !.work = "none", !.ended = "releaseFailed"])
    /\ failed' = IF Disposing THEN failed \cup {i} ELSE failed
    /\ calls' = TLCEval([c \in CallIds |->
                 IF Waits("release", c, i) THEN Settled(c, "releaseFailed", i)
                 ELSE IF DisposalOver({i}) /\ calls[c].op = "dispose" /\ IsPending(c) THEN Settled(c, "done", 0)
                 ELSE calls[c]])

\* The failures of releases are not counted for disposal.
FailsUncounted(i) ==
    /\ incs[i].work = "closing"
    /\ Change(i, [incs[i] EXCEPT !.life = "released", !.work = "none", !.ended = "releaseFailed"])
    /\ failed' = failed
    /\ calls' = TLCEval([c \in CallIds |->
                 IF Waits("release", c, i) THEN Settled(c, "releaseFailed", i)
                 ELSE IF DisposalOver({i}) /\ calls[c].op = "dispose" /\ IsPending(c) THEN Settled(c, "done", 0)
                 ELSE calls[c]])

\* A caller that gives up takes the incarnation with it that it waits for.
GiveUpStops(c) ==
    /\ IsPending(c)
    /\ calls' = TLCEval([calls EXCEPT ![c] = Settled(c, "gaveUp", 0)])
    /\ incs' = TLCEval([i \in IncIds |->
                 IF i = calls[c].waits /\ incs[i].life = "initializing" /\ incs[i].work = "opening"
                 THEN [incs[i] EXCEPT !.life = "releasing"] ELSE incs[i]])
    /\ UNCHANGED failed

-----------------------------------------------------------------------------
(* Each conjunct of the fairness is needed: without it a call waits for ever. *)

NoOpeningFairness == Spec /\ ClosingsEnd
NoClosingFairness == Spec /\ OpeningsEnd
=============================================================================
