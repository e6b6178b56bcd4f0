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

\* A late answer of the backend brings a room back that was given up.
LateAnswer(i) == incs[i].work = "opening" \/ incs[i].life = "released"

\* The error of a release is kept for ever, and the get that waits with it.
OnlyAfterSuccess(bad) == ~bad

\* A release that failed leaves the name as it was: releasing, and nobody at work on it.
StuckAfterError(bad) == IF bad THEN "releasing" ELSE "released"

\* The gets that wait for a room are told that they have it when it opens, although it was released meanwhile.
OpenedForAbandoned(i) ==
    /\ incs[i].work = "opening" /\ incs[i].life = "releasing"
    /\ Change(i, [incs[i] EXCEPT !.work = "closing"])
    /\ calls' = TLCEval([c \in CallIds |->
                 IF calls[c].op = "get" /\ calls[c].waits = i /\ calls[c].out = Pending
                 THEN [calls[c] EXCEPT !.out = "room", !.ref = i] ELSE calls[c]])
    /\ UNCHANGED failed

-----------------------------------------------------------------------------
(* Each conjunct of the fairness is needed: without it a call waits for ever. *)

NoOpeningFairness == Spec /\ ClosingsEnd
NoClosingFairness == Spec /\ OpeningsEnd
=============================================================================
