---------------------------- MODULE RoomStatus ----------------------------
(***************************************************************************)
(* The machine of one room: attach, detach and release, one at a time, and *)
(* the status, which follows the channel. RoomStatusSteps.tla contains the *)
(* effects of each input; this module says when each input may occur, and  *)
(* states the properties.                                                  *)
(*                                                                         *)
(* The channel, and the connection below it, are an adversary: any event   *)
(* may occur at any moment, and an operation of the channel may end in any *)
(* way, or never. Some properties need more. For these, OwnEvent makes the *)
(* adversary keep the one promise of the port: an attach or a detach ends  *)
(* with success only after an event of its own since it began. For an      *)
(* attach this is attached. For a detach it is detached, or initialized,   *)
(* which a channel becomes when its connection ended and begins again      *)
(* (RTN11d). Nothing more is assumed of events, not even that they follow  *)
(* RTL2.                                                                   *)
(***************************************************************************)
EXTENDS RoomStatusSteps

CONSTANTS NCalls,    \* the number of calls that may be made
          NErrs,     \* the errors are 1..NErrs; 0 is none
          Emitted,   \* the states that the channel's events may report
          OwnEvent   \* whether the channel keeps the port's promise

ASSUME /\ NCalls \in Nat /\ NCalls > 0 /\ NErrs \in Nat
       /\ Emitted \subseteq ChannelStates /\ OwnEvent \in BOOLEAN

VARIABLES last, status, err, channel, chErr, op, caller, phase, queue, attachedOnce, explicit, \* the room; see RoomStatusSteps.tla
          outs,   \* the outputs of the last step
          seen,   \* history, with OwnEvent: the running operation's own event has occurred since it began
          fresh   \* history, with OwnEvent: no attached event since the beginning, or since the last detach that succeeded

room    == <<last, status, err, channel, chErr, op, caller, phase, queue, attachedOnce, explicit>>
history == <<seen, fresh>>
vars    == <<room, outs, history>>

\* Constant domains: quantified over these, every edge of TLC's graph has the name of its action.
CallIds == 1..NCalls
Errs    == 0..NErrs

\* The present room as a record, without outputs.
Here == [last |-> last, status |-> status, err |-> err, channel |-> channel, chErr |-> chErr, op |-> op, caller |-> caller,
         phase |-> phase, queue |-> queue, attachedOnce |-> attachedOnce, explicit |-> explicit, outs |-> <<>>]

\* The room becomes r.
Become(r) ==
    LET s == TLCEval(r)
    IN  /\ last' = s.last /\ status' = s.status /\ err' = s.err /\ channel' = s.channel /\ chErr' = s.chErr
        /\ op' = s.op /\ caller' = s.caller /\ phase' = s.phase /\ queue' = s.queue
        /\ attachedOnce' = s.attachedOnce /\ explicit' = s.explicit /\ outs' = s.outs

-----------------------------------------------------------------------------
(* History, and the promise of the port. *)

\* An attach or a detach of the channel runs.
OnChannel == phase \in {"inAttach", "inDetach"}

\* The own events of the running operation: each reports that it was carried out.
OwnEvents == IF phase = "inAttach" THEN {"attached"} ELSE {"detached", "initialized"}

\* An attach or a detach of the channel began in this step.  A detach of a channel that is
\* initialized or detached needs no event.
Began        == AttachChannel \in {outs'[k] : k \in 1..Len(outs')} \/ DetachChannel \in {outs'[k] : k \in 1..Len(outs')}
SeenAtFirst  == phase' = "inDetach" /\ channel' \in {"initialized", "detached"}
SeenAfter    == OwnEvent /\ OnChannel' /\ IF Began THEN SeenAtFirst ELSE seen
NoEvent      == seen' = SeenAfter /\ fresh' = fresh
MaySucceed   == IF OwnEvent THEN seen ELSE TRUE

-----------------------------------------------------------------------------
(* The inputs *)

Call(o) == last < NCalls /\ Become(AfterCall(Here, o)) /\ NoEvent

Attach  == TRUE /\ Call("attach")       \* TRUE makes these the names of the edges
Detach  == TRUE /\ Call("detach")
Release == TRUE /\ Call("release")

GiveUp(c) == HasPending(Here, c) /\ Become(AfterGiveUp(Here, c)) /\ NoEvent

