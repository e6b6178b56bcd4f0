--------------------------- MODULE ChannelSteps ---------------------------
(***************************************************************************)
(* The effects and outputs of each input of a realtime channel, as         *)
(* functions from the channel before the step to the channel after it,     *)
(* with the outputs of the step in order. This module is written from the  *)
(* rules C1 to C49 of docs/channel.md, which names the points of Ably's    *)
(* specification (RTL..., RTN...) that each rule comes from. Channel.tla   *)
(* makes a machine of one channel from these functions;                    *)
(* RoomOverChannel.tla puts a room over such a channel.                    *)
(*                                                                         *)
(* A channel is a record with the fields of the table in docs/channel.md,  *)
(* and the field outs: the outputs of the step.                            *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

ChannelStates    == {"initialized", "attaching", "attached", "detaching", "detached", "suspended", "failed"}
Links            == {"waiting", "connected", "suspended", "closing", "ended"}
ConnectionStates == {"initialized", "connecting", "connected", "disconnected", "suspended", "closing", "closed", "failed"}
Outcomes         == {"done", "failed", "invalidState", "invalidConnection", "superseded", "givenBack"}

NewChannel ==                                                                  \* C2
    [last |-> 0, state |-> "initialized", reason |-> 0, connection |-> "waiting", wire |-> <<>>, awaited |-> FALSE,
     held |-> FALSE, doubt |-> FALSE, leftover |-> FALSE, attachers |-> <<>>, detachers |-> <<>>, back |-> "initialized",
     retries |-> 0, channelSerial |-> 0, attachSerial |-> 0, resume |-> FALSE, givenBack |-> FALSE, outs |-> <<>>]

-----------------------------------------------------------------------------
(* Outputs *)

Settle(c, how, e)         == <<"settle", c, how, e>>
SendAttach(serial, again) == <<"sendAttach", serial, again>>
SendDetach                == <<"sendDetach">>
SendSync                  == <<"sendSync">>
StartRequestTimer         == <<"startRequestTimer">>
StopRequestTimer          == <<"stopRequestTimer">>
StartRetryTimer(n)        == <<"startRetryTimer", n>>
StopRetryTimer            == <<"stopRetryTimer">>
StateTold(old, s, res, e) == <<"state", old, s, res, e>>
UpdateTold(e)             == <<"update", e>>
ApplyFrame(resumed)       == <<"apply", resumed>>
Deliver                   == <<"deliver">>

-----------------------------------------------------------------------------
(* Terms of docs/channel.md *)

Last(q)         == q[Len(q)]
On(r, request)  == \E i \in 1..Len(r.wire) : r.wire[i] = request
Awaits(r, q)    == r.awaited /\ Last(r.wire) = q
AttachIsOut(r)  == r.state = "attaching" /\ Awaits(r, "attach")
DetachIsOut(r)  == r.state = "detaching" /\ Awaits(r, "detach")
IsConnected(r)  == r.connection = "connected"
RetryRuns(r)    == r.state = "suspended" /\ IsConnected(r)

-----------------------------------------------------------------------------
(* Guards and choices that broken twins replace (twins/ChannelTwins.tla). *)

BehindFence(r)      == r.state \in {"initialized", "attaching", "detached", "failed"} /\ Awaits(r, "detach")
IsState(r, s)       == r.state = s                                             \* C1
ClearsSerials(s)    == s \in {"detached", "failed", "initialized"}             \* C1, RTL15b2
ClearsReason(s)     == s = "attached"                                          \* C1, RTL24
ResetsRetries(s)    == s \notin {"attaching", "suspended"}                     \* C1, RTB1
AfterRetry(n)       == IF n = 4 THEN 4 ELSE n + 1                              \* C6
StopsTimer(was, is) == was.awaited /\ ~is.awaited                              \* C4
WaitsForAttach(r)   == AttachIsOut(r)                                          \* C16, C18
MayNotAttach(r)     == r.connection \in {"suspended", "closing", "ended"}      \* C9
FailsAlready(r)     == r.state = "failed"                                      \* C14
Fences(r, was)      == was.state = "attached" \/ was.doubt \/ (r.wire # <<>> /\ Last(r.wire) = "attach") \* C22
IsOwn(r, kind)      == kind = "attach" /\ ~On(r, "detach")                     \* C24
IsUpdate(resumed)   == ~resumed                                                \* C29
Delivers(r)         == r.state = "attached"                                    \* C39
IgnoresError(r, was) == BehindFence(was) \/ r.givenBack \/ r.state = "failed"  \* C37
DetachLeft(r)       == r.leftover                                              \* C45

-----------------------------------------------------------------------------
(* Parts of steps.  TLCEval makes TLC evaluate a value at once. Without    *)
(* it, TLC may evaluate the value later, and some versions of TLC then use *)
(* old values of the variables in it.                                      *)

Put(r, o) == [r EXCEPT !.outs = Append(r.outs, o)]

\* C1
SetResumed(r, s, resumed, e) ==
    IF IsState(r, s) THEN r
    ELSE TLCEval([Put(r, StateTold(r.state, s, resumed, e)) EXCEPT
           !.state = s,
           !.reason = IF ClearsReason(s) THEN 0 ELSE IF e # 0 THEN e ELSE r.reason,
           !.channelSerial = IF ClearsSerials(s) THEN 0 ELSE r.channelSerial,
           !.attachSerial = IF ClearsSerials(s) THEN 0 ELSE r.attachSerial,
           !.resume = IF ClearsSerials(s) THEN FALSE ELSE r.resume,
           !.retries = IF ResetsRetries(s) THEN 0 ELSE r.retries,
           !.back = IF s = "detaching" THEN r.back ELSE "initialized"])

SetState(r, s, e) == SetResumed(r, s, FALSE, e)

SettleAll(r, calls, how, e) == [r EXCEPT !.outs = r.outs \o TLCEval([i \in 1..Len(calls) |-> Settle(calls[i], how, e)])]

\* All attachers, or detachers, are settled, and none waits afterwards.
EndAttachers(r, how, e) == [SettleAll(r, r.attachers, how, e) EXCEPT !.attachers = <<>>]
EndDetachers(r, how, e) == [SettleAll(r, r.detachers, how, e) EXCEPT !.detachers = <<>>]
SettleOne(r, c, how)    == Put(r, Settle(c, how, 0))

Frame(r, request) == IF request = "attach" THEN SendAttach(r.channelSerial, r.resume) ELSE SendDetach

OnWire(r, request) ==
    [r EXCEPT !.wire = Append(r.wire, request), !.awaited = TRUE, !.doubt = r.doubt /\ request = "attach"]

\* C3
Send(r, request) == TLCEval(Put(OnWire(Put(r, Frame(r, request)), request), StartRequestTimer))

\* C4: the outputs about timers at the end of a step. The step leads from the channel `was` to r.
Timers(was, r, fired) ==
    LET stopped == IF StopsTimer(was, r) /\ fired # "request" THEN Put(r, StopRequestTimer) ELSE r
    IN  TLCEval(IF RetryRuns(r) /\ ~RetryRuns(was) THEN Put(stopped, StartRetryTimer(r.retries))
                ELSE IF RetryRuns(was) /\ ~RetryRuns(r) /\ fired # "retry" THEN Put(stopped, StopRetryTimer)
                ELSE stopped)

\* C5
SendTheAttach(r) == IF IsConnected(r) /\ ~Awaits(r, "detach") THEN Send(r, "attach") ELSE r
AttachNow(r, e)  == SendTheAttach(SetState(r, "attaching", e))

NotAwaited(r) == [r EXCEPT !.awaited = FALSE]

\* C6
Suspend(r, e) ==
    LET told == TLCEval(EndAttachers(SetState([r EXCEPT !.retries = AfterRetry(r.retries)], "suspended", e), "failed", e))
    IN  IF told.detachers = <<>> THEN told ELSE EndDetachers(SetState(told, "detached", 0), "done", 0)

\* C7
DetachNow(r) ==
    LET told == TLCEval(EndAttachers([SetState(r, "detaching", 0) EXCEPT !.back = r.state], "superseded", 0))
    IN  IF told.awaited THEN told ELSE Send(told, "detach")

-----------------------------------------------------------------------------
(* Calls.  Called returns the channel with the call counted. *)

Called(r) == [r EXCEPT !.last = r.last + 1]

AttachCalled(r, c) ==
    IF r.state = "attached" THEN SettleOne(r, c, "done")                       \* C8, RTL4a
    ELSE IF MayNotAttach(r) THEN SettleOne(r, c, "invalidConnection")          \* C9, RTL4b
    ELSE LET joined == [r EXCEPT !.attachers = Append(r.attachers, c)]
         IN  CASE r.state = "attaching" -> EndDetachers(joined, "superseded", 0) \* C10, RTL4h
               [] r.state = "detaching" -> joined                              \* C11, RTL4h
               [] OTHER -> AttachNow(IF r.state = "failed" THEN [joined EXCEPT !.reason = 0] ELSE joined, 0) \* C12, RTL4c, RTL4g, RTL4i

\* C15, C16
DetachedHere(r, c) ==
    SettleOne(EndAttachers(SetState([r EXCEPT !.leftover = r.leftover \/ (~IsConnected(r) /\ r.held)], "detached", 0), "superseded", 0),
              c, "done")

DetachCalled(r, c) ==
    LET joined == [r EXCEPT !.detachers = Append(r.detachers, c)]
    IN  CASE r.state \in {"initialized", "detached"} -> SettleOne(r, c, "done") \* C13, RTL5a
          [] FailsAlready(r)        -> SettleOne(r, c, "invalidState")         \* C14, RTL5b
          [] r.state = "suspended"  -> DetachedHere(r, c)                      \* C15, RTL5j
          [] r.state = "detaching"  -> EndAttachers(joined, "superseded", 0)   \* C19, RTL5i
          [] r.state = "attached"   -> IF IsConnected(r) THEN DetachNow(joined) \* C17, RTL5d
                                       ELSE DetachedHere(r, c)                 \* C16, RTL5l
          [] r.state = "attaching"  -> IF WaitsForAttach(r) THEN joined        \* C18, RTL5i
                                       ELSE DetachedHere(r, c)                 \* C16, RTL5l
          [] OTHER                  -> r

OptionsSet(r, c) ==
    IF r.state \notin {"attaching", "attached"} THEN SettleOne(r, c, "done")   \* C21
    ELSE IF MayNotAttach(r) THEN SettleOne(r, c, "invalidConnection")          \* C20
    ELSE SendTheAttach([r EXCEPT !.attachers = Append(r.attachers, c)])        \* C20, RTL16a

AfterAttach(r)     == Timers(r, AttachCalled(Called(r), r.last + 1), "none")
AfterDetach(r)     == Timers(r, DetachCalled(Called(r), r.last + 1), "none")
AfterSetOptions(r) == Timers(r, OptionsSet(Called(r), r.last + 1), "none")

\* C22, RTS4a
AfterGiveBack(r) ==
    LET settled == TLCEval(EndDetachers(EndAttachers(r, "givenBack", 0), "givenBack", 0))
        ended   == TLCEval([NewChannel EXCEPT !.last = r.last, !.connection = r.connection, !.wire = r.wire, !.awaited = r.awaited,
                              !.held = r.held, !.doubt = r.doubt, !.leftover = r.leftover \/ (~IsConnected(r) /\ r.held),
                              !.givenBack = TRUE, !.outs = settled.outs])
    IN  Timers(r, IF IsConnected(r) /\ Fences(ended, r) THEN Send(ended, "detach") ELSE ended, "none")

\* C23
AfterRenew(r) == [r EXCEPT !.givenBack = FALSE]

-----------------------------------------------------------------------------
(* Frames *)

\* C24: the place on the wire of the oldest request of a kind, 0 if there is none.
Oldest(r, kind) == LET at == {i \in 1..Len(r.wire) : r.wire[i] = kind} IN IF at = {} THEN 0 ELSE CHOOSE i \in at : \A j \in at : i <= j

Answers(r, frame, e) == IF frame = "detached" /\ e = 0 /\ On(r, "detach") THEN "detach" ELSE "attach"

\* C24: the channel after the requests that the frame ends have left the wire.
Heard(r, frame, e) ==
    LET kind == Answers(r, frame, e)
        i    == Oldest(r, kind)
        left == SubSeq(r.wire, i + 1, Len(r.wire))
        next == [r EXCEPT !.wire = left, !.awaited = r.awaited /\ left # <<>>, !.held = frame = "attached"]
    IN  TLCEval([next EXCEPT !.doubt = r.doubt \/ (i > 0 /\ r.held /\ IsOwn(next, kind))])

\* C25
Take(r, resumed, serial) ==
    LET taken == Put(r, ApplyFrame(resumed))
    IN  TLCEval([taken EXCEPT !.resume = TRUE,
                   !.channelSerial = IF serial # 0 THEN serial ELSE r.channelSerial,
                   !.attachSerial = IF serial # 0 /\ (~resumed \/ r.attachSerial = 0) THEN serial ELSE r.attachSerial])

\* C26, C31
BecomeAttached(r, resumed, serial, e) ==
    EndAttachers(SetResumed(Take(NotAwaited(r), resumed, serial), "attached", resumed, e), "done", 0)

AttachedCame(was, resumed, serial, e) ==
    LET r     == Heard(was, "attached", e)
        asked == Oldest(was, "attach") > 0
        own   == IsOwn(r, "attach")
    IN  CASE r.state = "attaching" ->
               IF AttachIsOut(was) /\ own
               THEN LET now == TLCEval(BecomeAttached(r, resumed, serial, e))  \* C26, RTL4c
                    IN  IF now.detachers = <<>> THEN now ELSE DetachNow(now)
               ELSE IF AttachIsOut(was) THEN Send(r, "attach") ELSE r          \* C27
          [] r.state = "detaching" ->                                          \* C28, RTL5k
               IF asked /\ Awaits(r, "detach") THEN r
               ELSE IF r.awaited THEN OnWire(Put(r, SendDetach), "detach") ELSE Send(r, "detach")
          [] r.state = "attached" ->                                           \* C29, RTL12
               LET taken == Take(NotAwaited(r), resumed, serial)
               IN  EndAttachers(IF IsUpdate(resumed) THEN Put(taken, UpdateTold(e)) ELSE taken, "done", 0)
          [] r.state = "detached" -> IF BehindFence(was) THEN r ELSE DetachNow(r) \* C30, RTL5k
          [] r.state \in {"initialized", "failed"} -> IF BehindFence(was) THEN r ELSE Send(r, "detach") \* C30
          [] r.state = "suspended" -> IF own THEN BecomeAttached(r, resumed, serial, e) ELSE r \* C31

DetachedCame(was, e) ==
    LET r   == Heard(was, "detached", e)
        own == IsOwn(r, Answers(was, "detached", e))
    IN  CASE r.state = "attaching" ->
               IF BehindFence(was) THEN IF r.awaited THEN r ELSE Send(r, "attach") \* C32
               ELSE IF ~AttachIsOut(was) THEN r
               ELSE IF own THEN Suspend(NotAwaited(r), e)                      \* C33, RTL13b
               ELSE Send(r, "attach")                                          \* C34
          [] r.state \in {"attached", "suspended"} ->                          \* C35, RTL13a
               SendTheAttach(EndAttachers(SetState(NotAwaited(r), "attaching", e), "failed", e))
          [] r.state = "detaching" ->                                          \* C36, RTL5d
               LET kept == e # 0 /\ Awaits(r, "detach")
                   over == TLCEval(EndDetachers(SetState([r EXCEPT !.awaited = kept], "detached", e), "done", 0))
               IN  IF over.attachers = <<>> THEN over ELSE AttachNow(over, 0)
          [] OTHER -> r

\* RTL14, RTL3a
Fail(r, e) == EndDetachers(EndAttachers(SetState(r, "failed", e), "failed", e), "failed", e)

ErrorCame(was, e) ==                                                           \* C37
    LET r == Heard(was, "error", e)
    IN  IF IgnoresError(r, was) THEN r ELSE Fail([r EXCEPT !.awaited = Awaits(r, "detach")], e)

OvertakenCame(r) ==                                                            \* C38
    IF r.awaited THEN Put(Put(r, Frame(r, Last(r.wire))), StartRequestTimer)
    ELSE IF r.state = "attached" THEN Put(r, SendSync) ELSE r

MessageCame(r, serial) ==                                                      \* C39, RTL15b, RTL17
    IF Delivers(r) THEN Put([r EXCEPT !.channelSerial = IF serial # 0 THEN serial ELSE r.channelSerial], Deliver) ELSE r

AfterAttached(r, resumed, serial, e) == Timers(r, AttachedCame(r, resumed, serial, e), "none")
AfterDetached(r, e)                  == Timers(r, DetachedCame(r, e), "none")
AfterError(r, e)                     == Timers(r, ErrorCame(r, e), "none")
AfterOvertaken(r)                    == Timers(r, OvertakenCame(r), "none")
AfterMessage(r, serial)              == Timers(r, MessageCame(r, serial), "none")

-----------------------------------------------------------------------------
(* Timers *)

\* C41, RTL5f
DetachNotAnswered(r, e) ==
    LET gone == TLCEval(EndDetachers(SetState(r, r.back, e), "failed", e))
    IN  IF gone.state = "attached" THEN EndAttachers(gone, "done", 0)
        ELSE IF gone.attachers = <<>> THEN gone ELSE AttachNow(gone, 0)

\* The server may have the channel attached although it is not attached here: the DETACH was lost,
\* or is late.
MayHold(r) == r.held \/ On(r, "attach")

RequestNotAnswered(was, e) ==
    LET r == NotAwaited(was)
    IN  CASE was.state = "detaching" -> IF DetachIsOut(was) THEN DetachNotAnswered(r, e) ELSE Send(r, "detach") \* C41
          [] was.state = "attaching" -> IF AttachIsOut(was) THEN Suspend(r, e) ELSE Send(r, "attach") \* C40, RTL4f
          [] was.state = "attached"  -> EndAttachers(r, "failed", e)           \* C40
          [] OTHER                   -> IF MayHold(r) THEN Send(r, "detach") ELSE r \* C40

RetryNow(r) == AttachNow(r, 0)                                                 \* C42, RTL13b

AfterRequestTimeout(r, e) == Timers(r, RequestNotAnswered(r, e), "request")
AfterRetryTimeout(r)      == Timers(r, RetryNow(r), "retry")

-----------------------------------------------------------------------------
(* The connection *)

LinkOf(s) == CASE s \in {"initialized", "connecting", "disconnected"} -> "waiting"
               [] s = "connected" -> "connected"
               [] s = "suspended" -> "suspended"
               [] s = "closing"   -> "closing"
               [] OTHER           -> "ended"

\* C43
Lost(r) ==
    LET unanswered == CASE r.state \in {"initialized", "detached", "failed"} -> r.wire # <<>> \/ r.doubt
                        [] r.state \in {"attaching", "suspended"}            -> On(r, "detach")
                        [] OTHER                                             -> FALSE
        cut  == TLCEval([r EXCEPT !.held = r.held \/ r.doubt \/ On(r, "attach"), !.leftover = r.leftover \/ unanswered,
                           !.wire = <<>>, !.awaited = FALSE, !.doubt = FALSE])
    IN  IF r.state = "attaching" /\ r.detachers # <<>>
        THEN EndDetachers(EndAttachers(SetState([cut EXCEPT !.leftover = cut.leftover \/ cut.held], "detached", 0), "superseded", 0), "done", 0)
        ELSE cut

\* The server no longer has the channel attached on this connection.
NothingHeld(r) == [r EXCEPT !.leftover = FALSE, !.held = FALSE]

DetachEnds(r, e) == EndAttachers(EndDetachers(SetState(r, "detached", e), "done", 0), "invalidConnection", 0)

Closed(r, e) ==                                                                \* C48, RTL3b
    LET gone == NothingHeld(r)
    IN  CASE r.state = "detaching" -> DetachEnds(gone, e)
          [] r.state \in {"attaching", "attached", "suspended"} -> EndAttachers(SetState(gone, "detached", e), "failed", e)
          [] OTHER -> gone

\* C44: connection is the state of the connection before it became waiting or connected.
Waits(r, connection, e) ==
    LET over == IF connection = "closing" THEN Closed(r, e) ELSE r
    IN  IF connection \in {"closing", "ended"} THEN [SetState(over, "initialized", 0) EXCEPT !.reason = 0] ELSE over \* RTN11d

Connected(old, resumed) ==                                                     \* C45, RTL3d, RTN19b
    LET fenced == IF resumed /\ DetachLeft(old) THEN Send(old, "detach") ELSE old
        r      == TLCEval([fenced EXCEPT !.leftover = FALSE, !.held = fenced.held /\ resumed])
    IN  CASE r.state \in {"attaching", "attached", "suspended"} -> AttachNow(r, 0)
          [] r.state = "detaching" -> Send([r EXCEPT !.back = IF resumed THEN r.back ELSE "detached"], "detach")
          [] OTHER -> r

ConnectionSuspended(r, e) ==                                                   \* C46, RTL3c
    CASE r.state \in {"attaching", "attached"} -> EndAttachers(SetState(r, "suspended", e), "failed", e)
      [] r.state = "detaching" -> DetachEnds([r EXCEPT !.leftover = r.leftover \/ r.held], e)
      [] OTHER -> r

ConnectionFailed(r, e) ==                                                      \* C49, RTL3a
    IF r.state \in {"attaching", "attached", "detaching", "suspended"} THEN Fail(NothingHeld(r), e) ELSE NothingHeld(r)

Changed(was, s, resumed, e) ==
    LET link == LinkOf(s)
        r    == TLCEval([(IF IsConnected(was) THEN Lost([was EXCEPT !.connection = link]) ELSE was) EXCEPT !.connection = link])
    IN  CASE link = "waiting"   -> Waits(r, was.connection, e)
          [] s = "connected"    -> Connected(TLCEval(Waits(r, was.connection, e)), resumed)
          [] s = "suspended"    -> ConnectionSuspended(r, e)
          [] s = "closing"      -> r                                           \* C47
          [] s = "closed"       -> Closed(r, e)
          [] s = "failed"       -> ConnectionFailed(r, e)

AfterConnection(r, s, resumed, e) == Timers(r, TLCEval(Changed(r, s, resumed, e)), "none")
=============================================================================
