---------------------------- MODULE ChannelProof ----------------------------
(***************************************************************************)
(* An inductive invariant of Channel.tla.  It implies that the properties  *)
(* hold for any number of calls, errors and serials, any number of frames  *)
(* on the wire, and any number of waiting calls.  make prove has a solver  *)
(* prove this; docs/proof.md explains how.                                 *)
(***************************************************************************)
EXTENDS Channel

\* Calls wait in the order in which they came. Each call waits in one place of one queue.
InOrder ==
    /\ \A i \in 1..Len(ch.attachers) : ch.attachers[i] \in 1..ch.last /\ \A j \in 1..Len(ch.attachers) : i < j => ch.attachers[i] < ch.attachers[j]
    /\ \A i \in 1..Len(ch.detachers) : ch.detachers[i] \in 1..ch.last /\ \A j \in 1..Len(ch.detachers) : i < j => ch.detachers[i] < ch.detachers[j]
    /\ \A i \in 1..Len(ch.attachers) : \A j \in 1..Len(ch.detachers) : ch.attachers[i] # ch.detachers[j]

\* A channel that is attaching or detaching on a connection waits for an answer.
AwaitedWhile == (IsConnected(ch) /\ ch.state \in {"attaching", "detaching"}) => ch.awaited

ClearedRight == ch.state \in {"detached", "failed", "initialized"} => ch.channelSerial = 0 /\ ch.attachSerial = 0 /\ ~ch.resume

RetriesRight == ch.state \notin {"attaching", "suspended"} => ch.retries = 0

\* After it was given back, the channel can only wait for the answer to a DETACH.
GivenBackRight == (ch.givenBack /\ ch.awaited) => Last(ch.wire) = "detach"

\* Which answers a state may wait for. While detaching, the answer to an ATTACH with new options may still be awaited.
AwaitedRight == ch.awaited =>
    IF Last(ch.wire) = "attach" THEN ch.state \in {"attaching", "attached", "detaching"}
    ELSE ch.state \in {"initialized", "attaching", "detaching", "detached", "failed"}

\* On a suspended connection, the channel is neither attached nor attaching nor detaching.
SuspendedRight == ch.connection = "suspended" => ch.state \notin {"attaching", "attached", "detaching"}
=============================================================================
