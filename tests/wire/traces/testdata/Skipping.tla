------------------------------ MODULE Skipping ------------------------------
(* TraceRooms.tla with a rule that allows skipping a line of a trace. The    *)
(* command tests/wire/traces shows that it would accept corrupted traces.    *)
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
