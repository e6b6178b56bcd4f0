------------------------------ MODULE Skipping ------------------------------
(* What TraceRooms.tla would be with a skip rule: a line may be passed over. *)
(* The command tests/wire/traces shows that it would accept what is corrupt. *)
EXTENDS RecordedTraces

Skip ==
    \E n \in After :
        /\ Tree[n].line.seq = at + 1
        /\ node' = n
        /\ at' = at + 1
        /\ UNCHANGED vars
        /\ Said(n)

SkippingSpec == TraceInit /\ [][TraceNext \/ Skip]_traceVars
=============================================================================
