---------------------------- MODULE RoomStatus ----------------------------
(***************************************************************************)
(* What attach, detach and release of one room do, one at a time, and how  *)
(* its status follows its channel.  Written from the rules S1 to S30 of    *)
(* docs/room.md, which have the points of Ably's Chat specification        *)
(* (CHA-...) that each comes from.                                         *)
(*                                                                         *)
(* The channel, and the connection under it, are an adversary: any event   *)
(* may come at any moment, and what the room asked for may end in any way, *)
(* or never.  Where that is more than a property can bear, OwnEvent makes  *)
(* the adversary keep the one promise of the port.                         *)
(*                                                                         *)
(* A step is written as a function of the room: it takes the room as it    *)
(* is, with no outputs, and adds to it what the rule says, in its order.   *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS NCalls,    \* how many calls are made
          NErrs,     \* the errors are 1..NErrs; 0 is none
          Emitted,   \* the states of which the channel's events tell
          OwnEvent   \* whether an operation ends with success only after its own event

ChannelStates == {"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed"}
Statuses      == ChannelStates \cup {"releasing", "released"}

ASSUME /\ NCalls \in Nat /\ NCalls > 0 /\ NErrs \in Nat
       /\ Emitted \subseteq ChannelStates /\ OwnEvent \in BOOLEAN

VARIABLES last,          \* how many calls have been made
          status, err,   \* the room's status, and the error that belongs to it
          channel, chErr, \* what the channel's last event said
          op,            \* the operation that runs
          caller,        \* the call that waits for it; 0 when it gave up, or none runs
          phase,         \* what the operation waits for
          queue,         \* the operations that wait for their turn, as <<operation, caller>>
          attachedOnce,  \* an attach of the room has succeeded                 CHA-RL13
          explicit,      \* the last operation that succeeded was a detach      CHA-RL14
          outs,          \* what the last step put out, in order
          seen,          \* history, with OwnEvent: the operation's own event has passed since it began
          fresh          \* history, with OwnEvent: no attached event since the beginning, or the last detach that succeeded

room    == <<last, status, err, channel, chErr, op, caller, phase, queue, attachedOnce, explicit>>
history == <<seen, fresh>>
vars    == <<room, outs, history>>

\* Constant domains: quantified over these, every edge of TLC's graph has the name of its action.
CallIds == 1..NCalls
Errs    == 0..NErrs

-----------------------------------------------------------------------------
(* Outputs. *)

Settle(c, how, e, s)  == <<"settle", c, how, e, s>>   \* e of failed, s of invalidState
Told(old, new, e)     == <<"status", old, new, e>>
Discontinuity(e)      == <<"discontinuity", e>>
AttachChannel         == <<"attachChannel">>
DetachChannel         == <<"detachChannel">>
GiveBackChannel       == <<"giveBackChannel">>
StartRetryPause       == <<"startRetryPause">>

Done            == <<"done", 0, "-">>
Failed(e)       == <<"failed", e, "-">>
InvalidState(s) == <<"invalidState", 0, s>>

-----------------------------------------------------------------------------
(* Guards and choices that a broken twin takes out (RoomStatusTwins.tla).  *)

IsWaiting(r)         == r.op # "none"                               \* S3
GoesFirst(o)         == o = "release"                               \* S4
ErrSet(r, e)         == e                                           \* S1
Same(r, s, e)        == r.status = s /\ r.err = e                   \* S1
Keeps(r, c)          == 0                                           \* S18: who waits when the caller gave up
LeavesQueue(o)       == o # "release"                               \* S19, S20
MovedOn(r)           == r.channel # "attached"                      \* S21
StatusOfAttach       == "attaching"                                 \* S8
AttachNeedless(r)    == r.status = "attached"                       \* S6
DetachRefused(r)     == r.status \in {"released", "failed"}         \* S11
IsReleased(r)        == r.status = "released"                       \* S14
Follows(r)           == r.op = "none"                               \* S28
Loses(r, resumed)    == ~resumed /\ r.attachedOnce /\ ~r.explicit   \* S29
Deaf(r)              == r.status = "released"                       \* S30
Retries(r, e)        == e # 0 /\ r.channel # "failed"               \* S25
Promised             == ~OwnEvent \/ seen                           \* the port's promise

-----------------------------------------------------------------------------
(* The room as it is, and the parts of steps. *)

Here == [last |-> last, status |-> status, err |-> err, channel |-> channel, chErr |-> chErr, op |-> op, caller |-> caller,
         phase |-> phase, queue |-> queue, attachedOnce |-> attachedOnce, explicit |-> explicit, outs |-> <<>>]

Put(r, o) == [r EXCEPT !.outs = Append(@, o)]

\* S1
Set(r, s, e) ==
    IF Same(r, s, e) THEN r
    ELSE [Put(r, Told(r.status, s, ErrSet(r, e))) EXCEPT !.status = s, !.err = ErrSet(r, e)]

\* S26
GiveBack(r) == [Put(Set(r, "released", 0), GiveBackChannel) EXCEPT !.phase = "inGiveBack"]

\* S24: the detach loop, at its top
DetachLoop(r) ==
    IF r.channel = "failed" THEN GiveBack(r)
    ELSE [Put(r, DetachChannel) EXCEPT !.phase = "inDetach"]

Without(q, i) == SubSeq(q, 1, i - 1) \o SubSeq(q, i + 1, Len(q))

\* S4: the place of the next operation in a queue that is not empty
NextIn(q) ==
    LET first == {i \in 1..Len(q) : GoesFirst(q[i][1])}
    IN  IF first = {} THEN 1 ELSE CHOOSE i \in first : \A j \in first : i <= j

RECURSIVE BeginNext(_)

\* S5
End(r, how) ==
    LET told == IF r.caller = 0 THEN r ELSE Put(r, Settle(r.caller, how[1], how[2], how[3]))
    IN  BeginNext([told EXCEPT !.op = "none", !.caller = 0, !.phase = "idle"])

BeginAttach(r) ==
    IF AttachNeedless(r) THEN End(r, Done)                                     \* S6, CHA-RL1a
    ELSE IF r.status = "released" THEN End(r, InvalidState(r.status))          \* S7, CHA-RL1l
    ELSE [Put(Set(r, StatusOfAttach, 0), AttachChannel) EXCEPT !.phase = "inAttach"] \* S8, S9, CHA-RL1e, CHA-RL1k

BeginDetach(r) ==
    IF r.status = "detached" THEN End(r, Done)                                 \* S10, CHA-RL2a
    ELSE IF DetachRefused(r) THEN End(r, InvalidState(r.status))               \* S11, CHA-RL2l, CHA-RL2m
    ELSE [Put(Set(r, "detaching", 0), DetachChannel) EXCEPT !.phase = "inDetach"] \* S12, S13, CHA-RL2j, CHA-RL2k

BeginRelease(r) ==
    IF IsReleased(r) THEN End(r, Done)                                         \* S14, CHA-RL3a
    ELSE IF r.status \in {"initialized", "detached"} THEN GiveBack(r)          \* S15, CHA-RL3b, CHA-RL3j
    ELSE DetachLoop(Set(r, "releasing", 0))                                    \* S16, S17, CHA-RL3m, CHA-RL3n

\* S4
BeginNext(r) ==
    IF r.queue = <<>> THEN r
    ELSE LET i     == NextIn(r.queue)
             entry == r.queue[i]
             turn  == [r EXCEPT !.queue = Without(r.queue, i), !.op = entry[1], !.caller = entry[2]]
         IN  CASE entry[1] = "attach"  -> BeginAttach(turn)
               [] entry[1] = "detach"  -> BeginDetach(turn)
               [] entry[1] = "release" -> BeginRelease(turn)

\* The room becomes r.
Become(r) ==
    LET s == TLCEval(r)
    IN  /\ last' = s.last /\ status' = s.status /\ err' = s.err /\ channel' = s.channel /\ chErr' = s.chErr
        /\ op' = s.op /\ caller' = s.caller /\ phase' = s.phase /\ queue' = s.queue
        /\ attachedOnce' = s.attachedOnce /\ explicit' = s.explicit /\ outs' = s.outs

-----------------------------------------------------------------------------
(* History: what the port's promise is about. *)

\* An operation has begun on the channel in this step.  A detach of a channel that has nothing to detach needs no event.
Began == \E k \in 1..Len(outs') : outs'[k] \in {AttachChannel, DetachChannel}

SeenAtFirst == op' \in {"detach", "release"} /\ channel' \in {"initialized", "detached"}

Own(o, s) == IF o = "attach" THEN s = "attached" ELSE s = "detached"

SeenAfter == OwnEvent /\ phase' \in {"inAttach", "inDetach"} /\ IF Began THEN SeenAtFirst ELSE seen

NoEvent == seen' = SeenAfter /\ fresh' = fresh

-----------------------------------------------------------------------------
(* Calls: CHA-RL1, CHA-RL2, CHA-RL3 *)

\* S3
Call(o) ==
    /\ last < NCalls
    /\ LET r == [Here EXCEPT !.last = last + 1, !.queue = Append(queue, <<o, last + 1>>)]
       IN  Become(IF IsWaiting(r) THEN r ELSE BeginNext(r))
    /\ NoEvent

Attach  == TRUE /\ Call("attach")
Detach  == TRUE /\ Call("detach")
Release == TRUE /\ Call("release")

Waits(c) == {i \in 1..Len(queue) : queue[i][2] = c}

IsPending(c) == caller = c \/ Waits(c) # {}

GiveUp(c) ==
    /\ IsPending(c)
    /\ LET r == Put(Here, Settle(c, "gaveUp", 0, "-"))
       IN  Become(
             IF caller = c THEN [r EXCEPT !.caller = Keeps(r, c)]                  \* S18
             ELSE LET i == CHOOSE i \in Waits(c) : TRUE
                  IN  IF LeavesQueue(queue[i][1]) THEN [r EXCEPT !.queue = Without(queue, i)] \* S19
                      ELSE [r EXCEPT !.queue[i] = <<queue[i][1], 0>>])             \* S20
    /\ NoEvent

-----------------------------------------------------------------------------
(* The channel's answers *)

\* S23
OperationFailed(r, e) == End(Set(r, r.channel, e), Failed(e))

AttachEnded(e) ==
    /\ phase = "inAttach"
    /\ e = 0 => Promised
    /\ Become(
         IF e # 0 THEN OperationFailed(Here, e)                                \* S23, CHA-RL1k2, CHA-RL1k3
         ELSE LET r == [Set(Here, "attached", 0) EXCEPT !.attachedOnce = TRUE, !.explicit = FALSE]
              IN  End(IF MovedOn(r) THEN Set(r, channel, chErr) ELSE r, Done)) \* S21, CHA-RL1k1
    /\ NoEvent

DetachEnded(e) ==
    /\ phase = "inDetach"
    /\ e = 0 => Promised
    /\ Become(
         IF op = "release"                                                     \* S25, CHA-RL3n2, CHA-RL3n3, CHA-RL3n4
         THEN IF Retries(Here, e) THEN [Put(Here, StartRetryPause) EXCEPT !.phase = "inRetryPause"]
              ELSE GiveBack(Here)
         ELSE IF e # 0 THEN OperationFailed(Here, e)                           \* S23, CHA-RL2k2, CHA-RL2k3
         ELSE LET r == [Set(Here, "detached", 0) EXCEPT !.explicit = TRUE]
              IN  End(IF channel \in {"detached", "initialized"} THEN r ELSE Set(r, channel, chErr), Done)) \* S22, CHA-RL2k1
    /\ seen' = SeenAfter
    /\ fresh' = (OwnEvent /\ (fresh \/ (op = "detach" /\ e = 0)))

RetryDue ==                                                                    \* S25, CHA-RL3n4
    /\ phase = "inRetryPause"
    /\ Become(DetachLoop(Here))
    /\ NoEvent

GiveBackEnded(e) ==                                                            \* S27, CHA-RL3h
    /\ phase = "inGiveBack"
    /\ Become(End(Here, IF e = 0 THEN Done ELSE Failed(e)))
    /\ NoEvent

-----------------------------------------------------------------------------
(* The channel's events: CHA-RL11, CHA-RL12 *)

ChannelEvent(s, update, resumed, e) ==
    /\ LET turned == IF update THEN Here
                     ELSE LET r == [Here EXCEPT !.channel = s, !.chErr = e]
                          IN  IF Follows(r) THEN Set(r, s, e) ELSE r           \* S28, CHA-RL11b, CHA-RL11c
       IN  Become(
             IF Deaf(Here) THEN Here                                           \* S30
             ELSE IF s = "attached" /\ Loses(Here, resumed) THEN Put(turned, Discontinuity(e)) \* S29, CHA-RL12b
             ELSE turned)
    /\ seen' = (OwnEvent /\ (seen \/ (phase \in {"inAttach", "inDetach"} /\ ~update /\ Own(op, s))))
    /\ fresh' = (OwnEvent /\ fresh /\ s # "attached")

Turned(s, e)    == s \in Emitted /\ ChannelEvent(s, FALSE, FALSE, e)
Resumed(e)      == "attached" \in Emitted /\ ChannelEvent("attached", FALSE, TRUE, e)
Updated(r, e)   == "attached" \in Emitted /\ ChannelEvent("attached", TRUE, r, e)

-----------------------------------------------------------------------------
Init ==                                                                        \* S2, CHA-RS3
    /\ last = 0
    /\ status = "initialized" /\ err = 0
    /\ channel = "initialized" /\ chErr = 0
    /\ op = "none" /\ caller = 0 /\ phase = "idle" /\ queue = <<>>
    /\ attachedOnce = FALSE /\ explicit = FALSE
    /\ outs = <<>>
    /\ seen = FALSE /\ fresh = OwnEvent

Calls == Attach \/ Detach \/ Release

Ends ==
    \/ \E e \in Errs : AttachEnded(e)
    \/ \E e \in Errs : DetachEnded(e)
    \/ RetryDue
    \/ \E e \in Errs : GiveBackEnded(e)

Events ==
    \/ \E s \in ChannelStates, e \in Errs : Turned(s, e)
    \/ \E e \in Errs : Resumed(e)
    \/ \E r \in BOOLEAN, e \in Errs : Updated(r, e)

Next ==
    \/ Calls
    \/ \E c \in CallIds : GiveUp(c)
    \/ Ends
    \/ Events

Spec == Init /\ [][Next]_vars
=============================================================================
