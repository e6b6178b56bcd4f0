--------------------------- MODULE RoomsOverRooms ---------------------------
(***************************************************************************)
(* Rooms.tla with rooms of RoomStatusSteps.tla as its backend.             *)
(*                                                                         *)
(* Rooms.tla doesn't define what an incarnation is: a backend opens and    *)
(* releases it.  Rooms.tla assumes that the backend ends each release in   *)
(* some way, once, and holds nothing of the incarnation afterwards.  Here  *)
(* the backend is the machine of a room.  An opening that succeeds has     *)
(* fetched a channel and makes a new room.  A release that Rooms begins is *)
(* the room's release; it ends for Rooms when the room settles that call.  *)
(* Meanwhile the room's users attach, detach and give up, and any event of *)
(* the channel may occur.                                                  *)
(*                                                                         *)
(* The mapping is the identity: calls, incs and failed are those of        *)
(* Rooms.tla, and RoomsRefined states that they take steps of Rooms.tla.   *)
(* The fairness below contains the remaining assumptions.                  *)
(***************************************************************************)
EXTENDS Rooms, RoomStatusSteps

CONSTANTS UserCalls,   \* the number of attaches and detaches that may be called on each room
          NErrs,       \* the errors are 1..NErrs; 0 is none
          Emitted      \* the states that the channels' events may report

VARIABLES rooms,   \* the room of each incarnation; NoRoom before it is opened and after it is released
          rel,     \* for each room, the number of the call that releases it; 0 before that call
          held     \* the incarnations whose channel is fetched and not given back

world   == <<rooms, rel, held>>
allVars == <<vars, world>>

Errs     == 0..NErrs
RoomCalls == 1..(UserCalls + 1)

\* In place of a room that doesn't exist.
NoRoom == [NewRoom EXCEPT !.status = "released"]

-----------------------------------------------------------------------------
(* Decisions of Rooms, and their effects on the rooms. *)

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
(* Steps of a room, and their effects on Rooms. *)

There(i) == i \in Created /\ rooms[i] # NoRoom

\* The outputs of a step by which the room settles its release, in order.
Heard(i, r) == SelectSeq(r.outs, LAMBDA o : o[1] = "settle" /\ o[2] = rel[i])

\* This doesn't check that Rooms waits for the end of the release: RoomsRefined does.
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
(* Fairness: for each room the fairness of RoomStatus.tla, and for each    *)
(* opening that the fetching of its channel ends in some way.  It is not   *)
(* assumed that releases end.                                              *)

\* The step ends a wait of the room: afterwards the room waits for something else, or begins a new
\* wait for the same thing.
Anew(i) ==
    \/ rooms'[i].phase # rooms[i].phase \/ rooms'[i].op # rooms[i].op
    \/ rooms'[i].caller # rooms[i].caller /\ rooms'[i].caller # 0

PhaseEnds(phase) == \A i \in IncIds : []<>(rooms[i].phase # phase) \/ []<><<rooms[i].phase = phase /\ Anew(i)>>_allVars

\* Strong fairness, as in RoomStatus.tla.
RetriesEnd == \A i \in IncIds :
    \/ <>[](rooms[i].op # "release" \/ rooms[i].phase # "inDetach")
    \/ []<><<rooms[i].op = "release" /\ rooms[i].phase = "inDetach" /\ rooms'[i].phase = "inGiveBack">>_allVars

FetchesEnd == \A i \in IncIds : []<>(incs[i].work # "opening") \/ []<><<incs[i].work = "opening" /\ incs'[i].work # "opening">>_allVars

AllFair ==
    /\ AllSpec /\ FetchesEnd /\ RetriesEnd
    /\ PhaseEnds("inAttach") /\ PhaseEnds("inDetach") /\ PhaseEnds("inRetryPause") /\ PhaseEnds("inGiveBack")

-----------------------------------------------------------------------------
(* The assumptions of Rooms.tla. *)

\* A released incarnation has no room and holds no channel; one that is ready or closing has both.
NothingLeft == \A i \in IncIds :
    /\ incs[i].life \in {"none", "released"} => i \notin held /\ rooms[i] = NoRoom
    /\ (incs[i].life = "ready" \/ incs[i].work = "closing") => i \in held /\ rooms[i] # NoRoom

\* While an incarnation is being opened, no channel of its name is held: the last one was given back
\* before. CHA-RC1f4
OneChannel == \A i \in IncIds : incs[i].work = "opening" =>
    \A j \in IncIds : j \in held => incs[j].name # incs[i].name

\* A room has the call of a release exactly while Rooms waits for the release.
OneRelease == \A i \in IncIds :
    rooms[i] # NoRoom => (rel[i] # 0) = (incs[i].work = "closing")

\* Each step is a step of Rooms.tla, or changes none of its variables.  So each release ends once,
\* when Rooms waits for it, and with the same outcome.
RoomsRefined == [][Next]_vars

\* Each release that Rooms begins ends.  This is ClosingsEnd of Rooms.tla, whose step is enabled
\* while the work is closing.
EachClosingEnds == \A i \in IncIds : (incs[i].work = "closing") ~> (incs[i].work # "closing")
=============================================================================
