--------------------------- MODULE RoomsOverRooms ---------------------------
(***************************************************************************)
(* Rooms.tla with rooms of the kind of RoomStatusSteps.tla under it.       *)
(*                                                                         *)
(* Rooms.tla says nothing of what an incarnation is: to open and to        *)
(* release one is asked of a backend, which is taken to end each release   *)
(* in some way, once, and then to hold nothing of it any more.  Here the   *)
(* backend is the machine of a room: an opening that succeeds has fetched  *)
(* a channel and makes a new room; a release that Rooms asks for is the    *)
(* room's release; and Rooms hears that it ended when the room settles     *)
(* that call.  Meanwhile the room's users attach, detach and give up, and  *)
(* the channel does what it likes.                                         *)
(*                                                                         *)
(* The mapping is the identity: calls, incs and failed are those of        *)
(* Rooms.tla, and RoomsRefined says that they take steps of Rooms.tla.     *)
(* What is left to assume of the world is in the fairness below.           *)
(***************************************************************************)
EXTENDS Rooms, RoomStatusSteps

CONSTANTS UserCalls,   \* how many attaches and detaches are called on each room
          NErrs,       \* the errors are 1..NErrs; 0 is none
          Emitted      \* the states of which channels' events tell

VARIABLES rooms,   \* the room of each incarnation; NoRoom before it was opened and after it was released
          rel,     \* the number of the release among the calls on the room; 0 before
          held     \* the incarnations whose channel is fetched and not given back

world   == <<rooms, rel, held>>
allVars == <<vars, world>>

Errs     == 0..NErrs
RoomCalls == 1..(UserCalls + 1)

\* A room of which nothing is asked.
NoRoom == [NewRoom EXCEPT !.status = "released"]

-----------------------------------------------------------------------------
(* What Rooms decides, and what becomes of the rooms by it. *)

Fetches(i) == incs[i].work = "opening" /\ (incs'[i].life = "ready" \/ incs'[i].work = "closing")
Closes(i)  == incs[i].work # "closing" /\ incs'[i].work = "closing"

Decided ==
    /\ held' = held \cup {i \in IncIds : Fetches(i)}
    /\ rooms' = TLCEval([i \in IncIds |->
                  LET r == IF Fetches(i) THEN NewRoom ELSE rooms[i]
                  IN  IF Closes(i) THEN [AfterCall(r, "release") EXCEPT !.outs = <<>>] ELSE r])
    /\ rel' = TLCEval([i \in IncIds |-> IF Closes(i) THEN rooms'[i].last ELSE rel[i]])

RoomsDecides ==
    /\ \/ \E n \in Names, o \in Options : Get(n, o)
       \/ \E n \in Names : Release(n)
       \/ Dispose
       \/ \E i \in IncIds : ReleaseIf(i)
       \/ \E c \in CallIds : GiveUp(c)
       \/ \E i \in IncIds : EndsOpening(i)
    /\ Decided

-----------------------------------------------------------------------------
(* What happens to a room, and what Rooms hears of it. *)

There(i) == i \in Created /\ rooms[i] # NoRoom

\* How the room settles its release in a step, in the order in which it does.
Heard(i, r) == SelectSeq(r.outs, LAMBDA o : o[1] = "settle" /\ o[2] = rel[i])

\* Rooms is not asked whether it waits for that end: that it does is RoomsRefined.
Happens(i, r) ==
    LET heard == TLCEval(Heard(i, r))
    IN  /\ rooms' = TLCEval([rooms EXCEPT ![i] = IF r.status = "released" /\ r.phase = "idle" THEN NoRoom ELSE [r EXCEPT !.outs = <<>>]])
        /\ rel' = rel
        /\ IF heard = <<>> THEN UNCHANGED vars
           ELSE Len(heard) = 1 /\ Ends(i, IF heard[1][3] = "failed" THEN "releaseFailed" ELSE "released")

CalledByUsers(i) == rooms[i].last - (IF rel[i] = 0 THEN 0 ELSE 1)

UserAttaches(i) == There(i) /\ CalledByUsers(i) < UserCalls /\ Happens(i, AfterCall(rooms[i], "attach")) /\ UNCHANGED held
UserDetaches(i) == There(i) /\ CalledByUsers(i) < UserCalls /\ Happens(i, AfterCall(rooms[i], "detach")) /\ UNCHANGED held
UserGivesUp(i, c) ==
    There(i) /\ c # rel[i] /\ HasPending(rooms[i], c) /\ Happens(i, AfterGiveUp(rooms[i], c)) /\ UNCHANGED held

