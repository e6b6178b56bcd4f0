----------------------------- MODULE TraceRooms -----------------------------
(***************************************************************************)
(* Checks recorded traces of the running core against Rooms.tla.  A trace  *)
(* is a sequence of lines, each with an input, its outputs and the whole   *)
(* state of the core afterwards.  Each line must be a step of Rooms.tla    *)
(* with exactly this input, these outputs and this state; a trace is       *)
(* accepted when its last line is consumed.  There is no other way to      *)
(* consume a line, and no step without a line.                             *)
(*                                                                         *)
(* The traces form a tree: traces with the same beginning share the lines  *)
(* of that beginning, so that each different beginning is checked once. A  *)
(* trace is a path from a first line to the node of its last line.         *)
(*                                                                         *)
(* Each row has the names of one thing in four places: in the spec, in a   *)
(* line of a trace in this module, in the JSON of a trace, and in the Go   *)
(* package fsm:                                                            *)
(*                                                                         *)
(*   action                  kind         input.kind         RoomsInput.Kind *)
(*   c of the action         call         input.call         RoomsInput.Call *)
(*   i of the action         inc          input.incarnation  RoomsInput.Incarnation *)
(*   n, or incs[i].name      name         input.name         RoomsStep.Name *)
(*   o                       opt          input.options      RoomsInput.Options *)
(*   Outputs below           outs         outputs            RoomsOutput   *)
(*   calls'[c].out           outs.out     outputs.outcome    Outcome.Kind  *)
(*   View below              state        state              RoomsState    *)
(*   incs[i]                 state.incs   state.incarnations IncarnationState *)
(*   failed                  state.failed state.failed       RoomsState.Failed *)
(*                                                                         *)
(* docs/traces.md explains traces.  The command tests/wire/traces writes   *)
(* the module with the traces, which extends this one, and its             *)
(* configuration.                                                          *)
(***************************************************************************)
EXTENDS Rooms

CONSTANTS Tree,    \* a sequence of nodes: line, next (the nodes of the lines that may follow), ends (whether a trace ends here)
          First,   \* the nodes of the first lines
          Tell     \* whether to print each node that is consumed, and, of a line that is not, the spec's value of the first part that differs

VARIABLES node,   \* the last line that was consumed; 0 at the beginning
          at      \* the number of lines that were consumed

traceVars == <<calls, incs, failed, node, at>>

-----------------------------------------------------------------------------
(* The part of a state that the core keeps: it keeps no settled calls and  *)
(* no records of released incarnations. View takes the values of a state   *)
(* as arguments, so that TLC evaluates each once. In a primed expression,  *)
(* such as View', TLC would evaluate the parts again and again.            *)

Numbers == [k \in CallIds |-> k]

Ascending(S) == SelectSeq(Numbers, LAMBDA k : k \in S)

KeptInc(i, inc, cs) ==
    [id |-> i, name |-> inc.name, opt |-> inc.opt, life |-> inc.life, work |-> inc.work,
     waiters |-> Ascending({c \in CallIds : cs[c].op \in {"get", "release", "releaseIf"} /\ cs[c].out = Pending /\ cs[c].waits = i})]

View(cs, is, bad) ==
    LET disposes == TLCEval({c \in CallIds : cs[c].op = "dispose"})
        kept     == TLCEval(Ascending({i \in IncIds : is[i].life \notin {"none", "released"}}))
    IN  [next      |-> Cardinality({c \in CallIds : cs[c].op # "none"}) + 1,
         incs      |-> TLCEval([k \in 1..Len(kept) |-> KeptInc(kept[k], is[kept[k]], cs)]),
         disposal  |-> IF disposes = {} THEN "no"
                       ELSE IF {i \in IncIds : is[i].life = "releasing"} # {} THEN "disposing" ELSE "disposed",
         disposers |-> Ascending({c \in disposes : cs[c].out = Pending}),
         failed    |-> Ascending(bad),
         last      |-> Cardinality({i \in IncIds : is[i].life # "none"})]

-----------------------------------------------------------------------------
(* The outputs of a step: the difference between two states. The outputs   *)
(* that settle calls come first, in the order of the calls. Then come      *)
(* open, release and abandon, in the order of the incarnations.            *)

JustSettled == {c \in CallIds : calls'[c].out \notin {"none", Pending} /\ calls[c].out \in {"none", Pending}}

\* The incarnation that an outcome is about.  For differentOptions and releasedBefore, the core's output names it, but the error
\* that the caller gets does not.
About(c) ==
    CASE calls'[c].out = "differentOptions" -> (CHOOSE i \in InUse(calls'[c].name) : TRUE)
      [] calls'[c].out = "releasedBefore"   -> calls'[c].waits
      [] OTHER                              -> calls'[c].ref

SettleOutput(c) ==
    [kind |-> "settle", call |-> c, inc |-> About(c), out |-> calls'[c].out, bad |-> Ascending(calls'[c].bad)]

Told(i) ==
    CASE incs'[i].work = "opening" /\ incs[i].work # "opening" -> "open"
      [] incs'[i].work = "closing" /\ incs[i].work # "closing" -> "release"
      [] incs'[i].work = "opening" /\ incs'[i].life = "releasing" /\ incs[i].life # "releasing" -> "abandon"
      [] OTHER -> NoName

TellOutput(i) == [kind |-> Told(i), call |-> 0, inc |-> i, out |-> NoName, bad |-> <<>>]

Outputs ==
    LET settled == TLCEval(Ascending(JustSettled))
        told    == TLCEval(Ascending({i \in IncIds : Told(i) # NoName}))
    IN  TLCEval([k \in 1..(Len(settled) + Len(told)) |->
            IF k <= Len(settled) THEN SettleOutput(settled[k]) ELSE TellOutput(told[k - Len(settled)])])

-----------------------------------------------------------------------------
(* The step that a line contains. *)

Begins(l) == l.call = Last + 1 /\ l.inc = 0
Ended(l)  == l.call = 0 /\ l.opt = NoName /\ l.inc \in Created /\ l.name = incs[l.inc].name

Takes(l) ==
    CASE l.kind = "Get"           -> Begins(l) /\ l.name \in Names /\ l.opt \in Options /\ Get(l.name, l.opt)
      [] l.kind = "Release"       -> Begins(l) /\ l.name \in Names /\ l.opt = NoName /\ Release(l.name)
      [] l.kind = "Dispose"       -> Begins(l) /\ l.name = NoName /\ l.opt = NoName /\ Dispose
      [] l.kind = "ReleaseIf"     -> l.call = Last + 1 /\ l.opt = NoName /\ l.inc \in Created /\ l.name = incs[l.inc].name /\ ReleaseIf(l.inc)
      [] l.kind = "GiveUp"        -> l.inc = 0 /\ l.name = NoName /\ l.opt = NoName /\ l.call \in CallIds /\ GiveUp(l.call)
      [] l.kind = "Opened"        -> Ended(l) /\ (Opened(l.inc) \/ OpenedAbandoned(l.inc))
      [] l.kind = "OpenFailed"    -> Ended(l) /\ (OpenFailed(l.inc) \/ OpenFailedAbandoned(l.inc))
      [] l.kind = "Released"      -> Ended(l) /\ Released(l.inc)
      [] l.kind = "ReleaseFailed" -> Ended(l) /\ ReleaseFailed(l.inc)
      [] OTHER                    -> FALSE

\* Same checks that two values are equal.  If they are not, the value of the spec is printed.
Same(what, spec, line, n) ==
    IF spec = line THEN TRUE
    ELSE IF Tell THEN PrintT(<<"differs", n, what, spec>>) /\ FALSE
    ELSE FALSE

Consume(l, n) ==
    /\ l.seq = at + 1
    /\ Takes(l)
    /\ Same("error", l.kind \in {"OpenFailed", "ReleaseFailed"}, l.err, n)
    /\ Same("outputs", Outputs, l.outs, n)
    /\ Same("state", View(calls', incs', failed'), l.state, n)

\* Printed for tests/wire/traces, which looks for the last line of each trace.
Said(n) == IF Tell \/ Tree[n].ends THEN PrintT(<<"consumed", n>>) ELSE TRUE

After == IF node = 0 THEN First ELSE Tree[node].next

TraceInit ==
    /\ Init
    /\ node = 0
    /\ at = 0

TraceNext ==
    \E n \in After :
        /\ Consume(Tree[n].line, n)
        /\ node' = n
        /\ at' = at + 1
        /\ Said(n)

TraceSpec == TraceInit /\ [][TraceNext]_traceVars
=============================================================================
