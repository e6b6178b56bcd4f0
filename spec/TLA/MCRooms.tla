------------------------------ MODULE MCRooms ------------------------------
(***************************************************************************)
(* Bounds for the checker, beside those in the configurations.             *)
(*                                                                         *)
(* Names are interchangeable, and so are the options of one name: no rule  *)
(* looks at which they are.  OrderedSpec keeps, of all runs that differ    *)
(* only by such a renaming, the one in which names come in the order of    *)
(* their first call, and each name's first get has the first option.  It   *)
(* is for safety only.                                                     *)
(***************************************************************************)
EXTENDS Rooms

Order(n) == IF n = "a" THEN 1 ELSE 2

\* Of what began until now, the last call keeps to the order.
Ordered ==
    \A c \in CallIds :
      (calls[c].op = "none" /\ calls'[c].op # "none") =>
        /\ (calls'[c].name # NoName /\ Order(calls'[c].name) > 1)
             => \E d \in Begun : calls[d].name # NoName /\ Order(calls[d].name) = Order(calls'[c].name) - 1
        /\ (calls'[c].op = "get" /\ calls'[c].opt # "x")
             => \E d \in Begun : calls[d].op = "get" /\ calls[d].name = calls'[c].name

OrderedSpec == Init /\ [][Next /\ Ordered]_vars
=============================================================================
