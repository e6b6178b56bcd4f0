------------------------- MODULE RoomStatusSteps -------------------------
(***************************************************************************)
(* The effects and outputs of each input of a room, as functions from the  *)
(* room before the step to the room after it, with the outputs of the step *)
(* in order. This module is written from the rules S1 to S30 of            *)
(* docs/room.md, which names the points of Ably's Chat specification       *)
(* (CHA-...) that each rule comes from. RoomStatus.tla makes a machine of  *)
(* one room from these functions. RoomsOverRooms.tla uses such rooms as    *)
(* the backend of Rooms.tla: one room for each incarnation.                *)
(*                                                                         *)
(* A room has the fields                                                   *)
(*   last           the number of calls that have been made                *)
(*   status, err    the room's status and its error                        *)
(*   channel, chErr the state and the error of the channel's last event    *)
(*   op             the operation that runs                                *)
(*   caller         the call that waits for op; 0 if it gave up            *)
(*   phase          what the operation waits for                           *)
(*   queue          the operations that wait, as <<operation, call>>       *)
(*   attachedOnce   an attach of the room has succeeded         (CHA-RL13) *)
(*   explicit       a detach succeeded on the channel, no attach since     *)
(*                  (RL14)                                                 *)
(*   outs           the outputs of the step                                *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

ChannelStates == {"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed"}
Statuses      == ChannelStates \cup {"releasing", "released"}
Operations    == {"attach", "detach", "release"}

NewRoom ==                                                                     \* S2, CHA-RS3
    [last |-> 0, status |-> "initialized", err |-> 0, channel |-> "initialized", chErr |-> 0, op |-> "none", caller |-> 0,
     phase |-> "idle", queue |-> <<>>, attachedOnce |-> FALSE, explicit |-> FALSE, outs |-> <<>>]

-----------------------------------------------------------------------------
(* Outputs *)

Settles(c, how)       == <<"settle", c>> \o how
StatusTold(old, s, e) == <<"status", old, s, e>>
LossTold(e)           == <<"discontinuity", e>>
AttachChannel         == <<"attachChannel">>
DetachChannel         == <<"detachChannel">>
GiveBackChannel       == <<"giveBackChannel">>
StartRetryPause       == <<"startRetryPause">>

Done            == <<"done", 0, "-">>
FailedWith(e)   == <<"failed", e, "-">>
InvalidState(s) == <<"invalidState", 0, s>>
GaveUp          == <<"gaveUp", 0, "-">>

-----------------------------------------------------------------------------
(* Operators that configurations replace by the broken ones in             *)
(* twins/RoomStatusTwins.tla. TLC must then find a violated property.      *)

IsBusy(r)          == r.op # "none"                                            \* S3
GoesFirst(o)       == o = "release"                                            \* S4
ErrorSet(r, e)     == e                                                        \* S1
IsSo(r, s, e)      == r.status = s /\ r.err = e                                \* S1
CallerLeft(r)      == 0                                                        \* S18
LeavesQueue(o)     == o # "release"                                            \* S19, S20
MovedOn(r)         == r.channel # "attached"                                   \* S21
IsAttached(r)      == r.status = "attached"                                    \* S6
Refuses(r)         == r.status \in {"released", "failed"}                      \* S11
Follows(r)         == r.op = "none"                                            \* S28
Loses(r, resumed)  == ~resumed /\ r.attachedOnce /\ ~r.explicit                \* S29
IsDeaf(r)          == r.status = "released"                                    \* S30
IsOver(r, e)       == e = 0 \/ r.channel = "failed"                            \* S25

-----------------------------------------------------------------------------
(* Parts of steps.  TLCEval makes TLC evaluate a value at once. Without    *)
(* it, TLC may evaluate the value later, and some versions of TLC then use *)
(* old values of the variables in it.                                      *)

Put(r, o) == [r EXCEPT !.outs = Append(r.outs, o)]

\* S1
SetStatus(r, s, e) ==
    IF IsSo(r, s, e) THEN r
    ELSE [Put(r, StatusTold(r.status, s, ErrorSet(r, e))) EXCEPT !.status = s, !.err = ErrorSet(r, e)]

\* S26
GiveBack(r) == [Put(SetStatus(r, "released", 0), GiveBackChannel) EXCEPT !.phase = "inGiveBack"]

\* S24: the start of the detach loop
DetachLoop(r) ==
    IF r.channel = "failed" THEN GiveBack(r)
    ELSE [Put(r, DetachChannel) EXCEPT !.phase = "inDetach"]

Without(q, i) == SubSeq(q, 1, i - 1) \o SubSeq(q, i + 1, Len(q))

\* S4: the place of the next operation in a queue that is not empty
NextIn(q) ==
    LET first == {i \in 1..Len(q) : GoesFirst(q[i][1])}
    IN  IF first = {} THEN 1 ELSE CHOOSE i \in first : \A j \in first : i <= j

RECURSIVE BeginNext(_)

\* Over ends the operation that runs. If a caller still waits for it, the caller's call is settled
\* with the outcome `how`.
Over(r, how) ==
    [(IF r.caller = 0 THEN r ELSE Put(r, Settles(r.caller, how))) EXCEPT !.op = "none", !.caller = 0, !.phase = "idle"]

\* S5
EndWith(r, how) == BeginNext(TLCEval(Over(r, how)))

BeginAttach(r) ==
    IF IsAttached(r) THEN EndWith(r, Done)                                     \* S6, CHA-RL1a
    ELSE IF r.status = "released" THEN EndWith(r, InvalidState(r.status))      \* S7, CHA-RL1l
    ELSE [Put(SetStatus(r, "attaching", 0), AttachChannel) EXCEPT !.phase = "inAttach"] \* S8, S9, CHA-RL1e, CHA-RL1k

BeginDetach(r) ==
    IF r.status = "detached" THEN EndWith(r, Done)                             \* S10, CHA-RL2a
    ELSE IF Refuses(r) THEN EndWith(r, InvalidState(r.status))                 \* S11, CHA-RL2l, CHA-RL2m
    ELSE [Put(SetStatus(r, "detaching", 0), DetachChannel) EXCEPT !.phase = "inDetach"] \* S12, S13, CHA-RL2j, CHA-RL2k

ReleaseAgain(r) == EndWith(r, Done)                                            \* S14, CHA-RL3a

BeginRelease(r) ==
    IF r.status = "released" THEN ReleaseAgain(r)
    ELSE IF r.status \in {"initialized", "detached"} THEN GiveBack(r)          \* S15, CHA-RL3b, CHA-RL3j
    ELSE DetachLoop(SetStatus(r, "releasing", 0))                              \* S16, S17, CHA-RL3m, CHA-RL3n

\* S4
BeginNext(r) ==
    IF r.queue = <<>> THEN r
    ELSE LET i     == NextIn(r.queue)
             entry == r.queue[i]
             turn  == TLCEval([r EXCEPT !.queue = Without(r.queue, i), !.op = entry[1], !.caller = entry[2]])
         IN  CASE entry[1] = "attach"  -> BeginAttach(turn)
               [] entry[1] = "detach"  -> BeginDetach(turn)
               [] entry[1] = "release" -> BeginRelease(turn)

-----------------------------------------------------------------------------
(* Steps.  The room before each step has no outputs. *)

\* S3: an operation is called
AfterCall(r, o) ==
    LET called == TLCEval([r EXCEPT !.last = r.last + 1, !.queue = Append(r.queue, <<o, r.last + 1>>)])
    IN  IF IsBusy(r) THEN called ELSE BeginNext(called)

\* The places of a call in the queue: one, or none.
Places(r, c) == {i \in 1..Len(r.queue) : r.queue[i][2] = c}

HasPending(r, c) == r.caller = c \/ Places(r, c) # {}

\* S18, S19, S20
AfterGiveUp(r, c) ==
    LET told == TLCEval(Put(r, Settles(c, GaveUp)))
    IN  IF r.caller = c THEN [told EXCEPT !.caller = CallerLeft(r)]
        ELSE LET i == CHOOSE i \in Places(r, c) : TRUE
             IN  IF LeavesQueue(r.queue[i][1]) THEN [told EXCEPT !.queue = Without(r.queue, i)]
                 ELSE [told EXCEPT !.queue = [r.queue EXCEPT ![i] = <<r.queue[i][1], 0>>]]

\* S23
AfterFailure(r, e) == EndWith(SetStatus(r, r.channel, e), FailedWith(e))

AfterAttachEnded(r, e) ==
    IF e # 0 THEN AfterFailure(r, e)                                           \* S23, CHA-RL1k2, CHA-RL1k3
    ELSE LET set == TLCEval([SetStatus(r, "attached", 0) EXCEPT !.attachedOnce = TRUE, !.explicit = FALSE])
         IN  EndWith(IF MovedOn(r) THEN SetStatus(set, r.channel, r.chErr) ELSE set, Done) \* S21, CHA-RL1k1

AfterDetachEnded(r, e) ==
    IF r.op = "release"                                                        \* S25, CHA-RL3n2, CHA-RL3n3, CHA-RL3n4
    THEN IF IsOver(r, e) THEN GiveBack(r)
         ELSE [Put(r, StartRetryPause) EXCEPT !.phase = "inRetryPause"]
    ELSE IF e # 0 THEN AfterFailure(r, e)                                      \* S23, CHA-RL2k2, CHA-RL2k3
    ELSE LET set == TLCEval([SetStatus(r, "detached", 0) EXCEPT !.explicit = TRUE])
         IN  EndWith(IF r.channel \in {"detached", "initialized"} THEN set ELSE SetStatus(set, r.channel, r.chErr), Done) \* S22, CHA-RL2k1

AfterRetryDue(r) == DetachLoop(r)                                              \* S25, CHA-RL3n4

AfterGiveBackEnded(r, e) == EndWith(r, IF e = 0 THEN Done ELSE FailedWith(e))  \* S27, CHA-RL3h

AfterEvent(r, s, update, resumed, e) ==
    IF IsDeaf(r) THEN r                                                        \* S30
    ELSE LET turned == IF update THEN r ELSE TLCEval([r EXCEPT !.channel = s, !.chErr = e])
             told   == IF update \/ ~Follows(r) THEN turned ELSE SetStatus(turned, s, e) \* S28, CHA-RL11b, CHA-RL11c
         IN  IF s = "attached" /\ Loses(r, resumed) THEN Put(told, LossTold(e)) ELSE told \* S29, CHA-RL12b
=============================================================================
