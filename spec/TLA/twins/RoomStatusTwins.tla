-------------------------- MODULE RoomStatusTwins --------------------------
(***************************************************************************)
(* Broken operators for RoomStatus.tla, each a fault that real SDKs have   *)
(* had or could have.  A configuration puts one of them in the place of    *)
(* the operator that it breaks and names the one property that TLC must    *)
(* then reject: a property that nothing can break proves nothing.          *)
(***************************************************************************)
EXTENDS RoomStatus

\* An operation begins while another one runs.
NeverBusy(r) == FALSE

\* A release waits its turn behind attaches and detaches.
NothingGoesFirst(o) == FALSE

\* The last attach or detach that was called begins first.
LastCalledFirst(q) ==
    LET releases == {i \in 1..Len(q) : q[i][1] = "release"}
    IN  IF releases = {} THEN Len(q) ELSE CHOOSE i \in releases : \A j \in releases : i <= j

\* An old error stays with a status that has none.
OldErrorStays(r, e) == IF e = 0 THEN r.err ELSE e

\* A status is told although nothing changed.
NeverSo(r, s, e) == FALSE

\* A caller that gave up is settled again when the operation ends.
CallerStays(r) == r.caller

\* A release in the queue is dropped when its caller gives up.
AllLeaveQueue(o) == TRUE

\* What the channel told while the attach ran is forgotten.
NeverMovedOn(r) == FALSE

\* An attach of a suspended room is taken to be needless.
IsAttachedOrSuspended(r) == r.status \in {"attached", "suspended"}

\* A channel event changes the status under an operation that runs.
AlwaysFollows(r) == TRUE

\* An attach after an explicit detach is told as a discontinuity.
LosesAfterDetach(r, resumed) == ~resumed /\ r.attachedOnce

\* A discontinuity is told only when no operation runs.
LosesWhenIdle(r, resumed) == ~resumed /\ r.attachedOnce /\ ~r.explicit /\ r.op = "none"

\* A late event of the channel changes a released room.
NeverDeaf(r) == FALSE

\* The second release gives the channel back again.
GivesBackAgain(r) == GiveBack(r)

\* The port's promise is broken: an operation ends with success before its own event.
AlwaysSucceeds == TRUE

\* The room stops after an operation that failed: what waits is never begun.
StopsAfterFailure(r, e) == Over(SetStatus(r, r.channel, e), FailedWith(e))

-----------------------------------------------------------------------------
(* Each conjunct of the fairness is needed: without it a call waits, or a  *)
(* release goes on, for ever.                                              *)

NoAttachFairness   == Spec /\ DetachesEnd /\ GiveBacksEnd /\ PausesEnd /\ RetriesEnd
NoDetachFairness   == Spec /\ AttachesEnd /\ GiveBacksEnd /\ PausesEnd /\ RetriesEnd
NoGiveBackFairness == Spec /\ AttachesEnd /\ DetachesEnd /\ PausesEnd /\ RetriesEnd
NoPauseFairness    == Spec /\ AttachesEnd /\ DetachesEnd /\ GiveBacksEnd /\ RetriesEnd
NoRetryFairness    == Spec /\ AttachesEnd /\ DetachesEnd /\ GiveBacksEnd /\ PausesEnd

\* Weak fairness does not do for a detach that is tried again now and then.
WeakRetryFairness ==
    /\ NoRetryFairness
    /\ []<>(op # "release" \/ phase # "inDetach") \/ []<><<op = "release" /\ phase = "inDetach" /\ phase' = "inGiveBack">>_vars
=============================================================================