AttachEnded(e) ==
    /\ phase = "inAttach" /\ IF e = 0 THEN MaySucceed ELSE TRUE
    /\ Become(AfterAttachEnded(Here, e))
    /\ NoEvent

DetachEnded(e) ==
    /\ phase = "inDetach" /\ IF e = 0 THEN MaySucceed ELSE TRUE
    /\ Become(AfterDetachEnded(Here, e))
    /\ seen' = SeenAfter
    /\ fresh' = (OwnEvent /\ (fresh \/ (op = "detach" /\ e = 0)))

RetryDue         == phase = "inRetryPause" /\ Become(AfterRetryDue(Here)) /\ NoEvent
GiveBackEnded(e) == phase = "inGiveBack" /\ Become(AfterGiveBackEnded(Here, e)) /\ NoEvent

ChannelEvent(s, update, resumed, e) ==
    /\ s \in Emitted
    /\ Become(AfterEvent(Here, s, update, resumed, e))
    /\ seen' = (OwnEvent /\ (seen \/ (OnChannel /\ ~update /\ s \in OwnEvents)))
    /\ fresh' = (OwnEvent /\ fresh /\ s # "attached")

\* Only an attached channel is resumed or has updates.
Turned(s, e)  == TRUE /\ ChannelEvent(s, FALSE, FALSE, e)
Resumed(e)    == TRUE /\ ChannelEvent("attached", FALSE, TRUE, e)
Updated(r, e) == TRUE /\ ChannelEvent("attached", TRUE, r, e)

-----------------------------------------------------------------------------
Init ==
    /\ last = NewRoom.last /\ status = NewRoom.status /\ err = NewRoom.err
    /\ channel = NewRoom.channel /\ chErr = NewRoom.chErr
    /\ op = NewRoom.op /\ caller = NewRoom.caller /\ phase = NewRoom.phase /\ queue = NewRoom.queue
    /\ attachedOnce = NewRoom.attachedOnce /\ explicit = NewRoom.explicit /\ outs = NewRoom.outs
    /\ seen = FALSE /\ fresh = OwnEvent

EndsOfOperations ==
    \/ \E e \in Errs : AttachEnded(e)
    \/ \E e \in Errs : DetachEnded(e)
    \/ RetryDue
    \/ \E e \in Errs : GiveBackEnded(e)

Events ==
    \/ \E s \in ChannelStates, e \in Errs : Turned(s, e)
    \/ \E e \in Errs : Resumed(e)
    \/ \E r \in BOOLEAN, e \in Errs : Updated(r, e)

Next ==
    \/ Attach \/ Detach \/ Release
    \/ \E c \in CallIds : GiveUp(c)
    \/ EndsOfOperations
    \/ Events

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Fairness.  It requires nothing of callers, nor of the channel's events. *)
(* Each condition is written out, since TLC is slow with ENABLED: WF as    *)
(* []<>~ENABLED \/ []<>A, and SF as <>[]~ENABLED \/ []<>A.  The end of a   *)
(* phase is enabled in every state of the phase, and a step that leaves    *)
(* the phase, or enters it again, is that end (OneOperation).              *)

Anew == Began \/ phase' # phase

