----------------------------- MODULE RoomsTwins -----------------------------
(***************************************************************************)
(* Broken operators for Rooms.tla, each a fault that real SDKs have had or *)
(* could have.  A configuration replaces one operator by a broken one, and *)
(* names the property that TLC must then reject.  A property that no fault *)
(* violates may be vacuous.                                                *)
(***************************************************************************)
EXTENDS Rooms

\* A get opens a second incarnation while the first is still being opened.
FreeUnlessReady(n) == {i \in InUse(n) : incs[i].life = "ready"} = {}

\* A get of a ready room creates a new incarnation.
FreeUnlessOpening(n) == {i \in InUse(n) : incs[i].life = "initializing"} = {}

\* A get opens at once although the name's last room is still being released.
NeverWaits(n) == FALSE

\* A release treats a room that waits for its predecessor as one that is open.
NoPredecessor(i) == FALSE

\* Options are not compared.
NeverDiffers(i, o) == FALSE

\* Options are compared only once the room is ready.
DiffersWhenReady(i, o) == incs[i].life = "ready" /\ incs[i].opt # o

\* A release forgets a get that waits.
NobodyRejected(i) == {}

\* Only the first release returns the error; those that joined it are settled with done.
FirstHearsOnly(c, i, bad) ==
    IF bad /\ \A d \in Waiting("release", i) : c <= d THEN "releaseFailed" ELSE "done"

\* Dispose ends when the releases that it began have ended, and doesn't wait for those that were
\* under way before.
OwnReleasesOnly(without) ==
    {i \in AllReleasing \ without : \A c \in Waiting("release", i) : calls[c].op # "release"} = {}

\* A get after dispose is not refused.
NeverRefused == FALSE

\* A ReleaseIf of an incarnation that is no longer in use releases the one that the name has in use
\* now.
MeansTheName(i) == InUse(incs[i].name)

\* A late answer of the backend brings a released incarnation back.
LateAnswer(i) == incs[i].work = "opening" \/ incs[i].life = "released"

\* After a release that failed, the successor is never opened, and its gets wait for ever.
OnlyAfterSuccess(bad) == ~bad

\* After a release that failed, the incarnation stays releasing, without work.
StuckAfterError(bad) == IF bad THEN "releasing" ELSE "released"

\* An opening that ends after its release began settles the gets that wait with the room.
OpenedForAbandoned(i) ==
    /\ incs[i].work = "opening" /\ incs[i].life = "releasing"
    /\ Change(i, [incs[i] EXCEPT !.work = "closing", !.ended = "opened"])
    /\ calls' = TLCEval([c \in CallIds |->
                 IF calls[c].op = "get" /\ calls[c].waits = i /\ calls[c].out = Pending
                 THEN [calls[c] EXCEPT !.out = "room", !.ref = i] ELSE calls[c]])
    /\ UNCHANGED failed

\* An incarnation that is opened after its release began becomes released, and the backend is not
\* asked to release it.
ForgetsAbandoned(i) == IsOpening(i) /\ incs[i].life = "releasing" /\ Ends(i, "opened")

\* An incarnation that is opened after its release began stays releasing, without work.
KeepsAbandoned(i) ==
    /\ IsOpening(i) /\ incs[i].life = "releasing"
    /\ Change(i, [incs[i] EXCEPT !.work = "none", !.ended = "opened"])
    /\ UNCHANGED <<calls, failed>>

\* A release of a ready room is settled before the release ends.
ReleaseAtOnce(n) ==
    /\ CanBegin
    /\ \E i \in IncIds :
         /\ i \in InUse(n) /\ ~HasPredecessor(i) /\ incs[i].work # "opening"
         /\ Change(i, Left(i))
         /\ Begin(NewCall("release", n, NoName, i, "done", 0))
    /\ UNCHANGED failed

\* The gets of an opening that fails are settled with releasedBefore.
FailedAsReleased(i) ==
    /\ incs[i].work = "opening" /\ incs[i].life = "initializing"
    /\ Change(i, [incs[i] EXCEPT !.life = "released", !.work = "none", !.ended = "openFailed"])
    /\ Settle(Waiting("get", i), "releasedBefore", 0)
    /\ UNCHANGED failed

\* A get with the same options is refused for its options.
AlwaysDiffers(i, o) == TRUE

\* An incarnation that leaves use gets another name.
LeavesAsAnother(i) ==
    [incs[i] EXCEPT !.name = CHOOSE n \in Names : n # @, !.life = "releasing", !.work = IF @ = "opening" THEN @ ELSE "closing"]

\* The releases that wait for a release that fails are settled with done.
NobodyHears(c, i, bad) == "done"

\* A dispose is settled with done although releases failed since it began.
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

\* If a caller gives up, the incarnation that it waits for is released.
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
