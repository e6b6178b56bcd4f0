-------------------------- MODULE RoomStatusProof ---------------------------
(***************************************************************************)
(* An inductive invariant of RoomStatus.tla, and a contract for the        *)
(* recursive operator of the spec.  Both together imply that the           *)
(* properties hold for any number of calls and errors, and any length of   *)
(* the queue.  make prove has a solver prove both; docs/proof.md explains  *)
(* how.                                                                    *)
(***************************************************************************)
EXTENDS RoomStatus

RECURSIVE Turn(_)

\* The recursive part of BeginNext. Turn takes operations from the queue until one of them does not
\* end at once, or the queue is empty. It returns the room in which that operation has its turn, but
\* has not begun. Its outputs are the answers to the calls whose operations ended at once.
Turn(r) ==
    IF r.queue = <<>> THEN r
    ELSE LET i     == NextIn(r.queue)
             entry == r.queue[i]
             turn  == [r EXCEPT !.queue = Without(r.queue, i), !.op = entry[1], !.caller = entry[2]]
         IN  CASE entry[1] = "attach"  -> IF IsAttached(turn) THEN Turn(Over(turn, Done))
                                          ELSE IF turn.status = "released" THEN Turn(Over(turn, InvalidState(turn.status)))
                                          ELSE turn
               [] entry[1] = "detach"  -> IF turn.status = "detached" THEN Turn(Over(turn, Done))
                                          ELSE IF Refuses(turn) THEN Turn(Over(turn, InvalidState(turn.status)))
                                          ELSE turn
               [] entry[1] = "release" -> IF turn.status = "released" THEN Turn(Over(turn, Done)) ELSE turn

\* The room after the operation that has its turn has begun.
Started(r) ==
    CASE r.op = "none"    -> r
      [] r.op = "attach"  -> [Put(SetStatus(r, "attaching", 0), AttachChannel) EXCEPT !.phase = "inAttach"]
      [] r.op = "detach"  -> [Put(SetStatus(r, "detaching", 0), DetachChannel) EXCEPT !.phase = "inDetach"]
      [] r.op = "release" -> IF r.status \in {"initialized", "detached"} THEN GiveBack(r)
                             ELSE DetachLoop(SetStatus(r, "releasing", 0))

\* Equal to BeginNext(r). This is proved by induction over the length of the queue.
NextBegun(r) == Started(Turn(r))

-----------------------------------------------------------------------------
(* The contract of Turn: if TurnBefore holds for a room r that has no      *)
(* outputs, then the other formulas hold for r and t = Turn(r).  It is     *)
(* proved by induction over the length of the queue.                       *)