\* The operation of the port ends, with success or not: it has a timeout.
AttachesEnd  == []<>(phase # "inAttach") \/ []<><<phase = "inAttach" /\ Anew>>_vars
DetachesEnd  == []<>(phase # "inDetach") \/ []<><<phase = "inDetach" /\ Anew>>_vars
GiveBacksEnd == []<>(phase # "inGiveBack") \/ []<><<phase = "inGiveBack" /\ Anew>>_vars
\* The timer fires.
PausesEnd    == []<>(phase # "inRetryPause") \/ []<><<phase = "inRetryPause" /\ Anew>>_vars
\* A release tries to detach again and again, so it must succeed in the end, or find its channel
\* failed: if the network never comes back, the connection ends, and nothing is attached on a
\* connection that ended.  This is strong fairness, since the release can't succeed in the pause
\* between two tries.
RetriesEnd   == <>[](op # "release" \/ phase # "inDetach") \/ []<><<op = "release" /\ phase = "inDetach" /\ phase' = "inGiveBack">>_vars

FairSpec == Spec /\ AttachesEnd /\ DetachesEnd /\ GiveBacksEnd /\ PausesEnd /\ RetriesEnd

-----------------------------------------------------------------------------
(* Safety: states *)

InQueue == {queue[i] : i \in 1..Len(queue)}

RoomTypeOK ==
    /\ last \in 0..NCalls /\ status \in Statuses /\ err \in Errs /\ channel \in ChannelStates /\ chErr \in Errs
    /\ caller \in 0..last /\ attachedOnce \in BOOLEAN /\ explicit \in BOOLEAN
    /\ <<op, phase>> \in {<<"none", "idle">>, <<"attach", "inAttach">>, <<"detach", "inDetach">>, <<"release", "inDetach">>,
                          <<"release", "inRetryPause">>, <<"release", "inGiveBack">>}
    /\ op = "none" => caller = 0 /\ queue = <<>>
    /\ \A entry \in InQueue :
         entry[1] \in Operations /\ entry[2] \in (IF entry[1] = "release" THEN 0 ELSE 1)..last

StatusRight == op = "none" =>                                                  \* CHA-RL11c
    status = "released" \/ status = channel \/ (status = "detached" /\ channel = "initialized")

StatusOfOperation == op # "none" =>                                            \* CHA-RL1e, CHA-RL2j, CHA-RL3m, CHA-RL3o
    /\ err = 0
    /\ status = CASE op = "attach" -> "attaching"
                  [] op = "detach" -> "detaching"
                  [] OTHER         -> IF phase = "inGiveBack" THEN "released" ELSE "releasing"

-----------------------------------------------------------------------------
(* Safety: steps.  These properties state what a step may do and output,   *)
(* without the operators that twins replace.                               *)

Outs(kind) == {k \in 1..Len(outs') : outs'[k][1] = kind}
PutOut(kind)  == Outs(kind) # {}

Asks == Outs("attachChannel") \cup Outs("detachChannel") \cup Outs("giveBackChannel") \cup Outs("startRetryPause")

PhaseOf(kind) == CASE kind = "attachChannel"   -> "inAttach"
                   [] kind = "detachChannel"   -> "inDetach"
                   [] kind = "giveBackChannel" -> "inGiveBack"
                   [] kind = "startRetryPause" -> "inRetryPause"

OneOperation == [][                                                            \* CHA-RL7
    /\ \A k \in Asks : Asks = {k} /\ phase' = PhaseOf(outs'[k][1]) /\ (phase = "idle" \/ EndsOfOperations)
    /\ (Asks = {} /\ phase' # phase) => (phase' = "idle" /\ EndsOfOperations)]_vars

Waiting(c) == \E entry \in InQueue : entry[2] = c

\* The outputs of the step that settle c, other than by its own GiveUp.
Answered(c) == {k \in Outs("settle") : outs'[k][2] = c /\ outs'[k][3] # "gaveUp"}

\* The operation of a call that waited begins in this step.
Served(c) == Answered(c) # {} \/ (caller' = c /\ caller # c)

InTurn(a, b) == Served(b) =>
    /\ Answered(a) # {}
    /\ \A j \in Answered(b) : \E i \in Answered(a) : i < j

ReleaseFirst == [][                                                            \* CHA-RL7a2
    \A i \in 1..Len(queue) : queue[i][1] = "release" =>
      \A j \in 1..Len(queue) : (queue[j][1] # "release" /\ Served(queue[j][2])) =>
        status = "released" /\ (queue[i][2] # 0 => InTurn(queue[i][2], queue[j][2]))]_vars

FirstComeFirstServed == [][                                                    \* CHA-RL7a3
    \A i \in 1..Len(queue) : \A j \in (i + 1)..Len(queue) :
      (queue[i][1] # "release" /\ queue[j][1] # "release") => queue[i][2] < queue[j][2] /\ InTurn(queue[i][2], queue[j][2])]_vars

NoStaleError == [][                                                            \* CHA-RS2b2
    (status' # status /\ err' # 0) =>
      \/ status' = channel' /\ err' = chErr'
      \/ \E e \in Errs : err' = e /\ (AttachEnded(e) \/ DetachEnded(e))]_vars

ReleasedIsFinal == [][                                                         \* CHA-RS1i
    status = "released" =>
      /\ status' = "released" /\ err' = 0
      /\ Asks = {} /\ ~PutOut("status") /\ ~PutOut("discontinuity")]_vars

GivenBackOnce == [][                                                           \* CHA-RL3h
    IF status # "released" /\ status' = "released" THEN Cardinality(Outs("giveBackChannel")) = 1
    ELSE ~PutOut("giveBackChannel")]_vars

\* The meaning of attachedOnce and explicit.
FlagsRight ==
    /\ attachedOnce' = (attachedOnce \/ AttachEnded(0))
    /\ explicit' = IF AttachEnded(0) THEN FALSE ELSE IF op = "detach" /\ DetachEnded(0) THEN TRUE ELSE explicit

DiscontinuityIff == [][                                                        \* CHA-RL12b
    /\ FlagsRight
    /\ PutOut("discontinuity") =>
         \E e \in Errs : Turned("attached", e) \/ Updated(FALSE, e)
    /\ \A e \in Errs : (Turned("attached", e) \/ Updated(FALSE, e)) =>
         IF attachedOnce /\ ~explicit /\ status # "released"
         THEN {outs'[k] : k \in Outs("discontinuity")} = {LossTold(e)} /\ Cardinality(Outs("discontinuity")) = 1
         ELSE ~PutOut("discontinuity")]_vars

\* The status and error reported last before the k-th output of the step, or else those before the
\* step.
Before(k) ==
    LET told == {j \in Outs("status") : j < k}
    IN  IF told = {} THEN <<status, err>>
        ELSE LET j == CHOOSE j \in told : \A i \in told : i <= j IN <<outs'[j][3], outs'[j][4]>>

ToldInOrder == [][                                                             \* CHA-RS4
    /\ \A k \in Outs("status") : outs'[k][2] = Before(k)[1] /\ <<outs'[k][3], outs'[k][4]>> # Before(k)
    /\ <<status', err'>> = Before(Len(outs') + 1)]_vars

\* A call that was made waits in one place, or is settled once, in the step in which it stops
\* waiting.
SettledOnce == [][                                                             \* CHA-RL7
    \A c \in CallIds :
      LET was     == caller = c \/ Waiting(c) \/ (c = last' /\ last' # last)
          is      == (IF caller' = c THEN 1 ELSE 0) + Cardinality({i \in 1..Len(queue') : queue'[i][2] = c})
          settled == Cardinality({k \in Outs("settle") : outs'[k][2] = c})
      IN  is + settled = IF was THEN 1 ELSE 0]_vars

\* The operation that a call is for.  For a call that begins in this step, the step shows it.
Asked(c) ==
    IF c = caller THEN op
    ELSE IF Waiting(c) THEN (CHOOSE entry \in InQueue : entry[2] = c)[1]
    ELSE IF Attach THEN "attach" ELSE IF Detach THEN "detach" ELSE "release"

Goal(o) == CASE o = "attach" -> "attached" [] o = "detach" -> "detached" [] o = "release" -> "released"

\* The statuses that the room had in this step before the k-th output.
Had(k) == {status} \cup {outs'[j][3] : j \in {j \in Outs("status") : j < k}}

OutcomeTrue == [][                                                             \* CHA-RL1l, CHA-RL2l, CHA-RL2m, CHA-RL1k3, CHA-RL2k3
    \A k \in Outs("settle") :
      LET c == outs'[k][2]
          o == Asked(c)
      IN  CASE outs'[k][3] = "done"         -> Goal(o) \in Had(k)
            [] outs'[k][3] = "failed"       -> /\ c = caller /\ outs'[k][4] # 0
                                               /\ \E e \in Errs : e = outs'[k][4] /\ (AttachEnded(e) \/ DetachEnded(e) \/ GiveBackEnded(e))
            [] outs'[k][3] = "invalidState" -> /\ outs'[k][5] \in IF o = "attach" THEN {"released"} ELSE IF o = "detach" THEN {"released", "failed"} ELSE {}
                                               /\ outs'[k][5] = Before(k)[1]
            [] outs'[k][3] = "gaveUp"       -> GiveUp(c)]_vars

(* With the port's promise *)

AttachedOnlyIf == [][                                                          \* CHA-RL1k1
    (\E k \in Outs("status") : outs'[k][3] = "attached") => (channel' = "attached" \/ seen)]_vars

OwnEventSilent == [][fresh => ~PutOut("discontinuity")]_vars                   \* CHA-RL12b

-----------------------------------------------------------------------------
(* Liveness *)

CallsSettle == \A c \in CallIds : HasPending(Here, c) ~> ~HasPending(Here, c)  \* CHA-RL7

ReleasesEnd ==                                                                 \* CHA-RL3
    (op = "release" \/ \E entry \in InQueue : entry[1] = "release") ~> (status = "released" /\ op = "none")
=============================================================================
