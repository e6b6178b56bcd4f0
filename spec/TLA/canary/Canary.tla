------------------------------- MODULE Canary -------------------------------
(***************************************************************************)
(* Specs so small that the right answer of TLC is obvious.  They show      *)
(* which violations the pinned TLC jar finds, and which it misses (see     *)
(* Limits of the jar in spec/TLA/README.md).  If a later jar finds a       *)
(* violation that this one misses, a configuration fails.                  *)
(***************************************************************************)
EXTENDS Integers, Sequences, TLC

VARIABLE x

Init == x = 0
Up   == x < 3 /\ x' = x + 1
Back == x = 3 /\ x' = 0

Counts == Init /\ [][Up]_x                          \* x goes up to 3 and stays there
Turns  == Init /\ [][Up \/ Back]_x                  \* x goes up and back, and may stop at any value
Fair   == Turns /\ WF_x(Up \/ Back)                 \* x goes up and back for ever

Small      == x < 2
NeverBack  == [][x' > x]_x
ComesTo3   == <>(x = 3)
ComesToNil == <>(x = -1)
Bounded    == x < 2

-----------------------------------------------------------------------------
(* SubSeq makes a sequence of a function that EXCEPT changed.  In both     *)
(* specs the only step sets x to 1, so NeverOne is false.  Without         *)
(* TLCEval, TLC uses the old value of the function, and misses this:       *)
(* tlaplus#1145.                                                           *)

First(s) == SubSeq(s, 1, 1)[1]

Lazy  == x = 0 /\ [][x = 0 /\ x' = First([[i \in 1..2 |-> 0] EXCEPT ![1] = 1])]_x
Eager == x = 0 /\ [][x = 0 /\ x' = First(TLCEval([[i \in 1..2 |-> 0] EXCEPT ![1] = 1]))]_x

NeverOne == x # 1

-----------------------------------------------------------------------------
(* A switch without fairness: tlaplus#971.  It may be turned on and off    *)
(* any number of times, so after it was on and then off, it can be on      *)
(* again: OffStays is false.                                               *)

Switch   == x = 0 /\ [][x' \in {0, 1}]_x
OffStays == [](x = 1 => [](x = 0 => [](x = 0)))
=============================================================================
