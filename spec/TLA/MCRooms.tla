------------------------------ MODULE MCRooms ------------------------------
(***************************************************************************)
(* Bounds for the checker, in addition to those in the configurations.     *)
(*                                                                         *)
(* Names are interchangeable, and so are the options of one name: rules    *)
(* and properties only compare two names, or two options of one name. So   *)
(* some runs differ only in a renaming.  Of these, OrderedSpec keeps the   *)
(* run in which names come in the order of their first call, and each      *)
(* name's first get has the first option.  If a run violates safety, so    *)
(* does the run that is kept instead.  Don't use OrderedSpec for liveness. *)
(***************************************************************************)
EXTENDS Rooms

ASSUME Names = {"a", "b"} /\ Options = {"x", "y"}

Called(n) == {c \in CallIds : calls[c].name = n} # {}
Asked(n)  == {c \in CallIds : calls[c].name = n /\ calls[c].op = "get"} # {}

\* This uses IF instead of \/. With \/ in a guard, TLC would take a step twice where both sides are
\* true.
MayCall(n)   == IF n = "a" THEN TRUE ELSE Called("a")
MayAsk(n, o) == IF o = "x" THEN MayCall(n) ELSE Asked(n)

\* A step of Next in that order.  CanBegin is evaluated once for all calls; because of that, TLC
\* can't name the actions of these steps.
OrderedNext ==
    \/ CanBegin /\ \/ \E n \in Names, o \in Options : MayAsk(n, o) /\ Get(n, o)
                   \/ \E n \in Names : MayCall(n) /\ Release(n)
                   \/ Dispose
                   \/ \E i \in IncIds : ReleaseIf(i)
    \/ \E c \in CallIds : GiveUp(c)
    \/ \E i \in IncIds : BackendEnds(i)

OrderedSpec == Init /\ [][OrderedNext]_vars
=============================================================================
