------------------------------ MODULE Channel ------------------------------
(***************************************************************************)
(* The machine of one realtime channel: when each input may occur, the     *)
(* server and the connection of the channel, and the properties. The       *)
(* effects of each input are in ChannelSteps.tla.                          *)
(*                                                                         *)
(* Server and connection are an adversary: any frame may arrive at any     *)
(* moment on a connection, the connection may change at any moment, and a  *)
(* timer may fire as soon as it runs. Some properties need more. For       *)
(* these, Promise makes the server keep its promise: it answers each       *)
(* request at most once, in the order in which the requests were sent on   *)
(* one connection, with an answer of that request's kind; it sends frames  *)
(* of its own accord only while it has the channel attached. The server    *)
(* knows to which life of the name a request belongs; the channel doesn't. *)
(***************************************************************************)
EXTENDS ChannelSteps

CONSTANTS NCalls,    \* the number of calls that may be made
          NErrs,     \* the errors are 1..NErrs; 0 is none
          NSerials,  \* the serials are 1..NSerials; 0 is none
          MaxWire,   \* the number of requests that may be unanswered
          Forgets,   \* whether one more request makes the channel forget the oldest; if not, no step sends one more
          Promise    \* whether the server keeps its promise

ASSUME /\ NCalls \in Nat /\ NErrs \in Nat /\ NSerials \in Nat /\ MaxWire \in Nat \ {0}
       /\ Forgets \in BOOLEAN /\ Promise \in BOOLEAN

VARIABLES ch,     \* the channel, without outputs; see ChannelSteps.tla
          outs,   \* the outputs of the last step
          net,    \* with Promise: the requests that the server may still answer, as <<request, whether of an earlier life>>
          holds,  \* with Promise: for which life the server has the channel attached: none, own, earlier
          gaveUp, \* with Promise: whether a request on this connection was not answered in time
          spoke,  \* with Promise: whether the server sent an ATTACHED, DETACHED or ERROR of its own accord on this connection
          by      \* with Promise: whether the last step was a frame of an earlier life

server == <<net, holds, gaveUp, spoke, by>>
vars   == <<ch, outs, server>>

\* Constant domains.  Since actions quantify over these, every edge of TLC's graph has the name of
\* its action.
Errs     == 0..NErrs
Serials  == 0..NSerials
Answered == 0..MaxWire   \* the number in net of the request that a frame answers; 0 if the server sends it of its own accord

\* With Forgets, the channel forgets the oldest requests beyond MaxWire.
Bounded(r) == IF Forgets /\ Len(r.wire) > MaxWire THEN [r EXCEPT !.wire = SubSeq(r.wire, Len(r.wire) - MaxWire + 1, Len(r.wire))] ELSE r

\* The channel becomes s; its outputs go to outs.
Become(s) ==
    LET r == TLCEval(Bounded(s))
    IN  /\ Len(r.wire) <= MaxWire
        /\ ch' = [r EXCEPT !.outs = <<>>] /\ outs' = r.outs

-----------------------------------------------------------------------------
(* The server *)

IsRequest(o) == o[1] \in {"sendAttach", "sendDetach"}

\* The requests under way after the step: those before the step, and those that the step sends.
\* Requests of a channel that was given back belong to the life that ended.
SentAfter(before) ==
    LET sent == SelectSeq(outs', IsRequest)
    IN  before \o [i \in 1..Len(sent) |-> <<IF sent[i][1] = "sendAttach" THEN "attach" ELSE "detach", ch'.givenBack>>]

\* The server stays as it is, and the requests that the step sends are added.
Quiet == IF ~Promise THEN UNCHANGED server
         ELSE /\ net' = SentAfter(net) /\ Len(net') <= MaxWire
              /\ by' = FALSE /\ UNCHANGED <<holds, gaveUp, spoke>>

MayAnswer(i, frame, e) ==
    /\ i \in 1..Len(net)
    /\ IF net[i][1] = "detach" THEN frame = "detached" /\ e = 0
       ELSE frame = "attached" \/ (frame \in {"detached", "error"} /\ e # 0)

MaySpeak(frame, e) == holds # "none" /\ (frame \in {"attached", "message"} \/ (frame \in {"detached", "error"} /\ e # 0))

HoldsFor(request) == IF request[1] = "detach" THEN "none" ELSE IF request[2] THEN "earlier" ELSE "own"

\* The server may send the frame: as the answer to the i-th request or, if i is 0, of its own
\* accord.
Comes(i, frame, e) ==
    IsConnected(ch) /\ IF ~Promise THEN i = 0 ELSE IF i = 0 THEN MaySpeak(frame, e) ELSE MayAnswer(i, frame, e)

\* The server after it has sent that frame.
Sends(i, frame) ==
    IF ~Promise THEN UNCHANGED server
    ELSE /\ net' = SentAfter(SubSeq(net, i + 1, Len(net))) /\ Len(net') <= MaxWire
         /\ holds' = CASE frame \in {"detached", "error"} -> "none"
                       [] frame = "attached" /\ i > 0     -> HoldsFor(net[i])
                       [] OTHER                           -> holds
         /\ by' = IF i = 0 THEN holds = "earlier" ELSE net[i][2]
         /\ spoke' = (spoke \/ (i = 0 /\ frame # "message")) /\ gaveUp' = gaveUp

\* After this change of the connection, the server no longer has the channel attached.
IsNew(s, resumed) == (s = "connected" /\ ~resumed) \/ s \in {"closed", "failed"}

\* The possible values of `holds` after the change. If the connection ends, the server may have
\* carried out any of the requests before the end.
Left(s, resumed) ==
    IF IsNew(s, resumed) \/ ch.connection \in {"closing", "ended"} THEN {"none"}
    ELSE {holds} \cup IF IsConnected(ch) THEN {HoldsFor(net[i]) : i \in 1..Len(net)} ELSE {}

\* The server after the change; h is the new value of `holds`.
Reconnects(s, resumed, h) ==
    IF ~Promise THEN UNCHANGED server
    ELSE /\ h \in Left(s, resumed)
         /\ (resumed => ch.connection \notin {"closing", "ended"})
         /\ holds' = h /\ by' = FALSE
         /\ IF h = "none" /\ (IsConnected(ch) \/ holds # "none") THEN gaveUp' = FALSE /\ spoke' = FALSE ELSE UNCHANGED <<gaveUp, spoke>>
         /\ net' = SentAfter(<<>>)

-----------------------------------------------------------------------------
(* The inputs *)

MayCall == ch.last < NCalls /\ ~ch.givenBack

Attach     == MayCall /\ Become(AfterAttach(ch)) /\ Quiet
Detach     == MayCall /\ Become(AfterDetach(ch)) /\ Quiet
SetOptions == MayCall /\ Become(AfterSetOptions(ch)) /\ Quiet

GiveBack ==
    /\ ~ch.givenBack /\ Become(AfterGiveBack(ch))
    /\ IF ~Promise THEN UNCHANGED server
       ELSE /\ net' = SentAfter([i \in 1..Len(net) |-> <<net[i][1], TRUE>>]) /\ Len(net') <= MaxWire
            /\ holds' = (IF holds = "own" THEN "earlier" ELSE holds) /\ by' = FALSE /\ UNCHANGED <<gaveUp, spoke>>

Renew == ch.givenBack /\ Become(AfterRenew(ch)) /\ Quiet

Attached(resumed, serial, e, i) ==
    Comes(i, "attached", e) /\ Become(AfterAttached(ch, resumed, serial, e)) /\ Sends(i, "attached")
Detached(e, i)     == Comes(i, "detached", e) /\ Become(AfterDetached(ch, e)) /\ Sends(i, "detached")
Error(e, i)        == Comes(i, "error", e) /\ Become(AfterError(ch, e)) /\ Sends(i, "error")
Message(serial, i) == Comes(i, "message", 0) /\ Become(AfterMessage(ch, serial)) /\ Sends(i, "message")
Overtaken          == IsConnected(ch) /\ ~Promise /\ Become(AfterOvertaken(ch)) /\ Quiet

RequestTimeout(e) ==
    /\ ch.awaited /\ Become(AfterRequestTimeout(ch, e))
    /\ IF ~Promise THEN UNCHANGED server
       ELSE net' = SentAfter(net) /\ Len(net') <= MaxWire /\ gaveUp' = TRUE /\ by' = FALSE /\ UNCHANGED <<holds, spoke>>

RetryTimeout == RetryRuns(ch) /\ Become(AfterRetryTimeout(ch)) /\ Quiet

Connection(s, resumed, e, h) == (Promise \/ h = "none") /\ Become(AfterConnection(ch, s, resumed, e)) /\ Reconnects(s, resumed, h)

-----------------------------------------------------------------------------
Init ==
    /\ ch = NewChannel /\ outs = <<>>
    /\ net = <<>> /\ holds = "none" /\ gaveUp = FALSE /\ spoke = FALSE /\ by = FALSE

Calls == Attach \/ Detach \/ SetOptions

Frames ==
    \/ \E resumed \in BOOLEAN, serial \in Serials, e \in Errs, i \in Answered : Attached(resumed, serial, e, i)
    \/ \E e \in Errs, i \in Answered : Detached(e, i)
    \/ \E i \in Answered : Error(NErrs, i)
    \/ \E serial \in Serials, i \in Answered : Message(serial, i)
    \/ Overtaken

\* The end of a connection always has an error here. Without one, a channel would do the same.
ErrorOf(s) == IF s \in {"disconnected", "suspended", "closed", "failed"} THEN NErrs ELSE 0

Connections ==
    \E s \in ConnectionStates, resumed \in BOOLEAN, h \in {"none", "own", "earlier"} :
        (resumed => s = "connected") /\ Connection(s, resumed, ErrorOf(s), h)

TimeoutOfRequest == RequestTimeout(NErrs)

Next == Calls \/ GiveBack \/ Renew \/ Frames \/ TimeoutOfRequest \/ RetryTimeout \/ Connections

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Fairness.  It requires nothing of callers.  Each condition is written   *)
(* out, since TLC is slow with ENABLED.                                    *)

\* A request timer that runs fires, unless the request ends in another way or there is no connection
\* from some time on.
AttachesEnd == \/ []<>(ch.state # "attaching") \/ <>[]~IsConnected(ch)
               \/ []<><<AttachIsOut(ch) /\ TimeoutOfRequest>>_vars
DetachesEnd == \/ []<>(ch.state # "detaching") \/ <>[]~IsConnected(ch)
               \/ []<><<DetachIsOut(ch) /\ TimeoutOfRequest>>_vars
OptionsEnd  == \/ []<>~(ch.state = "attached" /\ ch.awaited) \/ []<><<ch.state = "attached" /\ TimeoutOfRequest>>_vars
\* The retry timer fires.
RetriesCome == []<>~RetryRuns(ch) \/ []<><<RetryTimeout>>_vars
\* A connection that is waiting or closing changes to another state (CD2f, RTN12b).
ConnectionsMove == []<>(ch.connection # "waiting") /\ []<>(ch.connection # "closing")

FairSpec == Spec /\ AttachesEnd /\ DetachesEnd /\ OptionsEnd /\ RetriesCome /\ ConnectionsMove

\* Heals assumes RetriesCome and the following. The channel is connected infinitely often. If it is
\* behind a fence infinitely often, it passes a fence infinitely often. If its ATTACH is unanswered
\* infinitely often, an ATTACHED attaches it infinitely often.
Behind           == ch.state = "attaching" /\ BehindFence(ch)
ConnectionsCome  == []<>IsConnected(ch)
FencesPass       == <>[]~Behind \/ []<><<Behind /\ AttachIsOut(ch')>>_vars
ServerAttaches   == <>[]~AttachIsOut(ch) \/ []<><<AttachIsOut(ch) /\ ch'.state = "attached">>_vars

HealingSpec == Spec /\ RetriesCome /\ ConnectionsCome /\ FencesPass /\ ServerAttaches

-----------------------------------------------------------------------------
(* Safety: states *)

InWire == {ch.wire[i] : i \in 1..Len(ch.wire)}

ChannelTypeOK ==
    /\ ch.last \in 0..NCalls /\ ch.state \in ChannelStates /\ ch.reason \in Errs /\ ch.connection \in Links
    /\ InWire \subseteq {"attach", "detach"} /\ Len(ch.wire) <= MaxWire
    /\ ch.retries \in 0..4 /\ ch.channelSerial \in Serials /\ ch.attachSerial \in Serials
    /\ ch.awaited => ch.wire # <<>> /\ ch.state # "suspended"
    /\ ~IsConnected(ch) => ch.wire = <<>> /\ ~ch.doubt
    /\ IsConnected(ch) => ~ch.leftover
    /\ ch.connection = "ended" => ch.state \in {"initialized", "detached", "failed"} /\ ~ch.held
    /\ ch.back \in IF ch.state = "detaching" THEN {"attached", "detached"} ELSE {"initialized"}

Waiting(c) == {i \in 1..Len(ch.attachers) : ch.attachers[i] = c} \cup {NCalls + i : i \in {i \in 1..Len(ch.detachers) : ch.detachers[i] = c}}

WaitersRight ==                                                                \* RTL4h, RTL5i
    /\ ch.attachers # <<>> => ch.state \in {"attaching", "attached", "detaching"}
    /\ ch.detachers # <<>> => ch.state = "detaching" \/ (ch.state = "attaching" /\ AttachIsOut(ch))
    /\ ch.givenBack => ch.attachers = <<>> /\ ch.detachers = <<>>

SilentState == ch.givenBack => ch.state = "initialized" /\ ch.reason = 0 /\ ch.channelSerial = 0 /\ ~ch.resume \* RTS4a

-----------------------------------------------------------------------------
(* Safety: steps.  These properties state what a step may do and output,   *)
(* without the operators that twins replace.                               *)

Outs(kind)   == {k \in 1..Len(outs') : outs'[k][1] = kind}
PutOut(kind) == Outs(kind) # {}
GivesBack    == ch'.givenBack /\ ~ch.givenBack /\ GiveBack

TheFrame == \E resumed \in BOOLEAN, serial \in Serials, e \in Errs, i \in Answered : Attached(resumed, serial, e, i)

\* A call that was made waits in one place, or is settled once, in the step in which it stops
\* waiting.
SettledOnce == [][                                                             \* RTL4d, RTL5
    \A c \in 1..NCalls :
      LET was     == Waiting(c) # {} \/ (c = ch'.last /\ ch'.last # ch.last)
          is      == Cardinality({i \in 1..Len(ch'.attachers) : ch'.attachers[i] = c})
                     + Cardinality({i \in 1..Len(ch'.detachers) : ch'.detachers[i] = c})
          settled == Cardinality({k \in Outs("settle") : outs'[k][2] = c})
      IN  is + settled = IF was THEN 1 ELSE 0]_vars

\* The timers, according to the outputs.
RequestRan == ch.awaited
RetryRan   == ch.state = "suspended" /\ ch.connection = "connected"
RetryIs    == ch'.state = "suspended" /\ ch'.connection = "connected"
RequestIs  == LET starts == Outs("startRequestTimer")
                  stops  == Outs("stopRequestTimer")
              IN  IF stops # {} THEN FALSE ELSE IF starts # {} THEN TRUE ELSE RequestRan /\ ~TimeoutOfRequest

TimersRight == [][                                                             \* RTL4f, RTL5f, RTL13b, RTL13c
    /\ RequestIs = ch'.awaited
    /\ PutOut("stopRequestTimer") => RequestRan
    /\ PutOut("startRetryTimer") <=> (RetryIs /\ ~RetryRan)
    /\ PutOut("stopRetryTimer") <=> (RetryRan /\ ~RetryIs /\ ~RetryTimeout)
    /\ (ch'.connection = "connected" /\ ch'.state \in {"attaching", "detaching"}) => ch'.awaited]_vars

\* The state reported last before the k-th output of the step, or else the state before the step.
StateBefore(k) ==
    LET told == {j \in Outs("state") : j < k}
    IN  IF told = {} THEN ch.state ELSE LET j == CHOOSE j \in told : \A i \in told : i <= j IN outs'[j][3]

DetachAwaited == ch.awaited /\ ch.wire[Len(ch.wire)] = "detach"
EndsRequest   == TimeoutOfRequest \/ Connections \/ \E e \in Errs, i \in Answered : Detached(e, i)

OneRequest == [][                                                              \* RTL4c, RTL5d
    /\ (PutOut("sendAttach") \/ PutOut("sendDetach")) => ch'.connection = "connected"
    /\ \A k \in Outs("sendAttach") :
         /\ StateBefore(k) \in {"attaching", "attached"} \/ (Overtaken /\ ch.awaited /\ ~DetachAwaited) \* C38: again
         /\ DetachAwaited => EndsRequest \/ Overtaken
         /\ outs'[k][2] = ch'.channelSerial /\ outs'[k][3] = ch'.resume
    /\ \A k \in Outs("sendDetach") :
         \/ StateBefore(k) \in {"initialized", "detaching", "detached", "failed"} \/ GiveBack
         \/ ch'.state = "attaching" /\ ch'.awaited /\ ch'.wire[Len(ch'.wire)] = "detach"]_vars

Delivered == [][                                                               \* RTL17
    PutOut("deliver") <=> (ch.state = "attached" /\ \E serial \in Serials, i \in Answered : Message(serial, i))]_vars

StatesTold == [][                                                              \* RTL2, RTL2f, RTL2g
    /\ \A k \in Outs("state") :
         /\ outs'[k][2] = StateBefore(k) /\ outs'[k][3] # outs'[k][2]
         /\ outs'[k][4] => outs'[k][3] = "attached" /\ \E serial \in Serials, e \in Errs, i \in Answered : Attached(TRUE, serial, e, i)
    /\ IF GivesBack THEN ~PutOut("state") ELSE ch'.state = StateBefore(Len(outs') + 1)]_vars

AttachedByFrame == [][                                                         \* RTL4c, RTL5f
    (\E k \in Outs("state") : outs'[k][3] = "attached") =>
      TheFrame \/ (ch.state = "detaching" /\ ch.back = "attached" /\ TimeoutOfRequest)]_vars

UpdateIff == [][                                                               \* RTL12
    /\ Cardinality(Outs("update")) <= 1
    /\ PutOut("update") => ch.state = "attached"
    /\ \A serial \in Serials, e \in Errs, i \in Answered :
         /\ (ch.state = "attached" /\ Attached(FALSE, serial, e, i)) => UpdateTold(e) \in {outs'[k] : k \in Outs("update")}
         /\ PutOut("update") => ~Attached(TRUE, serial, e, i)]_vars

ClearedIn(s) == s \in {"detached", "failed", "initialized"}

SerialsRight == [][                                                            \* RTL15b, RTL15b2, RTL15c
    /\ ClearedIn(ch'.state) => ch'.channelSerial = 0 /\ ch'.attachSerial = 0 /\ ~ch'.resume
    /\ ch'.channelSerial # ch.channelSerial => ClearedIn(ch'.state) \/ PutOut("apply") \/ PutOut("deliver") \/ GiveBack
                                               \/ \E k \in Outs("state") : ClearedIn(outs'[k][3])
    /\ ch'.attachSerial # ch.attachSerial => ClearedIn(ch'.state) \/ PutOut("apply") \/ GiveBack \/ \E k \in Outs("state") : ClearedIn(outs'[k][3])
    /\ \A resumed \in BOOLEAN, serial \in Serials \ {0}, e \in Errs, i \in Answered :
         (PutOut("apply") /\ Attached(resumed, serial, e, i)) =>
            /\ ch'.channelSerial = serial
            /\ ch'.attachSerial = IF resumed /\ ch.attachSerial # 0 THEN ch.attachSerial ELSE serial
    /\ \A serial \in Serials \ {0}, i \in Answered : (PutOut("deliver") /\ Message(serial, i)) => ch'.channelSerial = serial]_vars

\* While the channel is attaching or suspended, retries is the number of the last retry; otherwise
\* it is 0.
RetryNumbers == [][                                                            \* RTL13b, RTB1
    /\ \A k \in Outs("startRetryTimer") :
         /\ outs'[k][2] \in 1..4 /\ outs'[k][2] = ch'.retries
         /\ ch'.retries = IF ch.retries = 4 THEN 4 ELSE ch.retries + 1
    /\ ch'.state \notin {"attaching", "suspended"} => ch'.retries = 0]_vars

Reached(k) == {ch.state} \cup {outs'[j][3] : j \in {j \in Outs("state") : j < k}}
Is(c, list) == \E i \in 1..Len(list) : list[i] = c

InputError(e) ==
    \/ \E resumed \in BOOLEAN, serial \in Serials, i \in Answered : Attached(resumed, serial, e, i)
    \/ \E i \in Answered : Detached(e, i)
    \/ e = NErrs /\ (TimeoutOfRequest \/ \E i \in Answered : Error(NErrs, i))
    \/ \E s \in ConnectionStates, resumed \in BOOLEAN, h \in {"none", "own", "earlier"} : e = ErrorOf(s) /\ Connection(s, resumed, e, h)

OutcomeTrue == [][                                                             \* RTL4b, RTL4d, RTL5b
    \A k \in Outs("settle") :
      LET c     == outs'[k][2]
          how   == outs'[k][3]
          aDetach == Is(c, ch.detachers) \/ (c = ch'.last /\ ch'.last # ch.last /\ Detach)
      IN  /\ how # "failed" => outs'[k][4] = 0
          /\ how = "done" => IF aDetach THEN Reached(k) \cap {"detached", "initialized"} # {}
                             ELSE "attached" \in Reached(k) \/ (c = ch'.last /\ SetOptions /\ ch.state \notin {"attaching", "attached"})
          /\ how = "failed" => InputError(outs'[k][4])
          /\ how = "invalidState" => Detach /\ ch.state = "failed"
          /\ how = "invalidConnection" => /\ ~aDetach
                                          /\ \/ ch'.connection \notin {"waiting", "connected"}
                                             \/ ch.connection \in {"connected", "closing"} /\ Connections
          /\ how = "superseded" => IF aDetach THEN Attach ELSE Detach \/ (ch.connection = "connected" /\ Connections)
          /\ how = "givenBack" => GiveBack]_vars

SilentWhenGivenBack == [][                                                     \* RTS4a
    /\ ch.givenBack => {outs'[k][1] : k \in 1..Len(outs')} \subseteq {"sendDetach", "startRequestTimer", "stopRequestTimer"}
    /\ ch'.givenBack => ch'.state = "initialized"]_vars

ReasonRight == [][                                                             \* RTL24
    LET errors == {k \in Outs("state") : outs'[k][5] # 0 \/ outs'[k][3] = "attached"}
        last   == CHOOSE k \in errors : \A j \in errors : j <= k
    IN  ch'.reason = IF GivesBack \/ (ch.connection \in {"closing", "ended"} /\ ch'.connection \in {"waiting", "connected"} /\ Connections) THEN 0
                     ELSE IF errors # {} THEN IF outs'[last][3] = "attached" THEN 0 ELSE outs'[last][5]
                     ELSE IF ch.state = "failed" /\ ch'.state # "failed" /\ Attach THEN 0 ELSE ch.reason]_vars

(* With the server's promise *)

NotByEarlierLife == [][                                                        \* T20
    (by' /\ ~ch.givenBack) =>
      /\ ~gaveUp => ~PutOut("state") /\ ~PutOut("update") /\ ~PutOut("apply") /\ ~PutOut("deliver") /\ ~PutOut("settle")
      /\ ~spoke' =>
           /\ TheFrame => ~\E k \in Outs("state") : outs'[k][3] = "attached"
           /\ (\E e \in Errs, i \in Answered : Detached(e, i)) =>
                /\ ~\E k \in Outs("state") : outs'[k][3] = "suspended"
                /\ ~\E k \in Outs("settle") : outs'[k][3] = "failed"]_vars

-----------------------------------------------------------------------------
(* Liveness *)

CallsSettle == \A c \in 1..NCalls : Waiting(c) # {} ~> Waiting(c) = {}         \* RTL4d

RetriesForEver == RetryRuns(ch) ~> ~RetryRuns(ch)                              \* RTL13b

Heals == ch.state \in {"attaching", "suspended"} ~> ch.state \notin {"attaching", "suspended"} \* RTL13
=============================================================================