AttachOver(i, e)   == There(i) /\ rooms[i].phase = "inAttach" /\ Happens(i, AfterAttachEnded(rooms[i], e)) /\ UNCHANGED held
DetachOver(i, e)   == There(i) /\ rooms[i].phase = "inDetach" /\ Happens(i, AfterDetachEnded(rooms[i], e)) /\ UNCHANGED held
PauseOver(i)       == There(i) /\ rooms[i].phase = "inRetryPause" /\ Happens(i, AfterRetryDue(rooms[i])) /\ UNCHANGED held
GiveBackOver(i, e) == There(i) /\ rooms[i].phase = "inGiveBack" /\ Happens(i, AfterGiveBackEnded(rooms[i], e)) /\ held' = held \ {i}

ChannelTells(i, s, e) == There(i) /\ s \in Emitted /\ Happens(i, AfterEvent(rooms[i], s, FALSE, FALSE, e)) /\ UNCHANGED held

RoomGoesOn(i) ==
    \/ UserAttaches(i) \/ UserDetaches(i)
    \/ \E c \in RoomCalls : UserGivesUp(i, c)
    \/ \E e \in Errs : AttachOver(i, e) \/ DetachOver(i, e) \/ GiveBackOver(i, e)
    \/ PauseOver(i)
    \/ \E s \in ChannelStates, e \in Errs : ChannelTells(i, s, e)

AllInit == Init /\ rooms = [i \in IncIds |-> NoRoom] /\ rel = [i \in IncIds |-> 0] /\ held = {}

AllNext == RoomsDecides \/ \E i \in IncIds : RoomGoesOn(i)

AllSpec == AllInit /\ [][AllNext]_allVars

-----------------------------------------------------------------------------
(* Fairness: that of RoomStatus.tla for each room, and of openings, which  *)
(* are the port's own: to fetch a channel ends in some way.  That releases *)
(* end is not assumed.                                                     *)

\* The room waits for something else now, or for the same anew.
Anew(i) ==
    \/ rooms'[i].phase # rooms[i].phase \/ rooms'[i].op # rooms[i].op
    \/ rooms'[i].caller # rooms[i].caller /\ rooms'[i].caller # 0

PhaseEnds(phase) == \A i \in IncIds : []<>(rooms[i].phase # phase) \/ []<><<rooms[i].phase = phase /\ Anew(i)>>_allVars

\* Strong, as in RoomStatus.tla.
RetriesEnd == \A i \in IncIds :
    \/ <>[](rooms[i].op # "release" \/ rooms[i].phase # "inDetach")
    \/ []<><<rooms[i].op = "release" /\ rooms[i].phase = "inDetach" /\ rooms'[i].phase = "inGiveBack">>_allVars

FetchesEnd == \A i \in IncIds : []<>(incs[i].work # "opening") \/ []<><<incs[i].work = "opening" /\ incs'[i].work # "opening">>_allVars

AllFair ==
    /\ AllSpec /\ FetchesEnd /\ RetriesEnd
    /\ PhaseEnds("inAttach") /\ PhaseEnds("inDetach") /\ PhaseEnds("inRetryPause") /\ PhaseEnds("inGiveBack")

-----------------------------------------------------------------------------
(* What Rooms.tla takes for granted. *)

\* A channel's room is there, or it is Rooms that works on it; what was released holds nothing.
NothingLeft == \A i \in IncIds :
    /\ incs[i].life \in {"none", "released"} => i \notin held /\ rooms[i] = NoRoom
    /\ (incs[i].life = "ready" \/ incs[i].work = "closing") => i \in held /\ rooms[i] # NoRoom

\* An opening begins when no channel of the name is held: it was given back before.               CHA-RC1f4
OneChannel == \A i \in IncIds : incs[i].work = "opening" =>
    \A j \in IncIds : j \in held => incs[j].name # incs[i].name

\* A room that is there has the call of a release as long as Rooms waits for it, and no longer.
OneRelease == \A i \in IncIds :
    rooms[i] # NoRoom => (rel[i] # 0) = (incs[i].work = "closing")

\* Each step is one of Rooms.tla, or changes nothing of it: each release ends once, when it is waited for, as well or as badly as it did.
RoomsRefined == [][Next]_vars

\* Each release that Rooms asks for ends: ClosingsEnd of Rooms.tla, whose step is enabled as long as the work is closing.
EachClosingEnds == \A i \in IncIds : (incs[i].work = "closing") ~> (incs[i].work # "closing")
=============================================================================
