-------------------------- MODULE RoomOverChannel --------------------------
(***************************************************************************)
(* A room of RoomStatusSteps.tla over a channel of ChannelSteps.tla.       *)
(*                                                                         *)
(* RoomStatus.tla assumes of its port that an attach or a detach ends with *)
(* success only after an event of its own, that events report each loss of *)
(* continuity and nothing else, and that nothing follows after giving      *)
(* back.  Here the port is the machine of a channel. An operation that the *)
(* room asks for begins on the channel some time later. The channel's      *)
(* state events, its updates and the ends of calls reach the room through  *)
(* one queue, in the order in which the channel outputs them. Server and   *)
(* connection may do anything at any moment.                               *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS NCalls,       \* the number of calls that may be made on the room
          GivenUp,      \* the calls that may be given up
          NErrs,        \* the errors are 1..NErrs; 0 is none
          Connections,  \* the states that the connection may change to
          MaxWire,      \* the number of requests that may be unanswered; one more makes the channel forget the oldest
          MaxEvents     \* the number of events that may wait for the room

VARIABLES room,    \* the room, without outputs; see RoomStatusSteps.tla
          outs,    \* the outputs of the room's last step
          ch,      \* the channel, without outputs; see ChannelSteps.tla
          asked,   \* the operation that the room has asked for and the port has not started; none if there is none
          called,  \* the operation that was called on the channel and whose end has not reached the room; none if there is none
          events,  \* the events that wait for the room
          seen,    \* history: an event of the running operation has reached the room since the room asked for it
          fresh    \* history: no attached event since the beginning, or since the last detach that succeeded

vars == <<room, outs, ch, asked, called, events, seen, fresh>>

R == INSTANCE RoomStatusSteps
C == INSTANCE ChannelSteps

Errs    == 0..NErrs
CallIds == 1..NCalls

-----------------------------------------------------------------------------
(* Choices that broken twins replace (twins/RoomOverChannelTwins.tla). *)

InOrder(list)        == list                            \* the order in which events reach the room
ToldUpdate(resumed)  == FALSE                           \* whether an update reports that continuity was kept: it never does
IsSilent             == ch.givenBack                    \* whether nothing reaches the room
EndsWell(outcome)    == outcome = "done"                \* whether an operation ended with success

-----------------------------------------------------------------------------
(* The room *)

AskedIn(list) == SelectSeq(list, LAMBDA o : o[1] \in {"attachChannel", "detachChannel", "giveBackChannel"})

RoomBecomes(r) ==
    LET s   == TLCEval(r)
        ask == TLCEval(AskedIn(s.outs))
    IN  /\ room' = [s EXCEPT !.outs = <<>>] /\ outs' = s.outs
        /\ asked' = IF ask = <<>> THEN asked ELSE ask[1][1]

\* If the step begins an operation, no event of it has occurred yet.  A detach of a channel that is
\* initialized or detached needs no event.
Asks      == AskedIn(outs') # <<>>
SeenFirst == room'.phase = "inDetach" /\ room'.channel \in {"initialized", "detached"}
SeenAfter(s) == IF Asks THEN SeenFirst ELSE s /\ room'.phase \in {"inAttach", "inDetach"}

RoomAlone(r) == RoomBecomes(r) /\ seen' = SeenAfter(seen) /\ UNCHANGED <<ch, called, events, fresh>>

Attach    == room.last < NCalls /\ RoomAlone(R!AfterCall(room, "attach"))
Detach    == room.last < NCalls /\ RoomAlone(R!AfterCall(room, "detach"))
Release   == room.last < NCalls /\ RoomAlone(R!AfterCall(room, "release"))
GiveUp(c) == c \in GivenUp /\ R!HasPending(room, c) /\ RoomAlone(R!AfterGiveUp(room, c))
PauseOver == room.phase = "inRetryPause" /\ RoomAlone(R!AfterRetryDue(room))

-----------------------------------------------------------------------------
(* The channel *)

Heard(o) == o[1] \in {"state", "update", "settle"}

Bounded(c) == IF Len(c.wire) > MaxWire THEN [c EXCEPT !.wire = SubSeq(c.wire, Len(c.wire) - MaxWire + 1, Len(c.wire))] ELSE c

\* At most one call is pending, and each has the number 1.
ChannelBecomes(c) ==
    LET s == TLCEval(Bounded(c))
    IN  /\ ch' = [s EXCEPT !.outs = <<>>, !.last = 0]
        /\ events' = events \o (IF IsSilent THEN <<>> ELSE InOrder(SelectSeq(s.outs, Heard)))
        /\ Len(events') <= MaxEvents

ChannelAlone(c) == ChannelBecomes(c) /\ UNCHANGED <<room, outs, asked, called, seen, fresh>>

Attached(resumed)          == C!IsConnected(ch) /\ ChannelAlone(C!AfterAttached(ch, resumed, 0, 0))
Detached(e)                == C!IsConnected(ch) /\ ChannelAlone(C!AfterDetached(ch, e))
Error                      == C!IsConnected(ch) /\ ChannelAlone(C!AfterError(ch, NErrs))
RequestTimeout             == ch.awaited /\ ChannelAlone(C!AfterRequestTimeout(ch, NErrs))
RetryTimeout               == C!RetryRuns(ch) /\ ChannelAlone(C!AfterRetryTimeout(ch))
Connection(s, resumed)     == s \in Connections /\ ChannelAlone(C!AfterConnection(ch, s, resumed, IF s = "connected" THEN 0 ELSE NErrs))

ChannelMoves ==
    \/ \E resumed \in BOOLEAN : Attached(resumed)
    \/ \E e \in Errs : Detached(e)
    \/ Error \/ RequestTimeout \/ RetryTimeout
    \/ \E s \in C!ConnectionStates, resumed \in BOOLEAN : (resumed => s = "connected") /\ Connection(s, resumed)

-----------------------------------------------------------------------------
(* The port *)

PortCalls ==
    /\ asked \in {"attachChannel", "detachChannel"}
    /\ ChannelBecomes(IF asked = "attachChannel" THEN C!AfterAttach(ch) ELSE C!AfterDetach(ch))
    /\ asked' = "none" /\ called' = asked
    /\ UNCHANGED <<room, outs, seen, fresh>>

PortGivesBack ==
    /\ asked = "giveBackChannel"
    /\ ChannelBecomes(C!AfterGiveBack(ch))
    /\ asked' = "gaveBack"
    /\ UNCHANGED <<room, outs, called, seen, fresh>>

GiveBackOver ==
    /\ asked = "gaveBack" /\ events = <<>>
    /\ LET s == TLCEval(R!AfterGiveBackEnded(room, 0)) IN room' = [s EXCEPT !.outs = <<>>] /\ outs' = s.outs
    /\ asked' = "none"
    /\ UNCHANGED <<ch, called, events, seen, fresh>>

Ended(outcome) == IF EndsWell(outcome) THEN 0 ELSE NErrs

\* The room receives the first event of the queue.
RoomHears ==
    /\ events # <<>>
    /\ LET o == Head(events)
       IN  CASE o[1] = "state" ->
                  /\ RoomBecomes(R!AfterEvent(room, o[3], FALSE, o[4], o[5]))
                  /\ called' = called
                  /\ seen' = SeenAfter(seen \/ o[3] \in IF room.phase = "inAttach" THEN {"attached"} ELSE {"detached", "initialized"})
                  /\ fresh' = (fresh /\ o[3] # "attached")
             [] o[1] = "update" ->
                  /\ RoomBecomes(R!AfterEvent(room, "attached", TRUE, ToldUpdate(FALSE), o[2]))
                  /\ called' = called /\ seen' = SeenAfter(seen) /\ fresh' = FALSE
             [] o[1] = "settle" ->
                  /\ RoomBecomes(IF called = "attachChannel" THEN R!AfterAttachEnded(room, Ended(o[3]))
                                 ELSE R!AfterDetachEnded(room, Ended(o[3])))
                  /\ called' = "none" /\ seen' = SeenAfter(FALSE)
                  /\ fresh' = (fresh \/ (room.op = "detach" /\ called = "detachChannel" /\ o[3] = "done"))
    /\ events' = Tail(events) /\ ch' = ch

-----------------------------------------------------------------------------
Init ==
    /\ room = R!NewRoom /\ outs = <<>> /\ ch = C!NewChannel
    /\ asked = "none" /\ called = "none" /\ events = <<>>
    /\ seen = FALSE /\ fresh = TRUE

Users == Attach \/ Detach \/ Release \/ \E c \in CallIds : GiveUp(c)

Next == Users \/ PauseOver \/ ChannelMoves \/ PortCalls \/ PortGivesBack \/ GiveBackOver \/ RoomHears

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Fairness: as in Channel.tla; in addition, the port does what it is      *)
(* asked for and passes events on.  It is not assumed that attaches,       *)
(* detaches and giving back end.                                           *)

Outstanding == C!AttachIsOut(ch) \/ C!DetachIsOut(ch)

PortActs    == []<>(asked = "none") \/ []<><<PortCalls \/ PortGivesBack \/ GiveBackOver>>_vars
EventsCome  == []<>(events = <<>>) \/ []<><<RoomHears>>_vars
RequestsEnd == \/ []<>(ch.state \notin {"attaching", "detaching"}) \/ <>[]~C!IsConnected(ch)
               \/ []<><<Outstanding /\ RequestTimeout>>_vars
LinksMove   == []<>(ch.connection \notin {"waiting", "closing"})

FairSpec == Spec /\ PortActs /\ EventsCome /\ RequestsEnd /\ LinksMove

-----------------------------------------------------------------------------
(* The assumptions of RoomStatus.tla *)

\* Each step of the room is a step of RoomStatus.tla in which the port keeps its promise: operations
\* end only while the room waits for their end, and end with success only after an event of their
\* own.
Port == INSTANCE RoomStatus WITH last <- room.last, status <- room.status, err <- room.err, channel <- room.channel, chErr <- room.chErr,
          op <- room.op, caller <- room.caller, phase <- room.phase, queue <- room.queue, attachedOnce <- room.attachedOnce,
          explicit <- room.explicit, outs <- outs, seen <- seen, fresh <- fresh, OwnEvent <- TRUE,
          Emitted <- {"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed"}

RoomRefined == [][Port!Next]_<<room, outs>>

\* An operation ends with success only after its own event.                                          CHA-RL1k1, CHA-RL2k1
OwnEventFirst == (events # <<>> /\ Head(events)[1] = "settle" /\ Head(events)[3] = "done") => seen

Told(kind) == {k \in 1..Len(outs') : outs'[k][1] = kind}

\* A room is reported attached only if its channel was: the property of RoomStatus.tla.
\* CHA-RL1k1
AttachedOnlyIf == [][(\E k \in Told("status") : outs'[k][3] = "attached" /\ outs' # outs) => (room'.channel = "attached" \/ seen)]_<<room, outs>>

\* The first attached event of a room's life, or since its last detach, causes no discontinuity.
\* CHA-RL12b
OwnEventSilent == [][(fresh /\ outs' # outs) => Told("discontinuity") = {}]_<<room, outs>>

\* An event that reports a loss of continuity to the room.
IsLoss(o) == (o[1] = "state" /\ o[3] = "attached" /\ ~o[4]) \/ o[1] = "update"
Losses(list) == Cardinality({k \in 1..Len(list) : IsLoss(list[k])})

\* The channel takes an ATTACHED without RESUMED: the channel was attached, or becomes attached by
\* it, so it is no frame of an earlier life.
Takes == Attached(FALSE) /\ (ch'.state = "attached" \/ ch.state = "attached"
                                  \/ \E k \in 1..Len(events') : k > Len(events) /\ events'[k][1] = "state" /\ events'[k][3] = "attached")
\* The channel is attached again after a detach that was not answered.  It has dropped the messages
\* that arrived meanwhile (RTL17).
GoesBack == ch.state = "detaching" /\ RequestTimeout /\ ch'.state = "attached"

\* A loss is reported to the room, once, if and only if the channel takes an ATTACHED without
\* RESUMED, or a detach was not answered.
LossToldIff == [][
    events' # events /\ Len(events') >= Len(events) =>
      Losses(events') - Losses(events) = IF ~ch.givenBack /\ (Takes \/ GoesBack) THEN 1 ELSE 0]_<<ch, events>>

\* The room reports the loss, once, if and only if an attach of the room has succeeded, no detach
\* has succeeded since, and the room is not released. CHA-RL12b
DiscontinuityIff == [][
    RoomHears => Cardinality(Told("discontinuity")) =
                 IF IsLoss(Head(events)) /\ room.attachedOnce /\ ~room.explicit /\ room.status # "released" THEN 1 ELSE 0]_<<room, outs, events>>

\* Nothing reaches the room after its channel was given back.
\* CHA-RL3h
NothingAfterGiveBack == [][ch.givenBack => Len(events') <= Len(events)]_events

\* Operations that the room asks for end: the fairness of RoomStatus.tla.
AttachesEnd  == Port!AttachesEnd
DetachesEnd  == Port!DetachesEnd
GiveBacksEnd == Port!GiveBacksEnd
=============================================================================
