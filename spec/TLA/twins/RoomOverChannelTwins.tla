------------------------ MODULE RoomOverChannelTwins ------------------------
(***************************************************************************)
(* Broken operators for RoomOverChannel.tla: ports that don't keep the     *)
(* assumptions of RoomStatus.tla.                                          *)
(***************************************************************************)
EXTENDS RoomOverChannel

\* The end of a call reaches the room before the event that came first, as with ably-go's listeners.
EndsFirst(list) == SelectSeq(list, LAMBDA o : o[1] = "settle") \o SelectSeq(list, LAMBDA o : o[1] # "settle")

\* Each event reports that continuity was kept.
AllResumed(list) == [k \in 1..Len(list) |-> IF list[k][1] = "state" THEN [list[k] EXCEPT ![4] = TRUE] ELSE list[k]]

\* An update reports that continuity was kept.
UpdateResumed(resumed) == TRUE

\* Outputs of a channel that was given back reach the room.
NeverSilent == FALSE

\* The end of a call is reported to the room twice.
TellsTwice(list) == list \o SelectSeq(list, LAMBDA o : o[1] = "settle")

\* A channel that was given back reports updates that didn't occur.
MakesUp(list) == IF ch.givenBack THEN <<<<"update", 0>>>> ELSE list

\* Every end of a call counts as success.
AllEndWell(outcome) == TRUE

NoPort     == Spec /\ EventsCome /\ RequestsEnd /\ LinksMove
NoEvents   == Spec /\ PortActs /\ RequestsEnd /\ LinksMove
NoRequests == Spec /\ PortActs /\ EventsCome /\ LinksMove
NoLinks    == Spec /\ PortActs /\ EventsCome /\ RequestsEnd
=============================================================================
