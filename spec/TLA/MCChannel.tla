----------------------------- MODULE MCChannel -----------------------------
(***************************************************************************)
(* The inputs of Channel.tla one by one, for its graph: TLC writes the     *)
(* name of an action on each edge, but not its arguments.  A call's number *)
(* is the next one; the error of a timer, of an ERROR and of a connection  *)
(* is NErrs; R means resumed, S a serial, E an error.                      *)
(***************************************************************************)
EXTENDS Channel

ASSUME NErrs <= 1 /\ NSerials <= 2 /\ ~Promise

AttachedR0S0E0 == 0 \in Serials /\ 0 \in Errs /\ Attached(FALSE, 0, 0, 0)
AttachedR0S0E1 == 0 \in Serials /\ 1 \in Errs /\ Attached(FALSE, 0, 1, 0)
AttachedR0S1E0 == 1 \in Serials /\ 0 \in Errs /\ Attached(FALSE, 1, 0, 0)
AttachedR0S1E1 == 1 \in Serials /\ 1 \in Errs /\ Attached(FALSE, 1, 1, 0)
AttachedR0S2E0 == 2 \in Serials /\ 0 \in Errs /\ Attached(FALSE, 2, 0, 0)
AttachedR0S2E1 == 2 \in Serials /\ 1 \in Errs /\ Attached(FALSE, 2, 1, 0)
AttachedR1S0E0 == 0 \in Serials /\ 0 \in Errs /\ Attached(TRUE, 0, 0, 0)
AttachedR1S0E1 == 0 \in Serials /\ 1 \in Errs /\ Attached(TRUE, 0, 1, 0)
AttachedR1S1E0 == 1 \in Serials /\ 0 \in Errs /\ Attached(TRUE, 1, 0, 0)
AttachedR1S1E1 == 1 \in Serials /\ 1 \in Errs /\ Attached(TRUE, 1, 1, 0)
AttachedR1S2E0 == 2 \in Serials /\ 0 \in Errs /\ Attached(TRUE, 2, 0, 0)
AttachedR1S2E1 == 2 \in Serials /\ 1 \in Errs /\ Attached(TRUE, 2, 1, 0)

DetachedE0 == 0 \in Errs /\ Detached(0, 0)
DetachedE1 == 1 \in Errs /\ Detached(1, 0)
ErrorE == 0 \in Errs /\ Error(NErrs, 0)
MessageS0 == 0 \in Serials /\ Message(0, 0)
MessageS1 == 1 \in Serials /\ Message(1, 0)
MessageS2 == 2 \in Serials /\ Message(2, 0)

ToInitialized == 0 \in Errs /\ Connection("initialized", FALSE, ErrorOf("initialized"), "none")
ToConnecting == 0 \in Errs /\ Connection("connecting", FALSE, ErrorOf("connecting"), "none")
ToDisconnected == 0 \in Errs /\ Connection("disconnected", FALSE, ErrorOf("disconnected"), "none")
ToSuspended == 0 \in Errs /\ Connection("suspended", FALSE, ErrorOf("suspended"), "none")
ToClosing == 0 \in Errs /\ Connection("closing", FALSE, ErrorOf("closing"), "none")
ToClosed == 0 \in Errs /\ Connection("closed", FALSE, ErrorOf("closed"), "none")
ToFailed == 0 \in Errs /\ Connection("failed", FALSE, ErrorOf("failed"), "none")
ToConnectedNew == 0 \in Errs /\ Connection("connected", FALSE, 0, "none")
ToConnectedResumed == 0 \in Errs /\ Connection("connected", TRUE, 0, "none")

NextByName ==
    \/ Attach \/ Detach \/ SetOptions \/ GiveBack \/ Renew \/ Overtaken \/ TimeoutOfRequest \/ RetryTimeout
    \/ AttachedR0S0E0 \/ AttachedR0S0E1 \/ AttachedR0S1E0 \/ AttachedR0S1E1
    \/ AttachedR0S2E0 \/ AttachedR0S2E1 \/ AttachedR1S0E0 \/ AttachedR1S0E1
    \/ AttachedR1S1E0 \/ AttachedR1S1E1 \/ AttachedR1S2E0 \/ AttachedR1S2E1
    \/ DetachedE0 \/ DetachedE1 \/ ErrorE \/ MessageS0
    \/ MessageS1 \/ MessageS2 \/ ToInitialized \/ ToConnecting
    \/ ToDisconnected \/ ToSuspended \/ ToClosing \/ ToClosed
    \/ ToFailed \/ ToConnectedNew \/ ToConnectedResumed

\* The same steps as Next takes.
GraphSpec == Init /\ [][NextByName]_vars
=============================================================================
