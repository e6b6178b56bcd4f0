------------------------------- MODULE Canary -------------------------------
(***************************************************************************)
(* Specs so small that the right answer of TLC is obvious.  They show that *)
(* this jar finds what it should, and where it is known not to.  If a      *)
(* later jar is better, a configuration fails and shows it.                *)
(***************************************************************************)
EXTENDS Integers, Sequences, TLC

VARIABLE x

Init == x = 0
Up   == x < 3 /\ x' = x + 1
Back == x = 3 /\ x' = 0

Counts == Init /\ [][Up]_x                          \* to 3, where it stops
Turns  == Init /\ [][Up \/ Back]_x                  \* for ever, or stops at any value
Fair   == Turns /\ WF_x(Up \/ Back)                 \* for ever

Small      == x < 2
NeverBack  == [][x' > x]_x
ComesTo3   == <>(x = 3)
ComesToNil == <>(x = -1)
Bounded    == x < 2

-----------------------------------------------------------------------------
(* A function that EXCEPT changed is made a sequence: tlaplus#1145.  Each  *)
(* of the two specs has one step, and x is 1 after it.                     *)

First(s) == SubSeq(s, 1, 1)[1]

Lazy  == x = 0 /\ [][x = 0 /\ x' = First([[i \in 1..2 |-> 0] EXCEPT ![1] = 1])]_x
Eager == x = 0 /\ [][x = 0 /\ x' = First(TLCEval([[i \in 1..2 |-> 0] EXCEPT ![1] = 1]))]_x

NeverOne == x # 1

-----------------------------------------------------------------------------
(* A switch without fairness: tlaplus#971.  It may be turned on, off, on   *)
(* and off again, so it can be off after it was on, and on later.          *)

Switch   == x = 0 /\ [][x' \in {0, 1}]_x
OffStays == [](x = 1 => [](x = 0 => [](x = 0)))
=============================================================================