\* Calls wait in the order in which they came. A release whose caller gave up has the number 0.
QueueRight(r) ==
    /\ \A i \in 1..Len(r.queue) :
         r.queue[i][1] \in Operations /\ r.queue[i][2] \in (IF r.queue[i][1] = "release" THEN 0 ELSE 1)..r.last
    /\ \A i \in 1..Len(r.queue) : \A j \in 1..Len(r.queue) :
         (i < j /\ r.queue[i][2] # 0 /\ r.queue[j][2] # 0) => r.queue[i][2] < r.queue[j][2]

TurnBefore(r) == r.op = "none" /\ r.caller = 0 /\ r.phase = "idle" /\ QueueRight(r)

TurnKeeps(r, t) ==
    /\ t.last = r.last /\ t.status = r.status /\ t.err = r.err /\ t.channel = r.channel /\ t.chErr = r.chErr
    /\ t.phase = r.phase /\ t.attachedOnce = r.attachedOnce /\ t.explicit = r.explicit

\* The operation that has its turn does not end at once.
TurnFound(r, t) ==
    IF t.op = "none" THEN t.caller = 0 /\ t.queue = <<>>
    ELSE /\ t.op \in Operations /\ r.status # "released"
         /\ t.op = "attach" => r.status # "attached"
         /\ t.op = "detach" => r.status \notin {"detached", "failed"}
         /\ \E i \in 1..Len(r.queue) : r.queue[i] = <<t.op, t.caller>>

\* Each call that still waits was waiting before. The order is the same.
TurnQueue(r, t) == QueueRight(t)
TurnRest(r, t)  == \A j \in 1..Len(t.queue) : \E i \in 1..Len(r.queue) : t.queue[j] = r.queue[i]

\* Each answered call was waiting, and its answer is true.
AnswerRight(s, o, answer) ==
    IF answer[3] = "done" THEN s = Goal(o) /\ answer[4] = 0
    ELSE /\ answer[3] = "invalidState" /\ answer[5] = s
         /\ IF o = "attach" THEN s = "released" ELSE o = "detach" /\ s \in {"released", "failed"}
TurnAnswers(r, t) == \A k \in 1..Len(t.outs) :
    t.outs[k][2] # 0 /\ \E i \in 1..Len(r.queue) : r.queue[i][2] = t.outs[k][2] /\ AnswerRight(r.status, r.queue[i][1], t.outs[k])

\* Each call has its turn, or waits, or is answered once; never two of these.
TurnOnce(r, t) ==
    /\ t.caller # 0 => \A j \in 1..Len(t.queue) : t.queue[j][2] # t.caller
    /\ \A k \in 1..Len(t.outs) :
         /\ t.outs[k][2] # t.caller
         /\ \A j \in 1..Len(t.queue) : t.queue[j][2] # t.outs[k][2]
         /\ \A l \in 1..Len(t.outs) : t.outs[l][2] = t.outs[k][2] => k = l
TurnAll(r, t) == \A i \in 1..Len(r.queue) : r.queue[i][2] # 0 =>
    \/ t.op = r.queue[i][1] /\ t.caller = r.queue[i][2]
    \/ \E j \in 1..Len(t.queue) : t.queue[j] = r.queue[i]
    \/ \E k \in 1..Len(t.outs) : t.outs[k][2] = r.queue[i][2]

\* The call b has its turn, or is answered, only after the call a was answered.
AfterAnswer(t, a, b) ==
    /\ (t.caller = b \/ \E k \in 1..Len(t.outs) : t.outs[k][2] = b) => \E k \in 1..Len(t.outs) : t.outs[k][2] = a
    /\ \A k \in 1..Len(t.outs) : t.outs[k][2] = b => \E l \in 1..Len(t.outs) : t.outs[l][2] = a /\ l < k

TurnReleaseFirst(r, t) == \A i \in 1..Len(r.queue) : r.queue[i][1] = "release" =>
    \A j \in 1..Len(r.queue) :
      (/\ r.queue[j][1] # "release"
       /\ t.caller = r.queue[j][2] \/ \E k \in 1..Len(t.outs) : t.outs[k][2] = r.queue[j][2])
      => r.status = "released" /\ (r.queue[i][2] # 0 => AfterAnswer(t, r.queue[i][2], r.queue[j][2]))

TurnInOrder(r, t) == \A i \in 1..Len(r.queue) : \A j \in 1..Len(r.queue) :
    (i < j /\ r.queue[i][1] # "release" /\ r.queue[j][1] # "release") => AfterAnswer(t, r.queue[i][2], r.queue[j][2])

-----------------------------------------------------------------------------
(* What makes the properties inductive. *)

QueueInOrder == QueueRight(Here)

\* The caller of the running operation is not in the queue.
CallerApart == caller # 0 => \A i \in 1..Len(queue) : queue[i][2] # caller

ReleasedRight == status = "released" => err = 0

\* If the port keeps its promise, no discontinuity can be reported before an attached event.
FreshRight == (OwnEvent /\ fresh) => ~attachedOnce \/ explicit
SeenRight  == (OwnEvent /\ phase = "inAttach" /\ seen) => ~fresh
=============================================================================
