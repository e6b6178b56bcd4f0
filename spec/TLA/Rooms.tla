------------------------------- MODULE Rooms -------------------------------
(***************************************************************************)
(* The effects of Get, Release and Dispose on names and their              *)
(* incarnations. The backend may fail at each opening and each release,    *)
(* and callers may give up. This module is written from the rules R1 to    *)
(* R24 of docs/rooms.md, which names the points of Ably's Chat             *)
(* specification (CHA-...) that each rule comes from.                      *)
(*                                                                         *)
(* Calls are numbered in the order in which they begin, incarnations in    *)
(* the order in which they are created. The outputs of a step are the      *)
(* difference between two states: a call settled, a request to the backend *)
(* to open or release, an opening abandoned. docs/rooms.md defines them.   *)
(***************************************************************************)
EXTENDS Naturals, Sequences, FiniteSets, TLC

CONSTANTS Names,     \* the names that calls are for
          Options,   \* the options that gets have, complete and valid
          MaxCalls,  \* the number of calls that may begin
          Conditional   \* whether a call may be a ReleaseIf, which makes the graph larger

ASSUME MaxCalls \in Nat /\ MaxCalls > 0 /\ Conditional \in BOOLEAN

VARIABLES calls,    \* every call: what it is, what it waits for, its outcome; NoCall until it begins
          incs,     \* every incarnation; NoInc until it is created.  Properties read its field ended; no rule does
          failed    \* the incarnations whose release failed since disposal began (R15)

vars == <<calls, incs, failed>>

NoName == "-"
Pending == "pending"
Lives == {"initializing", "ready", "releasing", "released"}
Works == {"none", "opening", "closing"}
Endings == {"none", "opened", "openFailed", "released", "releaseFailed"}   \* how the backend last ended a work
Outcomes == {Pending, "room", "done", "differentOptions", "releasedBefore", "disposed", "openFailed", "releaseFailed", "failed", "gaveUp"}

\* Constant domains.  Since actions quantify over these, every edge of TLC's graph has the name of
\* its action.
CallIds == 1..MaxCalls
IncIds  == 1..MaxCalls     \* a call creates at most one incarnation

NoCall == [op |-> "none", name |-> NoName, opt |-> NoName, of |-> 0, waits |-> 0, out |-> "none", ref |-> 0, bad |-> {}]
NoInc  == [name |-> NoName, opt |-> NoName, life |-> "none", work |-> "none", ended |-> "none"]

-----------------------------------------------------------------------------
(* The calls and incarnations of a state. *)

Begun   == {c \in CallIds : calls[c].op # "none"}
Created == {i \in IncIds : incs[i].life # "none"}
Last    == Cardinality(Begun)      \* calls are numbered as they begin, so this is the number of the last one
Newest  == Cardinality(Created)

InUse(n)     == {i \in IncIds : incs[i].name = n /\ incs[i].life \in {"initializing", "ready"}}
Releasing(n) == {i \in IncIds : incs[i].name = n /\ incs[i].life = "releasing"}
AllReleasing == {i \in IncIds : incs[i].life = "releasing"}

IsPending(c) == calls[c].out = Pending
Waits(op, c, i) == calls[c].waits = i /\ calls[c].op = op /\ IsPending(c)
Waiting(op, i) == {c \in CallIds : Waits(op, c, i)}
WaitsForEnd(c, i) == Waits("release", c, i) \/ Waits("releaseIf", c, i)
\* This compares sets instead of using \E. With \E as a guard, TLC would take a step once for each
\* dispose.
Disposing == {c \in CallIds : calls[c].op = "dispose"} # {}

-----------------------------------------------------------------------------
(* Guards and choices that broken twins replace (twins/RoomsTwins.tla). *)

GetRefused            == Disposing                              \* R1
Differs(i, o)         == incs[i].opt # o                        \* R2
Free(n)               == InUse(n) = {}                          \* R5, R6
MustWait(n)           == Releasing(n) # {}                      \* R6
HasPredecessor(i)     == Releasing(incs[i].name) # {}           \* R9
Rejected(i)           == Waiting("get", i)                      \* R9, R11
EndOf(c, i, bad)      == IF bad THEN "releaseFailed" ELSE "done" \* R21
LifeAfter(bad)        == "released"                             \* R21
Starts(bad)           == TRUE                                   \* R22
DisposalOver(without) == AllReleasing \ without = {}            \* R13, R23
IsOpening(i)          == incs[i].work = "opening"               \* R17 to R20
Meant(i)              == {i} \cap InUse(incs[i].name)           \* R24

-----------------------------------------------------------------------------
(* Parts of steps.  TLCEval makes TLC evaluate a function at once. Without *)
(* it, TLC may evaluate the function later, and some versions of TLC then  *)
(* use old values of the variables in it.                                  *)

NewCall(op, n, o, i, out, ref) ==
    [op |-> op, name |-> n, opt |-> o, of |-> 0, waits |-> i, out |-> out, ref |-> ref, bad |-> {}]

\* A call begins; it is settled at once, or waits.
Begin(call) == calls' = TLCEval([calls EXCEPT ![Last + 1] = call])

Settled(c, out, ref) == [calls[c] EXCEPT !.out = out, !.ref = ref]

\* Every call of the given set is settled with the same outcome.
Settle(which, out, ref) ==
    calls' = IF which = {} THEN calls
             ELSE TLCEval([c \in CallIds |-> IF c \in which THEN Settled(c, out, ref) ELSE calls[c]])

\* Every call of the given set is rejected, and a call begins.
RejectAndBegin(which, call) ==
    LET new == Last + 1
    IN  calls' = TLCEval([c \in CallIds |->
                   IF c = new THEN call
                   ELSE IF c \in which THEN Settled(c, "releasedBefore", 0) ELSE calls[c]])

\* One incarnation changes.
Change(i, inc) == incs' = TLCEval([incs EXCEPT ![i] = inc])

\* The incarnation i after it leaves use: R9, R10, R11.
Left(i) ==
    IF HasPredecessor(i) THEN [incs[i] EXCEPT !.life = "released"]
    ELSE IF incs[i].work = "opening" THEN [incs[i] EXCEPT !.life = "releasing"]
    ELSE [incs[i] EXCEPT !.life = "releasing", !.work = "closing"]

-----------------------------------------------------------------------------
(* Get: CHA-RC1f *)

CanBegin == calls[MaxCalls].op = "none"

GetDisposed(n, o) ==                                                       \* R1, CHA-RC1f8
    /\ CanBegin /\ GetRefused
    /\ Begin(NewCall("get", n, o, 0, "disposed", 0))
    /\ UNCHANGED <<incs, failed>>

GetConflict(n, o) ==                                                       \* R2, CHA-RC1f1
    /\ CanBegin /\ ~GetRefused
    /\ \E i \in InUse(n) : Differs(i, o)
    /\ Begin(NewCall("get", n, o, 0, "differentOptions", 0))
    /\ UNCHANGED <<incs, failed>>

GetReady(n, o) ==                                                          \* R3, CHA-RC1f2
    /\ CanBegin /\ ~GetRefused /\ ~Free(n)
    /\ \E i \in IncIds :
         /\ i \in InUse(n) /\ ~Differs(i, o) /\ incs[i].life = "ready"
         /\ Begin(NewCall("get", n, o, 0, "room", i))
    /\ UNCHANGED <<incs, failed>>

GetJoins(n, o) ==                                                          \* R4, CHA-RC1f2
    /\ CanBegin /\ ~GetRefused /\ ~Free(n)
    /\ \E i \in IncIds :
         /\ i \in InUse(n) /\ ~Differs(i, o) /\ incs[i].life = "initializing"
         /\ Begin(NewCall("get", n, o, i, Pending, 0))
    /\ UNCHANGED <<incs, failed>>

GetCreates(n, o, work) ==
    /\ CanBegin /\ ~GetRefused /\ Free(n)
    /\ Change(Newest + 1, [name |-> n, opt |-> o, life |-> "initializing", work |-> work, ended |-> "none"])
    /\ Begin(NewCall("get", n, o, Newest + 1, Pending, 0))
    /\ UNCHANGED failed

GetOpens(n, o) == ~MustWait(n) /\ GetCreates(n, o, "opening")              \* R5, CHA-RC1f3
GetWaits(n, o) ==  MustWait(n) /\ GetCreates(n, o, "none")                 \* R6, CHA-RC1f4

-----------------------------------------------------------------------------
(* Release: CHA-RC1g *)

ReleaseNothing(n) ==                                                       \* R7, CHA-RC1g2
    /\ CanBegin /\ InUse(n) = {} /\ Releasing(n) = {}
    /\ Begin(NewCall("release", n, NoName, 0, "done", 0))
    /\ UNCHANGED <<incs, failed>>

ReleaseJoins(n) ==                                                         \* R8, CHA-RC1g3
    /\ CanBegin /\ InUse(n) = {}
    /\ \E i \in IncIds :
         /\ i \in Releasing(n)
         /\ Begin(NewCall("release", n, NoName, i, Pending, 0))
    /\ UNCHANGED <<incs, failed>>

\* i leaves use, the gets that wait for it are rejected, and the call waits for the release of j.
ReleaseLeaves(n, i, j) ==
    /\ Change(i, Left(i))
    /\ RejectAndBegin(Rejected(i), NewCall("release", n, NoName, j, Pending, 0))
    /\ UNCHANGED failed

ReleaseWaiting(n) ==                                                       \* R9, CHA-RC1g4
    /\ CanBegin
    /\ \E i \in IncIds : \E j \in IncIds :
         /\ i \in InUse(n) /\ HasPredecessor(i) /\ j \in Releasing(n)
         /\ ReleaseLeaves(n, i, j)

ReleaseReady(n) ==                                                         \* R10, CHA-RC1g5
    /\ CanBegin
    /\ \E i \in IncIds :
         /\ i \in InUse(n) /\ ~HasPredecessor(i) /\ incs[i].work # "opening"
         /\ ReleaseLeaves(n, i, i)

ReleaseOpening(n) ==                                                       \* R11, CHA-RC1g5, CHA-RC1f6
    /\ CanBegin
    /\ \E i \in IncIds :
         /\ i \in InUse(n) /\ ~HasPredecessor(i) /\ incs[i].work = "opening"
         /\ ReleaseLeaves(n, i, i)

-----------------------------------------------------------------------------
(* Dispose: CHA-RD1 *)

DisposeFirst ==                                                            \* R12, R13
    /\ CanBegin /\ ~Disposing
    /\ LET leaving  == {i \in Created : i \in InUse(incs[i].name)}
           dropped  == {i \in leaving : HasPredecessor(i)}
           rejected == UNION {Rejected(i) : i \in leaving}
           over     == leaving = dropped /\ DisposalOver({})
       IN  /\ incs' = TLCEval([i \in IncIds |-> IF i \in leaving THEN Left(i) ELSE incs[i]])
           /\ RejectAndBegin(rejected, NewCall("dispose", NoName, NoName, 0, IF over THEN "done" ELSE Pending, 0))
    /\ UNCHANGED failed

DisposeAgain ==                                                            \* R14
    /\ CanBegin /\ Disposing
    /\ LET out == IF ~DisposalOver({}) THEN Pending ELSE IF failed = {} THEN "done" ELSE "failed"
       IN  Begin([NewCall("dispose", NoName, NoName, 0, out, 0) EXCEPT !.bad = IF out = "failed" THEN failed ELSE {}])
    /\ UNCHANGED <<incs, failed>>

-----------------------------------------------------------------------------
(* ReleaseIf: R24 *)

ReleaseIfCall(i, j, out) == [NewCall("releaseIf", incs[i].name, NoName, j, out, 0) EXCEPT !.of = i]

ReleaseIfGone(i) ==                                                        \* R24
    /\ Conditional /\ CanBegin /\ i \in Created /\ Meant(i) = {}
    /\ Begin(ReleaseIfCall(i, 0, "done"))
    /\ UNCHANGED <<incs, failed>>

ReleaseIfUsed(i) ==                                                        \* R24, as by R9, R10, R11
    /\ Conditional /\ CanBegin /\ i \in Created
    /\ \E used \in IncIds : \E j \in IncIds :
         /\ used \in Meant(i) /\ j = IF HasPredecessor(used) THEN CHOOSE k \in Releasing(incs[i].name) : TRUE ELSE used
         /\ Change(used, Left(used))
         /\ RejectAndBegin(Rejected(used), ReleaseIfCall(i, j, Pending))
    /\ UNCHANGED failed

-----------------------------------------------------------------------------
GiveUp(c) ==                                                               \* R16
    /\ IsPending(c)
    /\ calls' = TLCEval([calls EXCEPT ![c] = Settled(c, "gaveUp", 0)])
    /\ UNCHANGED <<incs, failed>>

-----------------------------------------------------------------------------
(* The backend's ends *)

Opened(i) ==                                                               \* R17
    /\ IsOpening(i) /\ incs[i].life # "releasing"
    /\ Change(i, [incs[i] EXCEPT !.life = "ready", !.work = "none", !.ended = "opened"])
    /\ Settle(Waiting("get", i), "room", i)
    /\ UNCHANGED failed

OpenedAbandoned(i) ==                                                      \* R18
    /\ IsOpening(i) /\ incs[i].life = "releasing"
    /\ Change(i, [incs[i] EXCEPT !.work = "closing", !.ended = "opened"])
    /\ UNCHANGED <<calls, failed>>

OpenFailed(i) ==                                                           \* R19
    /\ incs[i].work = "opening" /\ incs[i].life = "initializing"
    /\ Change(i, [incs[i] EXCEPT !.life = "released", !.work = "none", !.ended = "openFailed"])
    /\ Settle(Waiting("get", i), "openFailed", i)
    /\ UNCHANGED failed

\* The backend's work on i has ended, and i becomes released.  The successor of i is opened, and
\* calls that waited for the end are settled: R21, R22, R23.
Ends(i, how) ==
    LET bad   == how = "releaseFailed"
        life  == LifeAfter(bad)
        next  == {j \in InUse(incs[i].name) : incs[j].work = "none" /\ incs[j].life = "initializing"}
        worse == IF bad /\ Disposing THEN failed \cup {i} ELSE failed
        over  == Disposing /\ DisposalOver({i})
    IN  /\ incs' = TLCEval([j \in IncIds |->
                     IF j = i THEN [incs[j] EXCEPT !.life = life, !.work = "none", !.ended = how]
                     ELSE IF j \in next /\ Starts(bad) THEN [incs[j] EXCEPT !.work = "opening"]
                     ELSE incs[j]])
        /\ failed' = worse
        /\ calls' = TLCEval([c \in CallIds |->
                     IF WaitsForEnd(c, i)
                     THEN LET end == EndOf(c, i, bad) IN Settled(c, end, IF end = "done" THEN 0 ELSE i)
                     ELSE IF over /\ calls[c].op = "dispose" /\ IsPending(c)
                     THEN [calls[c] EXCEPT !.out = IF worse = {} THEN "done" ELSE "failed", !.bad = worse]
                     ELSE calls[c]])

