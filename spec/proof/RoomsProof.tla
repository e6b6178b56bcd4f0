----------------------------- MODULE RoomsProof -----------------------------
(***************************************************************************)
(* An inductive invariant of Rooms.tla.  It holds initially.  An action    *)
(* that begins in a state where it holds, reachable or not, ends in a      *)
(* state where it holds.  So the properties hold for any number of names,  *)
(* options and calls.  make prove has a solver prove this; docs/proof.md   *)
(* explains how.                                                           *)
(***************************************************************************)
EXTENDS Rooms

\* History that only the proof needs. No rule reads it.
VARIABLES parted,   \* for each name, the last call that separates its gets: a release or a dispose; 0 if none
          since     \* for each call of a name, the value of parted[name] when the call began

Separates(call, n) ==
    call.op = "dispose" \/ (call.name = n /\ (call.op = "release" \/ (call.op = "releaseIf" /\ call.waits # 0)))

ProofInit == Init /\ parted = [n \in Names |-> 0] /\ since = [c \in CallIds |-> 0]

ProofNext ==
    /\ Next
    /\ parted' = [n \in Names |-> IF CanBegin /\ Separates(calls'[Last + 1], n) THEN Last + 1 ELSE parted[n]]
    /\ since' = [c \in CallIds |-> IF c = Last + 1 /\ calls'[c].name \in Names THEN parted[calls'[c].name] ELSE since[c]]

-----------------------------------------------------------------------------
(* What makes the properties inductive. *)

\* Calls and incarnations are numbered from 1, without gaps. So Last and Newest are the largest
\* numbers in use.
CallsInOrder == \E k \in 0..MaxCalls : Begun = 1..k
IncsInOrder  == \E k \in 0..MaxCalls : Created = 1..k
NewestInTime == Newest <= Last      \* a call creates at most one incarnation

\* The arguments and outcomes that each kind of call can have.
CallsRight == \A c \in Begun :
    CASE calls[c].op = "get" ->
           /\ calls[c].name \in Names /\ calls[c].opt \in Options
           /\ calls[c].out \in {Pending, "room", "differentOptions", "releasedBefore", "disposed", "openFailed", "gaveUp"}
      [] calls[c].op = "dispose" ->
           calls[c].name = NoName /\ calls[c].waits = 0 /\ calls[c].out \in {Pending, "done", "failed", "gaveUp"}
      [] OTHER ->
           /\ calls[c].name \in Names /\ calls[c].out \in {Pending, "done", "releaseFailed", "gaveUp"}
           /\ IsPending(c) => calls[c].waits # 0

\* A pending call has no room and no failures yet.
PendingRight == \A c \in Begun : IsPending(c) => calls[c].ref = 0 /\ calls[c].bad = {}

\* If a call waits or waited for an incarnation, that incarnation has the call's name.
WaitsByName == \A c \in Begun : calls[c].waits # 0 => incs[calls[c].waits].name = calls[c].name

\* If two incarnations of a name are not released, the older one is releasing, and the newer one is
\* in use.
Successor == \A i \in Created : \A j \in Created :
    (i < j /\ incs[i].name = incs[j].name /\ incs[i].life # "released" /\ incs[j].life # "released")
    => incs[i].life = "releasing" /\ j \in InUse(incs[j].name)

\* The backend has ended nothing of an incarnation that is initializing or being opened. After a
\* failed opening or the end of a release, the incarnation is released.
NotEnded   == \A i \in Created : (incs[i].life = "initializing" \/ incs[i].work = "opening") => incs[i].ended = "none"
EndedForGood == \A i \in Created : incs[i].ended \in {"openFailed", "released", "releaseFailed"} => incs[i].life = "released"

\* If a get returned a room, the room was opened.
RoomWasOpened == \A c \in Begun : GotRoom(c) =>
    calls[c].ref \in Created /\ incs[calls[c].ref].ended \in {"opened", "released", "releaseFailed"}

\* parted[n] is the last call that separates the gets of n.
PartedRight == \A n \in Names :
    /\ parted[n] \in 0..Last
    /\ parted[n] # 0 => Separates(calls[parted[n]], n)
    /\ \A c \in Begun : Separates(calls[c], n) => c <= parted[n]

\* A get that is pending, or that has the room in use, began after parted[name]. A get that has
\* another room, or was rejected by a release, began before it.
PendingAfter  == \A c \in Begun : (calls[c].op = "get" /\ IsPending(c)) => c > parted[calls[c].name]
InUseAfter    == \A c \in Begun : (GotRoom(c) /\ calls[c].ref \in InUse(calls[c].name)) => c > parted[calls[c].name]
OthersBefore  == \A c \in Begun : (GotRoom(c) /\ calls[c].ref \notin InUse(calls[c].name)) => c < parted[calls[c].name]
RejectedBefore == \A c \in Begun : calls[c].out = "releasedBefore" => calls[c].op = "get" /\ c < parted[calls[c].name]

\* If two gets of a name differ in since, the later get's since[c] is a call between them. If they
\* have the same since, and both got a room, they got the same room.
SinceRight == \A c \in Begun : calls[c].op = "get" =>
    /\ since[c] \in 0..(c - 1)
    /\ since[c] # 0 => Separates(calls[since[c]], calls[c].name)
    /\ c > parted[calls[c].name] => since[c] = parted[calls[c].name]
SinceGrows == \A b \in Begun : calls[b].op = "get" =>
    \A a \in 1..(b - 1) : (calls[a].op = "get" /\ calls[a].name = calls[b].name) => since[a] = since[b] \/ a <= since[b]
SameSince == \A a \in Begun : \A b \in Begun :
    (GotRoom(a) /\ GotRoom(b) /\ calls[a].name = calls[b].name /\ since[a] = since[b]) => calls[a].ref = calls[b].ref

\* The incarnations that a name had when a release of it began are released. The exception is the
\* one that the release waits for, or waited for until its caller gave up.
ReleasedSince == \A c \in Begun : Releases(c) =>
    \A i \in Created : (incs[i].name = calls[c].name /\ CreatedBefore(i, c)) =>
      incs[i].life = "released" \/ (i = calls[c].waits /\ calls[c].out \in {Pending, "gaveUp"})

NoFailures  == ~Disposing => failed = {}
FailedRight == \A i \in failed : i \in Created /\ incs[i].life = "released"
-----------------------------------------------------------------------------
(* Liveness.  Until the promised state is reached, an end of the backend's *)
(* work is possible, for which fairness is assumed.  No other step makes   *)
(* this end impossible, and each such end brings the promised state        *)
(* nearer.  docs/proof.md combines the conditions below.                   *)

\* The backend ends its work on i. It is proved that each action of EndsOpening(i) and
\* EndsClosing(i) does so (EndsItsWork), and that one of them can be taken while the backend works
\* on i (EndsEnabled).
EndsWorkOn(i) == incs'[i].ended # incs[i].ended

IsWaiting(i) == incs[i].life = "initializing" /\ incs[i].work = "none"
IsOpeningUp(i) == incs[i].life = "initializing" /\ incs[i].work = "opening"

\* A release has rank 2 while the abandoned opening goes on, and rank 1 while the room closes. Only
\* the end of the backend's work changes the rank: it lowers the rank, or ends the release.
ReleasingGoesOn == [][
    \A i \in Created : incs[i].life = "releasing" =>
      IF EndsWorkOn(i)
      THEN incs'[i].life = "released" \/ (incs[i].work = "opening" /\ incs'[i].life = "releasing" /\ incs'[i].work = "closing")
      ELSE incs'[i].life = "releasing" /\ incs'[i].work = incs[i].work]_vars

\* An incarnation that waits goes on waiting for the same release, until it is opened or released.
WaitingGoesOn == [][
    \A i \in Created : IsWaiting(i) =>
      \A j \in Releasing(incs[i].name) :
        (IsWaiting(i)' /\ j \in Releasing(incs[i].name)') \/ incs'[i].work = "opening" \/ incs'[i].life = "released"]_vars

\* An opening that a get waits for goes on until the backend ends it. The get is settled then, or
\* before.
OpeningGoesOn == [][
    \A c \in Begun : (calls[c].op = "get" /\ IsPending(c) /\ IsOpeningUp(calls[c].waits)) =>
      calls'[c].out # Pending \/ (~EndsWorkOn(calls[c].waits) /\ IsOpeningUp(calls[c].waits)')]_vars

\* A pending get waits for an initializing incarnation, and goes on waiting for the same one until
\* it is settled.
GetGoesOn == [][
    \A c \in Begun : (calls[c].op = "get" /\ IsPending(c)) =>
      calls'[c].out # Pending \/ (calls'[c].waits = calls[c].waits /\ incs'[calls[c].waits].life = "initializing")]_vars

\* After the first dispose, no further incarnation becomes releasing. The number of releasing
\* incarnations is finite, and each release ends.
DisposalShrinks == [][Disposing => AllReleasing' \subseteq AllReleasing]_vars
=============================================================================
