---------------------------- MODULE ChannelTwins ----------------------------
(***************************************************************************)
(* Broken operators for Channel.tla, each a fault that real clients have   *)
(* or could have.  A configuration puts one of them in the place of the    *)
(* operator that it breaks and names the one property that TLC must then   *)
(* reject: a property that nothing can break proves nothing.               *)
(***************************************************************************)
EXTENDS Channel

\* Detaching keeps in mind where the last detach came from.
DetachFromAnywhere(r) ==
    LET told == TLCEval(EndAttachers(SetState(r, "detaching", 0), "superseded", 0))
    IN  IF told.awaited THEN told ELSE Send(told, "detach")

\* A detach waits for the end of an attach that has not been sent.
AlwaysWaitsForAttach(r) == r.state = "attaching"

\* A channel that was given back keeps its reason.
GivesBackLess(r) == [NewChannel EXCEPT !.last = r.last, !.connection = r.connection, !.wire = r.wire, !.awaited = r.awaited,
                       !.held = r.held, !.doubt = r.doubt, !.reason = r.reason, !.givenBack = TRUE, !.outs = r.outs]

\* Who waited to be detached is settled, and waits on.
KeepsDetachers(r, how, e) == SettleAll(r, r.detachers, how, e)

\* A timer that is needed no more goes on (T4).
NeverStopsTimer(was, is) == FALSE

\* Both frames are sent back to back, as the official JavaScript client does (T1).
SendsAtOnce(r) == IF IsConnected(r) THEN Send(r, "attach") ELSE r

\* Messages are delivered before the channel is attached.
DeliversWhileAttaching(r) == r.state \in {"attaching", "attached"}

\* A state is told again although it is the same.
NeverInState(r, s) == FALSE

\* A detach that is not answered ends attached, as in the official JavaScript client, wherever it came from (row 18).
BackToAttached(r, e) ==
    LET gone == TLCEval(EndDetachers(SetState(r, "attached", e), "failed", e))
    IN  EndAttachers(gone, "done", 0)

\* Each ATTACHED is told as an update; none is.
AlwaysUpdate(resumed) == TRUE
NeverUpdate(resumed)  == FALSE

\* Serials outlive a detach, as in ably-go.
KeepsSerials(s) == s = "initialized"

\* Retries are counted on; or by fives.
CountsOn(n)      == IF n = 5 THEN 5 ELSE n + 1
NeverResets(s)   == FALSE

\* A detach without a connection says that it is done, and nothing is.
SaysDone(r, c) == SettleOne(r, c, "done")

\* A channel that was given back fails like any other.
HearsErrors(r, was) == r.state = "failed"

\* errorReason is never cleared, as in the official JavaScript client (T22).
NeverClearsReason(s) == FALSE

\* An ERROR behind a fence fails the channel.
FailsBehindFence(r, was) == r.givenBack \/ r.state = "failed"

\* Giving back sends a DETACH only for a channel that is attached.
FencesAttachedOnly(r, was) == was.state = "attached"

\* Giving back trusts that what left the wire was answered.
FencesWithoutDoubt(r, was) == was.state = "attached" \/ (r.wire # <<>> /\ Last(r.wire) = "attach")

\* Each ATTACHED attaches; each DETACHED refuses (T20).
AlwaysOwn(r, kind) == kind = "attach"
OwnAnyway(r, kind) == TRUE

\* A new life does not wait for the DETACH of the one before.
NoFence(r) == FALSE

\* What was detached without a connection stays attached at the server (T8).
NothingLeft(r) == FALSE

\* The retry timer fires, and is only started again.
OnlyCounts(r) == [r EXCEPT !.retries = IF r.retries = 1 THEN 2 ELSE 1]

\* Nothing follows when the connection is suspended, as in ably-go.
IgnoresSuspended(r, e) == r

\* A detach that is not answered waits on.
WaitsOn(r, e) == r

-----------------------------------------------------------------------------
(* Each conjunct of the fairness is needed: without it something waits for *)
(* ever.                                                                   *)

NoAttachFairness     == Spec /\ DetachesEnd /\ OptionsEnd /\ RetriesCome /\ ConnectionsMove
NoDetachFairness     == Spec /\ AttachesEnd /\ OptionsEnd /\ RetriesCome /\ ConnectionsMove
NoOptionsFairness    == Spec /\ AttachesEnd /\ DetachesEnd /\ RetriesCome /\ ConnectionsMove
NoRetryFairness      == Spec /\ AttachesEnd /\ DetachesEnd /\ OptionsEnd /\ ConnectionsMove
NoConnectionFairness == Spec /\ AttachesEnd /\ DetachesEnd /\ OptionsEnd /\ RetriesCome

NoRetryHealing      == Spec /\ ConnectionsCome /\ FencesPass /\ ServerAttaches
NoConnectionHealing == Spec /\ RetriesCome /\ FencesPass /\ ServerAttaches
NoFenceHealing      == Spec /\ RetriesCome /\ ConnectionsCome /\ ServerAttaches
NoServerHealing     == Spec /\ RetriesCome /\ ConnectionsCome /\ FencesPass
=============================================================================