OpenFailedAbandoned(i) ==                                                  \* R20
    /\ incs[i].work = "opening" /\ incs[i].life = "releasing"
    /\ Ends(i, "openFailed")

Released(i)      == incs[i].work = "closing" /\ Ends(i, "released")       \* R21, CHA-RC1g1
ReleaseFailed(i) == incs[i].work = "closing" /\ Ends(i, "releaseFailed")  \* R21

-----------------------------------------------------------------------------
Init ==
    /\ calls = [c \in CallIds |-> NoCall]
    /\ incs = [i \in IncIds |-> NoInc]
    /\ failed = {}

Get(n, o) ==
    \/ GetDisposed(n, o) \/ GetConflict(n, o) \/ GetReady(n, o)
    \/ GetJoins(n, o)    \/ GetOpens(n, o)    \/ GetWaits(n, o)

Release(n) ==
    \/ ReleaseNothing(n) \/ ReleaseJoins(n) \/ ReleaseWaiting(n)
    \/ ReleaseReady(n)   \/ ReleaseOpening(n)

Dispose == DisposeFirst \/ DisposeAgain

ReleaseIf(i) == ReleaseIfGone(i) \/ ReleaseIfUsed(i)

BackendEnds(i) ==
    \/ Opened(i) \/ OpenedAbandoned(i) \/ OpenFailed(i) \/ OpenFailedAbandoned(i)
    \/ Released(i) \/ ReleaseFailed(i)

