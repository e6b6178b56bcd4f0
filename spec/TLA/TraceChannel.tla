---------------------------- MODULE TraceChannel ----------------------------
(***************************************************************************)
(* Checks recorded traces of the running core of a channel against         *)
(* ChannelSteps.tla.  A trace is a sequence of lines.  Each has an input,  *)
(* whether the core refused it, its outputs, and the whole state of the    *)
(* channel before and after it.  A line must be a step of the spec. Its    *)
(* state before must be the state after the previous line; that of the     *)
(* first line must be a new channel, on a connection in any state.  An     *)
(* input must be refused exactly if no rule names it in that state.        *)
(*                                                                         *)
(* The fields of a line: kind, call, resumed, serial, err and connection   *)
(* of the input; refused; outs; before and after, each a channel as in     *)
(* ChannelSteps.tla.  The command tests/wire/traces writes the module with *)
(* the traces, which extends this one.                                     *)
(***************************************************************************)
EXTENDS ChannelSteps

CONSTANTS Traces \* a sequence of traces

VARIABLES of,   \* the trace that is checked
          at    \* the number of its lines that were taken

Line(t, k) == Traces[t][k]

\* No rule names the input in this state, or in any state.
Kinds == {"Attach", "Detach", "SetOptions", "GiveBack", "Renew", "Attached", "Detached", "Error", "Overtaken", "Message",
          "RequestTimeout", "RetryTimeout", "Connection"}

Refused(ch, l) ==
    CASE l.kind \in {"Attach", "Detach", "SetOptions"} -> ch.givenBack \/ l.call # ch.last + 1
      [] l.kind = "GiveBack"                           -> ch.givenBack
      [] l.kind = "Renew"                              -> ~ch.givenBack
      [] l.kind \in {"Attached", "Detached", "Error", "Overtaken", "Message"} -> ~IsConnected(ch)
      [] l.kind = "RequestTimeout"                     -> ~ch.awaited
      [] l.kind = "RetryTimeout"                       -> ~RetryRuns(ch)
      [] l.kind = "Connection"                         -> l.connection \notin ConnectionStates
      [] OTHER                                         -> l.kind \notin Kinds

After(ch, l) ==
    CASE l.kind = "Attach"         -> AfterAttach(ch)
      [] l.kind = "Detach"         -> AfterDetach(ch)
      [] l.kind = "SetOptions"     -> AfterSetOptions(ch)
      [] l.kind = "GiveBack"       -> AfterGiveBack(ch)
      [] l.kind = "Renew"          -> AfterRenew(ch)
      [] l.kind = "Attached"       -> AfterAttached(ch, l.resumed, l.serial, l.err)
      [] l.kind = "Detached"       -> AfterDetached(ch, l.err)
      [] l.kind = "Error"          -> AfterError(ch, l.err)
      [] l.kind = "Overtaken"      -> AfterOvertaken(ch)
      [] l.kind = "Message"        -> AfterMessage(ch, l.serial)
      [] l.kind = "RequestTimeout" -> AfterRequestTimeout(ch, l.err)
      [] l.kind = "RetryTimeout"   -> AfterRetryTimeout(ch)
      [] l.kind = "Connection"     -> AfterConnection(ch, l.connection, l.resumed, l.err)

Begins(ch) == ch = [NewChannel EXCEPT !.connection = ch.connection]

Takes(t, k) ==
    LET l  == Line(t, k)
        ch == l.before
    IN  /\ IF k = 1 THEN Begins(ch) ELSE ch = Line(t, k - 1).after
        /\ l.refused = Refused(ch, l)
        /\ IF l.refused THEN l.outs = <<>> /\ l.after = ch
           ELSE LET r == TLCEval(After(ch, l)) IN l.outs = r.outs /\ l.after = [r EXCEPT !.outs = <<>>]

TraceInit == of \in 1..Len(Traces) /\ at = 0

TraceNext ==
    /\ at < Len(Traces[of]) /\ Takes(of, at + 1)
    /\ at' = at + 1 /\ of' = of
    /\ IF at' = Len(Traces[of]) THEN PrintT(<<"accepted", of>>) ELSE TRUE

TraceSpec == TraceInit /\ [][TraceNext]_<<of, at>>
=============================================================================
