--------------------------- MODULE MCRoomStatus ---------------------------
(***************************************************************************)
(* The inputs of RoomStatus.tla one by one, for its graph: TLC writes the  *)
(* name of an action on each edge, but not its arguments.  A call's number *)
(* is the next one, or is in the output of GiveUp.                         *)
(***************************************************************************)
EXTENDS RoomStatus

ASSUME NErrs <= 1

TurnedInitialized0   == 0 \in Errs /\ Turned("initialized", 0)
TurnedAttaching0     == 0 \in Errs /\ Turned("attaching", 0)
TurnedAttached0      == 0 \in Errs /\ Turned("attached", 0)
TurnedDetaching0     == 0 \in Errs /\ Turned("detaching", 0)
TurnedDetached0      == 0 \in Errs /\ Turned("detached", 0)
TurnedSuspended0     == 0 \in Errs /\ Turned("suspended", 0)
TurnedFailed0        == 0 \in Errs /\ Turned("failed", 0)
Resumed0             == 0 \in Errs /\ Resumed(0)
Updated0             == 0 \in Errs /\ Updated(FALSE, 0)
UpdatedResumed0      == 0 \in Errs /\ Updated(TRUE, 0)
AttachEnded0         == 0 \in Errs /\ AttachEnded(0)
DetachEnded0         == 0 \in Errs /\ DetachEnded(0)
GiveBackEnded0       == 0 \in Errs /\ GiveBackEnded(0)

TurnedInitialized1   == 1 \in Errs /\ Turned("initialized", 1)
TurnedAttaching1     == 1 \in Errs /\ Turned("attaching", 1)
TurnedAttached1      == 1 \in Errs /\ Turned("attached", 1)
TurnedDetaching1     == 1 \in Errs /\ Turned("detaching", 1)
TurnedDetached1      == 1 \in Errs /\ Turned("detached", 1)
TurnedSuspended1     == 1 \in Errs /\ Turned("suspended", 1)
TurnedFailed1        == 1 \in Errs /\ Turned("failed", 1)
Resumed1             == 1 \in Errs /\ Resumed(1)
Updated1             == 1 \in Errs /\ Updated(FALSE, 1)
UpdatedResumed1      == 1 \in Errs /\ Updated(TRUE, 1)
AttachEnded1         == 1 \in Errs /\ AttachEnded(1)
DetachEnded1         == 1 \in Errs /\ DetachEnded(1)
GiveBackEnded1       == 1 \in Errs /\ GiveBackEnded(1)

NextByName ==
    \/ Attach \/ Detach \/ Release
    \/ \E c \in CallIds : GiveUp(c)
    \/ RetryDue
    \/ TurnedInitialized0 \/ TurnedAttaching0 \/ TurnedAttached0 \/ TurnedDetaching0
    \/ TurnedDetached0 \/ TurnedSuspended0 \/ TurnedFailed0 \/ Resumed0
    \/ Updated0 \/ UpdatedResumed0 \/ AttachEnded0 \/ DetachEnded0
    \/ GiveBackEnded0
    \/ TurnedInitialized1 \/ TurnedAttaching1 \/ TurnedAttached1 \/ TurnedDetaching1
    \/ TurnedDetached1 \/ TurnedSuspended1 \/ TurnedFailed1 \/ Resumed1
    \/ Updated1 \/ UpdatedResumed1 \/ AttachEnded1 \/ DetachEnded1
    \/ GiveBackEnded1

\* The same steps as Next takes.
GraphSpec == Init /\ [][NextByName]_vars
=============================================================================