Next ==
    \/ \E n \in Names, o \in Options : Get(n, o)
    \/ \E n \in Names : Release(n)
    \/ Dispose
    \/ \E i \in IncIds : ReleaseIf(i)
    \/ \E c \in CallIds : GiveUp(c)
    \/ \E i \in IncIds : BackendEnds(i)

Spec == Init /\ [][Next]_vars

-----------------------------------------------------------------------------
(* Fairness: the backend ends each work that it was asked for.  It         *)
(* requires nothing of callers: no call need begin or be given up.         *)

EndsOpening(i) == Opened(i) \/ OpenedAbandoned(i) \/ OpenFailed(i) \/ OpenFailedAbandoned(i)
EndsClosing(i) == Released(i) \/ ReleaseFailed(i)

\* Without OpeningsEnd, the gets that wait for an opening, and a release of its incarnation, could
\* wait for ever.
OpeningsEnd == \A i \in IncIds : WF_vars(EndsOpening(i))
\* Without ClosingsEnd, the callers of a release, the name's next get, and a dispose could wait for
\* ever.
ClosingsEnd == \A i \in IncIds : WF_vars(EndsClosing(i))

FairSpec == Spec /\ OpeningsEnd /\ ClosingsEnd

-----------------------------------------------------------------------------
(* Safety *)

