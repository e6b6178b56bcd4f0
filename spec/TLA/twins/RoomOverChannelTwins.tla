------------------------ MODULE RoomOverChannelTwins ------------------------
(***************************************************************************)
(* Broken operators for RoomOverChannel.tla: ports that do not do what     *)
(* RoomStatus.tla takes for granted.                                       *)
(***************************************************************************)
EXTENDS RoomOverChannel

\* The end of a call overtakes the event that came before it, as with ably-go's listeners.
EndsFirst(list) == SelectSeq(list, LAMBDA o : o[1] = "settle") \o SelectSeq(list, LAMBDA o : o[1] # "settle")

\* Each event says that continuity was kept.
AllResumed(list) == [k \in 1..Len(list) |-> IF list[k][1] = "state" THEN [list[k] EXCEPT ![4] = TRUE] ELSE list[k]]

\* The room takes an update for one that kept continuity.
UpdateResumed(resumed) == TRUE

\* What the channel puts out when it was given back comes to the room.
NeverSilent == FALSE

\* A room that was released is told of the end of its channel again.
TellsTwice(list) == list \o SelectSeq(list, LAMBDA o : o[1] = "settle")

\* The events of a channel that was given back are made up.
MakesUp(list) == IF ch.givenBack THEN <<<<"update", 0>>>> ELSE list

\* Every end of a call counts as success.
AllEndWell(outcome) == TRUE

NoPort     == Spec /\ EventsCome /\ RequestsEnd /\ LinksMove
NoEvents   == Spec /\ PortActs /\ RequestsEnd /\ LinksMove
NoRequests == Spec /\ PortActs /\ EventsCome /\ LinksMove
NoLinks    == Spec /\ PortActs /\ EventsCome /\ RequestsEnd
=============================================================================
