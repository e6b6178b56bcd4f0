-------------------------- MODULE RoomStatusTwins --------------------------
(***************************************************************************)
(* Broken operators for RoomStatus.tla, each a fault that real SDKs have   *)
(* had or could have.  A configuration replaces one operator by a broken   *)
(* one, and names the property that TLC must then reject.  A property that *)
(* no fault violates may be vacuous.                                       *)
(***************************************************************************)
EXTENDS RoomStatus

\* An operation begins while another runs.
NeverBusy(r) == FALSE

\* A release waits its turn behind attaches and detaches.
NothingGoesFirst(o) == FALSE

\* The last attach or detach that was called begins first.
LastCalledFirst(q) ==
    LET releases == {i \in 1..Len(q) : q[i][1] = "release"}
    IN  IF releases = {} THEN Len(q) ELSE CHOOSE i \in releases : \A j \in releases : i <= j

\* A status that is set without an error keeps the error of the status before.
OldErrorStays(r, e) == IF e = 0 THEN r.err ELSE e

\* A status is reported although nothing changed.
NeverSo(r, s, e) == FALSE

\* A caller that gave up is settled again when the operation ends.
CallerStays(r) == r.caller

\* A release in the queue is dropped when its caller gives up.
AllLeaveQueue(o) == TRUE

\* Events of the channel while an attach ran are ignored when it ends.
NeverMovedOn(r) == FALSE

\* An attach of a suspended room is settled with done at once.
IsAttachedOrSuspended(r) == r.status \in {"attached", "suspended"}

\* A channel event changes the status while an operation runs.
AlwaysFollows(r) == TRUE

\* An attach after an explicit detach is reported as a discontinuity.
LosesAfterDetach(r, resumed) == ~resumed /\ r.attachedOnce

\* A discontinuity is reported only when no operation runs.
LosesWhenIdle(r, resumed) == ~resumed /\ r.attachedOnce /\ ~r.explicit /\ r.op = "none"

\* A late event of the channel changes a released room.
NeverDeaf(r) == FALSE

\* The second release gives the channel back again.
GivesBackAgain(r) == GiveBack(r)

\* The port breaks its promise: an operation ends with success before its own event.
AlwaysSucceeds == TRUE

\* The room stops after an operation that failed: operations in the queue never begin.
StopsAfterFailure(r, e) == Over(SetStatus(r, r.channel, e), FailedWith(e))

-----------------------------------------------------------------------------
(* Each conjunct of the fairness is needed: without it a call waits, or a  *)
(* release goes on, for ever.                                              *)

NoAttachFairness   == Spec /\ DetachesEnd /\ GiveBacksEnd /\ PausesEnd /\ RetriesEnd
NoDetachFairness   == Spec /\ AttachesEnd /\ GiveBacksEnd /\ PausesEnd /\ RetriesEnd
NoGiveBackFairness == Spec /\ AttachesEnd /\ DetachesEnd /\ PausesEnd /\ RetriesEnd
NoPauseFairness    == Spec /\ AttachesEnd /\ DetachesEnd /\ GiveBacksEnd /\ RetriesEnd
NoRetryFairness    == Spec /\ AttachesEnd /\ DetachesEnd /\ GiveBacksEnd /\ PausesEnd

\* Weak fairness is not enough for the end of the detach of a release: it is not enabled in a pause.
WeakRetryFairness ==
    /\ NoRetryFairness
    /\ []<>(op # "release" \/ phase # "inDetach") \/ []<><<op = "release" /\ phase = "inDetach" /\ phase' = "inGiveBack">>_vars
=============================================================================
