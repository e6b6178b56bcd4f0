---------------------------- MODULE ChannelTwins ----------------------------
(***************************************************************************)
(* Broken operators for Channel.tla, each a fault that real clients have   *)
(* or could have.  A configuration replaces one operator by a broken one,  *)
(* and names the property that TLC must then reject.  A property that no   *)
(* fault violates may be vacuous.                                          *)
(***************************************************************************)
EXTENDS Channel

\* A detach doesn't record the state that it began in.
DetachFromAnywhere(r) ==
    LET told == TLCEval(EndAttachers(SetState(r, "detaching", 0), "superseded", 0))
    IN  IF told.awaited THEN told ELSE Send(told, "detach")

\* A detach waits for the end of an attach that has not been sent.
AlwaysWaitsForAttach(r) == r.state = "attaching"

\* A channel that was given back keeps its reason.
GivesBackLess(r) == [NewChannel EXCEPT !.last = r.last, !.connection = r.connection, !.wire = r.wire, !.awaited = r.awaited,
                       !.held = r.held, !.doubt = r.doubt, !.reason = r.reason, !.givenBack = TRUE, !.outs = r.outs]

\* Calls that wait for detached are settled, and go on waiting.
KeepsDetachers(r, how, e) == SettleAll(r, r.detachers, how, e)

\* A timer that is no longer needed is not stopped (T4).
NeverStopsTimer(was, is) == FALSE

\* ATTACH is sent while a DETACH is awaited, as by the official JavaScript client (T1).
SendsAtOnce(r) == IF IsConnected(r) THEN Send(r, "attach") ELSE r

\* Messages are delivered before the channel is attached.
DeliversWhileAttaching(r) == r.state \in {"attaching", "attached"}

\* A state is reported again although it doesn't change.
NeverInState(r, s) == FALSE

\* A detach that is not answered ends attached, whatever the state before it, as in the official
\* JavaScript client (row 18).
BackToAttached(r, e) ==
    LET gone == TLCEval(EndDetachers(SetState(r, "attached", e), "failed", e))
    IN  EndAttachers(gone, "done", 0)

\* Each ATTACHED is reported as an update; no ATTACHED is reported as an update.
AlwaysUpdate(resumed) == TRUE
NeverUpdate(resumed)  == FALSE

\* A detach doesn't clear the serials, as in ably-go.
KeepsSerials(s) == s = "initialized"

\* Retries are counted to 5; retries are never counted from 1 again.
CountsOn(n)      == IF n = 5 THEN 5 ELSE n + 1
NeverResets(s)   == FALSE

\* A detach without a connection is settled with done, and has no effect.
SaysDone(r, c) == SettleOne(r, c, "done")

\* An ERROR fails a channel that was given back, too.
HearsErrors(r, was) == r.state = "failed"

\* errorReason is never cleared, as in the official JavaScript client (T22).
NeverClearsReason(s) == FALSE

\* An ERROR behind a fence fails the channel.
FailsBehindFence(r, was) == r.givenBack \/ r.state = "failed"

\* Giving back sends a DETACH only for a channel that is attached.
FencesAttachedOnly(r, was) == was.state = "attached"

\* GiveBack assumes that a request that left the wire was answered.
FencesWithoutDoubt(r, was) == was.state = "attached" \/ (r.wire # <<>> /\ Last(r.wire) = "attach")

\* Each ATTACHED ends an attach; each DETACHED refuses an attach (T20).
AlwaysOwn(r, kind) == kind = "attach"
OwnAnyway(r, kind) == TRUE

\* A new life doesn't wait for the DETACH of the life before.
NoFence(r) == FALSE

\* No DETACH is sent later for a channel that was detached without a connection: the server keeps it
\* attached (T8).
NothingLeft(r) == FALSE

\* When the retry timer fires, only the retry is counted.
OnlyCounts(r) == [r EXCEPT !.retries = IF r.retries = 1 THEN 2 ELSE 1]

\* A connection that becomes suspended has no effect on the channel, as in ably-go.
IgnoresSuspended(r, e) == r

\* A detach that is not answered goes on waiting.
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
