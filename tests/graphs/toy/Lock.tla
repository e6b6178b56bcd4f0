-------------------------------- MODULE Lock --------------------------------
(* A lock with a queue. The first of the queue has the lock. *)
EXTENDS Naturals, Sequences

CONSTANT NClients
VARIABLE queue

Clients == 1..NClients
Asking == {queue[i] : i \in 1..Len(queue)}
Without(c) == SelectSeq(queue, LAMBDA d : d # c)

Init == queue = <<>>
Ask == \E c \in Clients : c \notin Asking /\ queue' = Append(queue, c)
Leave == \E c \in Clients : c \in Asking /\ queue[1] # c /\ queue' = Without(c)
Give == queue # <<>> /\ queue' = Tail(queue)

Spec == Init /\ [][Ask \/ Leave \/ Give]_queue
=============================================================================
