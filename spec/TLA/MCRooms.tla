------------------------------ MODULE MCRooms ------------------------------
(***************************************************************************)
(* Bounds for the checker, beside those in the configurations.             *)
(*                                                                         *)
(* Names are interchangeable, and so are the options of one name: no rule  *)
(* and no property looks at which they are, only at whether two are equal, *)
(* and options are compared for one name only.  OrderedSpec keeps, of all  *)
(* runs that differ only by such a renaming, the one in which names come   *)
(* in the order of their first call, and each name's first get has the     *)
(* first option.  That renaming is done once for a whole run, and leaves   *)
(* every state as good or as bad as it was, so no violation of safety is   *)
(* lost.  It is not for liveness.                                          *)
(***************************************************************************)
EXTENDS Rooms

ASSUME Names = {"a", "b"} /\ Options = {"x", "y"}

Called(n) == {c \in CallIds : calls[c].name = n} # {}
Asked(n)  == {c \in CallIds : calls[c].name = n /\ calls[c].op = "get"} # {}

\* Not with \/, for as a guard that would make TLC take a step twice where both sides are true.
MayCall(n)   == IF n = "a" THEN TRUE ELSE Called("a")
MayAsk(n, o) == IF o = "x" THEN MayCall(n) ELSE Asked(n)

\* A step of Next that keeps to the order.  CanBegin is asked once for all calls, which costs the labels of their steps.
OrderedNext ==
    \/ CanBegin /\ \/ \E n \in Names, o \in Options : MayAsk(n, o) /\ Get(n, o)
                   \/ \E n \in Names : MayCall(n) /\ Release(n)
                   \/ Dispose
                   \/ \E i \in IncIds : ReleaseIf(i)
    \/ \E c \in CallIds : GiveUp(c)
    \/ \E i \in IncIds : BackendEnds(i)

OrderedSpec == Init /\ [][OrderedNext]_vars
=============================================================================
