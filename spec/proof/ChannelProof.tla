---------------------------- MODULE ChannelProof ----------------------------
(***************************************************************************)
(* Why the properties of Channel.tla hold for any number of calls, errors  *)
(* and serials, and any length of what is on the wire and of those who     *)
(* wait: an invariant that is inductive.  make prove has a solver prove    *)
(* that; docs/proof.md explains it.                                        *)
(***************************************************************************)
EXTENDS Channel

\* Calls wait in the order in which they came, each in one place.
InOrder ==
    /\ \A i \in 1..Len(ch.attachers) : ch.attachers[i] \in 1..ch.last /\ \A j \in 1..Len(ch.attachers) : i < j => ch.attachers[i] < ch.attachers[j]
    /\ \A i \in 1..Len(ch.detachers) : ch.detachers[i] \in 1..ch.last /\ \A j \in 1..Len(ch.detachers) : i < j => ch.detachers[i] < ch.detachers[j]
    /\ \A i \in 1..Len(ch.attachers) : \A j \in 1..Len(ch.detachers) : ch.attachers[i] # ch.detachers[j]

\* A channel that is on its way waits for an answer.
AwaitedWhile == (IsConnected(ch) /\ ch.state \in {"attaching", "detaching"}) => ch.awaited

ClearedRight == ch.state \in {"detached", "failed", "initialized"} => ch.channelSerial = 0 /\ ch.attachSerial = 0 /\ ~ch.resume

RetriesRight == ch.state \notin {"attaching", "suspended"} => ch.retries = 0

\* What a name without a life waits for is that a DETACH is answered.
GivenBackRight == (ch.givenBack /\ ch.awaited) => Last(ch.wire) = "detach"

\* What each state may wait for: an ATTACH of new options may be awaited while detaching.
AwaitedRight == ch.awaited =>
    IF Last(ch.wire) = "attach" THEN ch.state \in {"attaching", "attached", "detaching"}
    ELSE ch.state \in {"initialized", "attaching", "detaching", "detached", "failed"}

\* Nothing is attached, or on its way, on a connection that is suspended.
SuspendedRight == ch.connection = "suspended" => ch.state \notin {"attaching", "attached", "detaching"}
=============================================================================
