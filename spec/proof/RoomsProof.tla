----------------------------- MODULE RoomsProof -----------------------------
(***************************************************************************)
(* Why the properties of Rooms.tla hold for any number of names, options   *)
(* and calls: an invariant that is inductive.  It holds initially, and     *)
(* each action keeps it, whatever state it begins in, reachable or not.    *)
(* make prove has a solver prove that, for every MaxCalls, Names and       *)
(* Options; docs/proof.md explains it.                                     *)
(***************************************************************************)
EXTENDS Rooms

\* History that the spec need not keep, for no rule asks for it:
VARIABLES parted,   \* for each name, the last call that parts its gets, a release of it or a dispose; 0 if there is none
          since     \* for each call of a name, what parted was as it began

Separates(call, n) ==
    call.op = "dispose" \/ (call.name = n /\ (call.op = "release" \/ (call.op = "releaseIf" /\ call.waits # 0)))

ProofInit == Init /\ parted = [n \in Names |-> 0] /\ since = [c \in CallIds |-> 0]

ProofNext ==
    /\ Next
    /\ parted' = [n \in Names |-> IF CanBegin /\ Separates(calls'[Last + 1], n) THEN Last + 1 ELSE parted[n]]
    /\ since' = [c \in CallIds |-> IF c = Last + 1 /\ calls'[c].name \in Names THEN parted[calls'[c].name] ELSE since[c]]

-----------------------------------------------------------------------------
(* What makes the properties inductive. *)

\* Numbers are given in order, so that Last and Newest are what their comments say.
CallsInOrder == \E k \in 0..MaxCalls : Begun = 1..k
IncsInOrder  == \E k \in 0..MaxCalls : Created = 1..k
NewestInTime == Newest <= Last      \* a call creates at most one incarnation

\* What each kind of call can ask for, and how it can end.
CallsRight == \A c \in Begun :
    CASE calls[c].op = "get" ->
           /\ calls[c].name \in Names /\ calls[c].opt \in Options
           /\ calls[c].out \in {Pending, "room", "differentOptions", "releasedBefore", "disposed", "openFailed", "gaveUp"}
      [] calls[c].op = "dispose" ->
           calls[c].name = NoName /\ calls[c].waits = 0 /\ calls[c].out \in {Pending, "done", "failed", "gaveUp"}
      [] OTHER ->
           /\ calls[c].name \in Names /\ calls[c].out \in {Pending, "done", "releaseFailed", "gaveUp"}
           /\ IsPending(c) => calls[c].waits # 0

\* A call that is pending has nothing yet.
PendingRight == \A c \in Begun : IsPending(c) => calls[c].ref = 0 /\ calls[c].bad = {}

\* A get, or a release of a name, that waited for something waited for one of its name.
WaitsByName == \A c \in Begun : calls[c].waits # 0 => incs[calls[c].waits].name = calls[c].name

\* Of two incarnations of a name that are not released, the older is releasing, and the newer waits for it.
Successor == \A i \in Created : \A j \in Created :
    (i < j /\ incs[i].name = incs[j].name /\ incs[i].life # "released" /\ incs[j].life # "released")
    => incs[i].life = "releasing" /\ j \in InUse(incs[j].name)

\* What the backend has not ended yet; and what it has ended for good.
NotEnded   == \A i \in Created : (incs[i].life = "initializing" \/ incs[i].work = "opening") => incs[i].ended = "none"
EndedForGood == \A i \in Created : incs[i].ended \in {"openFailed", "released", "releaseFailed"} => incs[i].life = "released"

\* A room was opened.
RoomWasOpened == \A c \in Begun : GotRoom(c) =>
    calls[c].ref \in Created /\ incs[calls[c].ref].ended \in {"opened", "released", "releaseFailed"}

\* The call that a history names is the last that separates.
PartedRight == \A n \in Names :
    /\ parted[n] \in 0..Last
    /\ parted[n] # 0 => Separates(calls[parted[n]], n)
    /\ \A c \in Begun : Separates(calls[c], n) => c <= parted[n]

\* Who has, or waits for, what is in use began after the last parting; whoever has another room, or was rejected, before it.
PendingAfter  == \A c \in Begun : (calls[c].op = "get" /\ IsPending(c)) => c > parted[calls[c].name]
InUseAfter    == \A c \in Begun : (GotRoom(c) /\ calls[c].ref \in InUse(calls[c].name)) => c > parted[calls[c].name]
OthersBefore  == \A c \in Begun : (GotRoom(c) /\ calls[c].ref \notin InUse(calls[c].name)) => c < parted[calls[c].name]
RejectedBefore == \A c \in Begun : calls[c].out = "releasedBefore" => calls[c].op = "get" /\ c < parted[calls[c].name]

\* Between two gets of a name with another last parting, that of the later one began; gets with the same have the same room.
SinceRight == \A c \in Begun : calls[c].op = "get" =>
    /\ since[c] \in 0..(c - 1)
    /\ since[c] # 0 => Separates(calls[since[c]], calls[c].name)
    /\ c > parted[calls[c].name] => since[c] = parted[calls[c].name]
SinceGrows == \A b \in Begun : calls[b].op = "get" =>
    \A a \in 1..(b - 1) : (calls[a].op = "get" /\ calls[a].name = calls[b].name) => since[a] = since[b] \/ a <= since[b]
SameSince == \A a \in Begun : \A b \in Begun :
    (GotRoom(a) /\ GotRoom(b) /\ calls[a].name = calls[b].name /\ since[a] = since[b]) => calls[a].ref = calls[b].ref

\* What there was of a name when a release of it began is gone, unless the release waits for it, or waited and was given up.
ReleasedSince == \A c \in Begun : Releases(c) =>
    \A i \in Created : (incs[i].name = calls[c].name /\ CreatedBefore(i, c)) =>
      incs[i].life = "released" \/ (i = calls[c].waits /\ calls[c].out \in {Pending, "gaveUp"})

NoFailures  == ~Disposing => failed = {}
FailedRight == \A i \in failed : i \in Created /\ incs[i].life = "released"
-----------------------------------------------------------------------------
(* Liveness.  What is promised comes about step by step: as long as it has *)
(* not, the same fair end of the backend is possible, no step takes that   *)
(* away, and that end brings it nearer.  docs/proof.md puts the conditions *)
(* below together.                                                         *)

\* The backend ends a work on i.  Each action of EndsOpening(i) and EndsClosing(i) does, as is proved (EndsItsWork), and whenever
\* there is such a work, one of them can be taken (EndsEnabled).
EndsWorkOn(i) == incs'[i].ended # incs[i].ended

IsWaiting(i) == incs[i].life = "initializing" /\ incs[i].work = "none"
IsOpeningUp(i) == incs[i].life = "initializing" /\ incs[i].work = "opening"

\* Rank 2 (abandoned) and rank 1 (closing): no step but the backend's end changes it, and that lowers it, or ends the release.
ReleasingGoesOn == [][
    \A i \in Created : incs[i].life = "releasing" =>
      IF EndsWorkOn(i)
      THEN incs'[i].life = "released" \/ (incs[i].work = "opening" /\ incs'[i].life = "releasing" /\ incs'[i].work = "closing")
      ELSE incs'[i].life = "releasing" /\ incs'[i].work = incs[i].work]_vars

\* What waits, waits for the same release until it is opened, or leaves use.
WaitingGoesOn == [][
    \A i \in Created : IsWaiting(i) =>
      \A j \in Releasing(incs[i].name) :
        (IsWaiting(i)' /\ j \in Releasing(incs[i].name)') \/ incs'[i].work = "opening" \/ incs'[i].life = "released"]_vars

\* An opening that gets wait for goes on until it ends; what waits for it is settled then, or before.
OpeningGoesOn == [][
    \A c \in Begun : (calls[c].op = "get" /\ IsPending(c) /\ IsOpeningUp(calls[c].waits)) =>
      calls'[c].out # Pending \/ (~EndsWorkOn(calls[c].waits) /\ IsOpeningUp(calls[c].waits)')]_vars

\* A get that is pending waits for what waits or is opened, and goes on waiting for it.
GetGoesOn == [][
    \A c \in Begun : (calls[c].op = "get" /\ IsPending(c)) =>
      calls'[c].out # Pending \/ (calls'[c].waits = calls[c].waits /\ incs'[calls[c].waits].life = "initializing")]_vars

\* From the first dispose on nothing comes to be releasing any more; there is a finite number of them, and each ends.
DisposalShrinks == [][Disposing => AllReleasing' \subseteq AllReleasing]_vars
=============================================================================
