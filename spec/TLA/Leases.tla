------------------------------- MODULE Leases -------------------------------
(***************************************************************************)
(* Leases above Rooms.tla: several owners of one room.  This module is     *)
(* written from the rules L1 to L5 of docs/leases.md.  A step is one step  *)
(* of Rooms.tla, or several with no other step between them.               *)
(*                                                                         *)
(* A lease has the number of its Acquire, which is a get among the calls.  *)
(***************************************************************************)
EXTENDS Rooms

VARIABLES acquires,   \* the gets that are an Acquire
          closed      \* the Acquires whose lease has closed

leases    == <<acquires, closed>>
leaseVars == <<vars, leases>>

\* The incarnation that a get got or waited for. It is 0 if the get was settled without a room in
\* its first step.
Had(c) == IF calls[c].waits # 0 THEN calls[c].waits ELSE calls[c].ref

IsOpen(c)  == c \in acquires \ closed /\ calls[c].out \in {Pending, "room"}
Leasing(i) == {c \in CallIds : IsOpen(c) /\ Had(c) = i}
Keeping(i) == {c \in CallIds : calls[c].op = "get" /\ c \notin acquires /\ Had(c) = i}

-----------------------------------------------------------------------------
(* Guards that broken twins replace (twins/LeasesTwins.tla). *)

Others(i, c) == Leasing(i) \ {c}                                           \* L3
Keepers(i)   == Keeping(i)                                                 \* L2
Wanted(i, c) == Others(i, c) \cup Keepers(i) # {}                          \* L3

-----------------------------------------------------------------------------
Acquire(n, o) ==                                                           \* L1
    /\ Get(n, o)
    /\ acquires' = acquires \cup {Last + 1}
    /\ UNCHANGED closed

GetKeeps(n, o) == Get(n, o) /\ UNCHANGED leases                            \* L2

\* The lease c of i closes.  If i has no other open lease and is not kept, a ReleaseIf of i (R24)
\* begins, and is given up if it waits.  If gaveUp is TRUE, the Acquire is given up first.
Closing(i, c, gaveUp) ==
    /\ closed' = closed \cup {c}
    /\ UNCHANGED <<acquires, failed>>
    /\ IF Wanted(i, c)
       THEN /\ calls' = IF gaveUp THEN TLCEval([calls EXCEPT ![c] = Settled(c, "gaveUp", 0)]) ELSE calls
            /\ UNCHANGED incs
       ELSE LET used == Meant(i)
                new  == Last + 1
                end  == IF used = {} THEN 0
                        ELSE IF Releasing(incs[i].name) # {} THEN CHOOSE j \in Releasing(incs[i].name) : TRUE
                        ELSE CHOOSE j \in used : TRUE
            IN  /\ CanBegin
                /\ incs' = TLCEval([j \in IncIds |-> IF j \in used THEN Left(j) ELSE incs[j]])
                /\ calls' = TLCEval([d \in CallIds |->
                     IF d = new THEN ReleaseIfCall(i, end, IF used = {} THEN "done" ELSE "gaveUp")
                     ELSE IF d = c THEN (IF gaveUp THEN Settled(c, "gaveUp", 0) ELSE calls[c])
                     ELSE IF \E j \in used : d \in Rejected(j) THEN Settled(d, "releasedBefore", 0)
                     ELSE calls[d]])

Close(c) ==                                                                \* L3
    /\ c \in acquires \ closed /\ calls[c].out = "room"
    /\ Closing(Had(c), c, FALSE)

GiveUpAcquire(c) ==                                                        \* L4
    /\ c \in acquires /\ IsPending(c)
    /\ Closing(Had(c), c, TRUE)

\* L5
ReleaseName(n) == Release(n) /\ UNCHANGED leases
DisposeAll     == Dispose /\ UNCHANGED leases
GiveUpOther(c) == c \notin acquires /\ GiveUp(c) /\ UNCHANGED leases
Ended(i)       == BackendEnds(i) /\ UNCHANGED leases

LeasesInit == Init /\ acquires = {} /\ closed = {}

LeasesNext ==
    \/ \E n \in Names, o \in Options : Acquire(n, o) \/ GetKeeps(n, o)
    \/ \E n \in Names : ReleaseName(n)
    \/ DisposeAll
    \/ \E c \in CallIds : Close(c) \/ GiveUpAcquire(c) \/ GiveUpOther(c)
    \/ \E i \in IncIds : Ended(i)

LeasesSpec == LeasesInit /\ [][LeasesNext]_leaseVars

-----------------------------------------------------------------------------
ByName(n) == \E c \in CallIds : Starting(c) /\ (calls'[c].op = "dispose" \/ (calls'[c].op = "release" /\ calls'[c].name = n))

\* A leased incarnation in use stays in use until a release by name, a dispose, or the failure of
\* its opening.
LeaseKeeps == [][
    \A i \in Created :
      (i \in InUse(incs[i].name) /\ i \notin InUse(incs[i].name)' /\ ~EndingWith(i, "openFailed") /\ ~ByName(incs[i].name))
      => \A c \in Leasing(i) : ~IsOpen(c)']_leaseVars

\* An incarnation in use is kept or leased.
LastLease == \A i \in Created : i \in InUse(incs[i].name) => Keeping(i) \cup Leasing(i) # {}

\* Closing a lease changes no incarnation but the leased one.  It changes that one only if no Get
\* keeps it and no other lease of it is open.
CloseIsLocal == [][
    \A c \in closed' \ closed :
      /\ \A i \in Created : incs'[i] # incs[i] =>
           i = Had(c) /\ i \in InUse(incs[i].name) /\ Leasing(i) \ {c} = {} /\ Keeping(i) = {}
      /\ \A d \in Begun : (IsPending(d) /\ calls'[d].out = "releasedBefore") => calls[d].waits = Had(c)]_leaseVars

\* All gets of one name have the same room, until a release by name or a dispose.
GetsKeep == \A a \in CallIds : GotRoom(a) /\ a \notin acquires =>
    \A b \in (a + 1)..MaxCalls :
      (/\ GotRoom(b) /\ b \notin acquires /\ calls[a].name = calls[b].name
       /\ \A c \in a..b : calls[c].op # "dispose" /\ (calls[c].op = "release" => calls[c].name # calls[a].name))
      => calls[a].ref = calls[b].ref
=============================================================================
