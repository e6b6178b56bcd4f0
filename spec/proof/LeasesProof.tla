---------------------------- MODULE LeasesProof -----------------------------
(***************************************************************************)
(* Why the properties of Leases.tla hold for any number of names, options  *)
(* and calls: the invariant of RoomsProof.tla, which leases keep too, and  *)
(* what is in use is kept or leased.                                       *)
(***************************************************************************)
EXTENDS Leases, RoomsProof

LeasesProofInit == LeasesInit /\ parted = [n \in Names |-> 0] /\ since = [c \in CallIds |-> 0]

LeasesProofNext ==
    /\ LeasesNext
    /\ parted' = [n \in Names |-> IF CanBegin /\ Separates(calls'[Last + 1], n) THEN Last + 1 ELSE parted[n]]
    /\ since' = [c \in CallIds |-> IF c = Last + 1 /\ calls'[c].name \in Names THEN parted[calls'[c].name] ELSE since[c]]

\* What is an Acquire is a get that has begun; what has closed is one.
AcquiresRight == \A c \in acquires : c \in Begun /\ calls[c].op = "get"
ClosedRight   == \A c \in closed : c \in acquires /\ calls[c].out # Pending

\* An Acquire that was given up has closed its lease.
GivenUpClosed == \A c \in acquires : calls[c].out = "gaveUp" => c \in closed
=============================================================================
