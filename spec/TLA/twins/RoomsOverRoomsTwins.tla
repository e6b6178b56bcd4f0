------------------------ MODULE RoomsOverRoomsTwins ------------------------
(***************************************************************************)
(* Broken operators for RoomsOverRooms.tla: rooms that don't keep the      *)
(* assumptions of Rooms.tla.                                               *)
(***************************************************************************)
EXTENDS RoomsOverRooms

\* The release ends for Rooms while the channel is still being given back.
TellsEarly(r) == Over(Put(SetStatus(r, "released", 0), GiveBackChannel), Done)

\* The same, and it ends once more when the channel has been given back.
TellsTwice(r) ==
    [Put(Put(SetStatus(r, "released", 0), GiveBackChannel), Settles(r.caller, Done)) EXCEPT !.phase = "inGiveBack"]

\* A room stops after an operation that failed: a release in the queue never begins.
StopsAfterFailure(r, e) == Over(SetStatus(r, r.channel, e), FailedWith(e))

-----------------------------------------------------------------------------
(* Without one conjunct of the fairness. *)

NoFetchFairness ==
    AllSpec /\ RetriesEnd /\ PhaseEnds("inAttach") /\ PhaseEnds("inDetach") /\ PhaseEnds("inRetryPause") /\ PhaseEnds("inGiveBack")
NoRetryFairness ==
    AllSpec /\ FetchesEnd /\ PhaseEnds("inAttach") /\ PhaseEnds("inDetach") /\ PhaseEnds("inRetryPause") /\ PhaseEnds("inGiveBack")
=============================================================================
