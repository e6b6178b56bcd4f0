---------------------------- MODULE LeasesProof -----------------------------
(***************************************************************************)
(* An inductive invariant of Leases.tla, for any number of names, options  *)
(* and calls: the invariant of RoomsProof.tla, and that each incarnation   *)
(* in use is kept by a get or has a lease. docs/proof.md explains it.      *)
(***************************************************************************)
EXTENDS Leases, RoomsProof

\* The history of RoomsProof.tla, but only of releases by name and of disposes.
VARIABLES named, sinceNamed

EndsByName(call, n) == call.op = "dispose" \/ (call.op = "release" /\ call.name = n)

LeasesProofInit ==
    /\ LeasesInit
    /\ parted = [n \in Names |-> 0] /\ since = [c \in CallIds |-> 0]
    /\ named = [n \in Names |-> 0] /\ sinceNamed = [c \in CallIds |-> 0]

LeasesProofNext ==
    /\ LeasesNext
    /\ parted' = [n \in Names |-> IF CanBegin /\ Separates(calls'[Last + 1], n) THEN Last + 1 ELSE parted[n]]
    /\ since' = [c \in CallIds |-> IF c = Last + 1 /\ calls'[c].name \in Names THEN parted[calls'[c].name] ELSE since[c]]
    /\ named' = [n \in Names |-> IF CanBegin /\ EndsByName(calls'[Last + 1], n) THEN Last + 1 ELSE named[n]]
    /\ sinceNamed' = [c \in CallIds |-> IF c = Last + 1 /\ calls'[c].name \in Names THEN named[calls'[c].name] ELSE sinceNamed[c]]

\* Each Acquire is a get that has begun. Each closed lease belongs to an Acquire.
AcquiresRight == \A c \in acquires : c \in Begun /\ calls[c].op = "get"
ClosedRight   == \A c \in closed : c \in acquires /\ calls[c].out # Pending

\* An Acquire that was given up has closed its lease.
GivenUpClosed == \A c \in acquires : calls[c].out = "gaveUp" => c \in closed

\* The formulas about the history, as in RoomsProof.tla.
NamedRight == \A n \in Names :
    /\ named[n] \in 0..Last /\ named[n] <= parted[n]
    /\ named[n] # 0 => EndsByName(calls[named[n]], n)
    /\ \A c \in Begun : EndsByName(calls[c], n) => c <= named[n]
KeptBefore == \A c \in Begun :
    (GotRoom(c) /\ c \notin acquires /\ calls[c].ref \notin InUse(calls[c].name)) => c < named[calls[c].name]
SinceNamedRight == \A c \in Begun : calls[c].op = "get" =>
    /\ sinceNamed[c] \in 0..(c - 1)
    /\ sinceNamed[c] # 0 => EndsByName(calls[sinceNamed[c]], calls[c].name)
    /\ c > named[calls[c].name] => sinceNamed[c] = named[calls[c].name]
SinceNamedGrows == \A b \in Begun : calls[b].op = "get" =>
    \A a \in 1..(b - 1) : (calls[a].op = "get" /\ calls[a].name = calls[b].name) => sinceNamed[a] = sinceNamed[b] \/ a <= sinceNamed[b]
SameSinceNamed == \A a \in Begun : \A b \in Begun :
    (/\ GotRoom(a) /\ GotRoom(b) /\ a \notin acquires /\ b \notin acquires
     /\ calls[a].name = calls[b].name /\ sinceNamed[a] = sinceNamed[b])
    => calls[a].ref = calls[b].ref
=============================================================================