Pairs == {<<"initializing", "none">>, <<"initializing", "opening">>, <<"ready", "none">>,
          <<"releasing", "opening">>, <<"releasing", "closing">>, <<"released", "none">>}

TypeOK ==
    LET last == Last
        newest == Newest
    IN  /\ \A c \in CallIds :
             IF c > last THEN calls[c] = NoCall
             ELSE /\ calls[c].op \in {"get", "release", "dispose", "releaseIf"}
                  /\ calls[c].of \in 0..newest /\ (calls[c].of # 0) = (calls[c].op = "releaseIf")
                  /\ calls[c].name \in Names \cup {NoName} /\ calls[c].opt \in Options \cup {NoName}
                  /\ calls[c].waits \in 0..newest /\ calls[c].ref \in 0..newest
                  /\ calls[c].out \in Outcomes /\ calls[c].bad \subseteq 1..newest
        /\ \A i \in IncIds :
             IF i > newest THEN incs[i] = NoInc
             ELSE /\ incs[i].name \in Names /\ incs[i].opt \in Options
                  /\ <<incs[i].life, incs[i].work>> \in Pairs /\ incs[i].ended \in Endings
        /\ failed \subseteq 1..newest

SixPairs == \A i \in Created : <<incs[i].life, incs[i].work>> \in Pairs

OneInUse == \A n \in Names : Cardinality(InUse(n)) <= 1                    \* CHA-RC1

OneReleasing == \A n \in Names : Cardinality(Releasing(n)) <= 1            \* CHA-RC1

\* The backend has i open or works on it.
Held(i) == incs[i].life = "ready" \/ incs[i].work \in {"opening", "closing"}

OneOpen == \A i \in IncIds : Held(i) =>
    \A j \in (i + 1)..MaxCalls : incs[j].name = incs[i].name => ~Held(j)

WaitsForPredecessor == \A i \in IncIds :                              \* CHA-RC1f4
    incs[i].life \in {"initializing", "ready"} =>
        IF incs[i].life = "initializing" /\ incs[i].work = "none"
        THEN Releasing(incs[i].name) # {} ELSE Releasing(incs[i].name) = {}

GotRoom(c) == calls[c].out = "room"

\* c releases a name, or an incarnation that was in use.  A ReleaseIf of another incarnation is
\* settled without waiting.
Releases(c) == calls[c].op = "release" \/ (calls[c].op = "releaseIf" /\ calls[c].waits # 0)

\* A release of the name n, or a dispose, is among the calls from a to b.
Parts(n, a, b) == \E c \in a..b : calls[c].op = "dispose" \/ (Releases(c) /\ calls[c].name = n)

SameRoom == \A a \in CallIds : GotRoom(a) =>                           \* CHA-RC1
    \A b \in (a + 1)..MaxCalls :
      (GotRoom(b) /\ calls[a].name = calls[b].name /\ ~Parts(calls[a].name, a, b)) => calls[a].ref = calls[b].ref

OptionsAgree == \A c \in CallIds :                                    \* CHA-RC1f1
    GotRoom(c) => incs[calls[c].ref].name = calls[c].name /\ incs[calls[c].ref].opt = calls[c].opt

ReleaseRejects == \A g \in CallIds : IsPending(g) /\ calls[g].op = "get" => \* CHA-RC1g4
    ~Parts(calls[g].name, g + 1, MaxCalls)

NotBeforePredecessor == \A c \in CallIds :                            \* CHA-RC1f4
    GotRoom(c) => \A j \in 1..(calls[c].ref - 1) : incs[j].name = calls[c].name => incs[j].life = "released"

WaitedForRelease(c) == Releases(c) /\ calls[c].waits # 0 /\ calls[c].out # "gaveUp"

SharedEnd == \A a \in CallIds : WaitedForRelease(a) =>                 \* CHA-RC1g3
    \A b \in (a + 1)..MaxCalls :
      (WaitedForRelease(b) /\ calls[a].waits = calls[b].waits) => calls[a].out = calls[b].out

NothingAfterDispose == Disposing =>                                        \* CHA-RD1a
    \A i \in IncIds : incs[i].life \notin {"initializing", "ready"}

OpenedIsReleased == \A i \in Created :                                \* CHA-RC1g5
    (incs[i].ended = "opened") = (incs[i].life = "ready" \/ incs[i].work = "closing")

\* A pending call waits for something that is under way.
WaitsOnlyWhile == \A c \in CallIds : IsPending(c) =>
    CASE calls[c].op = "get" ->
           \E i \in IncIds : /\ i = calls[c].waits /\ incs[i].life = "initializing"
                            /\ incs[i].name = calls[c].name /\ incs[i].opt = calls[c].opt
      [] Releases(c)           -> calls[c].waits \in Releasing(calls[c].name)
      [] OTHER                   -> calls[c].waits = 0 /\ AllReleasing # {}

\* The get that created i began before the call c.
CreatedBefore(i, c) == \E g \in 1..(c - 1) : calls[g].op = "get" /\ calls[g].waits = i

ReleaseWaits == \A c \in CallIds :                                    \* CHA-RC1g1, CHA-RC1g3, CHA-RC1g5
    (Releases(c) /\ calls[c].out \notin {Pending, "gaveUp"}) =>
      \A i \in IncIds : (incs[i].name = calls[c].name /\ CreatedBefore(i, c)) => incs[i].life = "released"

RejectedOnlyIf == \A c \in CallIds :                                  \* CHA-RC1g4, CHA-RC1f6
    calls[c].out = "releasedBefore" => calls[c].op = "get" /\ Parts(calls[c].name, c + 1, MaxCalls)

\* The outcome of a call that waited for the end of a work agrees with how the work ended.
ErrorsTold == \A c \in CallIds :                                      \* CHA-RC1f, CHA-RC1g1
    (calls[c].waits # 0 /\ calls[c].out \notin {Pending, "gaveUp", "releasedBefore"}) =>
      LET how == incs[calls[c].waits].ended
      IN  IF calls[c].op = "get"
          THEN /\ how # "none" /\ calls[c].ref = calls[c].waits
               /\ calls[c].out = IF how = "openFailed" THEN "openFailed" ELSE "room"
          ELSE /\ how \notin {"none", "opened"}
               /\ calls[c].out = IF how = "releaseFailed" THEN "releaseFailed" ELSE "done"
               /\ calls[c].ref = IF how = "releaseFailed" THEN calls[c].waits ELSE 0

DisposalTold == \A c \in CallIds :
    (calls[c].op = "dispose" /\ calls[c].out \notin {Pending, "gaveUp"}) =>
      calls[c].out = (IF failed = {} THEN "done" ELSE "failed") /\ calls[c].bad = failed

DisposeWaits == AllReleasing # {} =>                                       \* CHA-RD1d
    \A c \in CallIds : calls[c].op = "dispose" => calls[c].out \notin {"done", "failed"}

(* Properties of steps *)

\* Events of a step: the call c begins; a release of the name of i, a ReleaseIf of i or a dispose
\* begins; the backend reports the end `how` of its work on i.
Starting(c) == calls[c].op = "none" /\ calls'[c].op # "none"
Parting(i) ==
    \E c \in CallIds :
      /\ Starting(c)
      /\ \/ calls'[c].op = "dispose"
         \/ calls'[c].op = "release" /\ calls'[c].name = incs[i].name
         \/ calls'[c].op = "releaseIf" /\ calls'[c].of = i
EndingWith(i, how) == incs[i].ended # how /\ incs'[i].ended = how

\* The outcome that a get or a release has as it begins.  DisposeWaits is about disposes.
AtOnce(op, n, o, of) ==
    CASE op = "release" -> IF InUse(n) \cup Releasing(n) = {} THEN "done" ELSE Pending
      [] op = "releaseIf" -> IF of \in InUse(n) THEN Pending ELSE "done"
      [] Disposing -> "disposed"
      [] \E i \in InUse(n) : incs[i].opt # o -> "differentOptions"
      [] \E i \in InUse(n) : incs[i].opt = o /\ incs[i].life = "ready" -> "room"
      [] OTHER -> Pending

\* CHA-RC1f1, CHA-RC1f2, CHA-RC1f8, CHA-RC1g2
OutcomesNameTheirCause == [][
    \A c \in CallIds :
      (Starting(c) /\ calls'[c].op # "dispose")
      => /\ calls'[c].out = AtOnce(calls'[c].op, calls'[c].name, calls'[c].opt, calls'[c].of)
         /\ calls'[c].ref \in IF calls'[c].out = "room" THEN InUse(calls'[c].name) ELSE {0}
         /\ (calls'[c].waits = 0) = (calls'[c].out # Pending)]_vars

\* An incarnation is created exactly when a get begins that finds none in use.
\* CHA-RC1f3, CHA-RC1f4
CreatedIff == [][
    \A i \in IncIds :
      (i \in Created' /\ i \notin Created) =
        \E c \in CallIds :
          /\ i = Newest + 1 /\ Starting(c) /\ calls'[c].op = "get" /\ ~Disposing /\ InUse(calls'[c].name) = {}
          /\ incs'[i].name = calls'[c].name /\ incs'[i].opt = calls'[c].opt
          /\ calls'[c].waits = i]_vars

\* An incarnation in use stays in use until a call releases it or its name, a dispose begins, or its
\* opening fails. CHA-RC1g5, CHA-RD1
OutOfUseIff == [][
    \A i \in Created :
      (i \in InUse(incs[i].name)') =
        (i \in InUse(incs[i].name) /\ ~Parting(i) /\ ~EndingWith(i, "openFailed"))]_vars

\* An incarnation becomes released by an end of the backend's work, or as it leaves use before it
\* was opened. CHA-RC1g4, CHA-RC1g5
GoneIff == [][
    \A i \in Created : incs[i].life # "released" =>
      (incs'[i].life = "released") =
        \/ EndingWith(i, "openFailed") \/ EndingWith(i, "released") \/ EndingWith(i, "releaseFailed")
        \/ incs[i].life = "initializing" /\ incs[i].work = "none" /\ Parting(i)]_vars

\* The failures of disposal are the releases that failed since it began.
FailuresCounted == [][
    failed' = IF Disposing THEN failed \cup {i \in Created : EndingWith(i, "releaseFailed")} ELSE {}]_vars

GivesUpAlone == [][
    \A c \in CallIds :
      (calls[c].out # "gaveUp" /\ calls'[c].out = "gaveUp")
      => /\ IsPending(c) /\ UNCHANGED <<incs, failed>>
         /\ \A d \in CallIds : calls'[d] = IF d = c THEN [calls[c] EXCEPT !.out = "gaveUp"] ELSE calls[d]]_vars

\* A get whose options differ from those in use as it begins is settled at once, without a room.
\* CHA-RC1f1
ConflictsSettle == [][
    \A n \in Names :
      \A c \in CallIds :
        (/\ calls[c].op = "none" /\ calls'[c].op = "get" /\ calls'[c].name = n
         /\ \E i \in InUse(n) : incs[i].opt # calls'[c].opt)
        => calls'[c].out \in {"differentOptions", "disposed"}]_vars

\* A released incarnation stays released, and a settled call keeps its outcome.
ReleasedIsFinal == [][
    /\ \A i \in Created : incs[i].life = "released" => incs'[i] = incs[i]
    /\ \A c \in Begun : calls[c].out # Pending => calls'[c] = calls[c]]_vars

\* The room of a get is ready when the get is settled with it.
RoomIsReady == [][
    \A c \in CallIds :
      (calls'[c].out = "room" /\ (c \notin Begun \/ calls[c].out = Pending))
      => incs'[calls'[c].ref].life = "ready"]_vars

\* Once a call has begun, its kind, its name, its options and the incarnation that it waits for
\* don't change.  Nor do the name and the options of an incarnation.
HistoryKept == [][
    /\ \A c \in Begun : calls'[c] = [calls[c] EXCEPT !.out = calls'[c].out, !.ref = calls'[c].ref, !.bad = calls'[c].bad]
    /\ \A i \in Created : incs'[i].name = incs[i].name /\ incs'[i].opt = incs[i].opt]_vars

-----------------------------------------------------------------------------
(* Liveness *)

CallsSettle == \A c \in CallIds :
    (c \in Begun /\ calls[c].out = Pending) ~> (c \in Begun /\ calls[c].out # Pending)

NoWedge == \A i \in IncIds :
    /\ (i \in Created /\ incs[i].life = "initializing" /\ incs[i].work = "none")
         ~> (i \in Created /\ (incs[i].work = "opening" \/ incs[i].life = "released"))
    /\ (i \in Created /\ incs[i].life = "releasing") ~> (i \in Created /\ incs[i].life = "released")
=============================================================================
