---------------------------- MODULE LeasesTwins -----------------------------
(***************************************************************************)
(* Broken operators for Leases.tla; see RoomsTwins.tla.                    *)
(***************************************************************************)
EXTENDS Leases

\* The first lease that closes releases the room.
NoOthers(i, c) == {}

\* The last lease does not release the room.
AlwaysWanted(i, c) == TRUE

\* Closing a lease releases the incarnation that the name has in use now.
ByNameNow(i) == InUse(incs[i].name)

\* A get doesn't keep the room.
NoKeepers(i) == {}
=============================================================================
