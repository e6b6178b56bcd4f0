package proof

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"ablyrooms.example/spec/proof/tla"
)

// Fault is a change in the text of a module that makes one condition of the proof false.
type Fault struct {
	Name     string
	Module   string // the name of the changed module, of a spec or of its proof
	From, To string // From is replaced by To; the module contains From once
	Goal     string // the goal of the condition that becomes false
	Action   string
}

// Faults show that the proof can fail. For each fault, the condition that it names can't be proved,
// and a small state shows why.
var Faults = []Fault{
	{"a get after disposal creates", "Rooms", `GetRefused            == Disposing`, `GetRefused == FALSE`, "NothingAfterDispose", "GetOpens"},
	{"options in conflict are taken", "Rooms", `Differs(i, o)         == incs[i].opt # o`, `Differs(i, o) == FALSE`, "OptionsAgree", "GetReady"},
	{"a get always creates", "Rooms", `Free(n)               == InUse(n) = {}`, `Free(n) == TRUE`, "OneInUse", "GetOpens"},
	{"a get does not wait for its predecessor", "Rooms", `MustWait(n)           == Releasing(n) # {}`, `MustWait(n) == FALSE`, "WaitsForPredecessor", "GetOpens"},
	{"a release does not see the one before", "Rooms", `HasPredecessor(i)     == Releasing(incs[i].name) # {}`, `HasPredecessor(i) == FALSE`, "OneReleasing", "ReleaseReady"},
	{"a release rejects nobody", "Rooms", `Rejected(i)           == Waiting("get", i)`, `Rejected(i) == {}`, "PendingAfter", "ReleaseOpening"},
	{"a failed release is done", "Rooms", `EndOf(c, i, bad)      == IF bad THEN "releaseFailed" ELSE "done"`, `EndOf(c, i, bad) == "done"`, "ErrorsTold", "ReleaseFailed"},
	{"a failed release stays", "Rooms", `LifeAfter(bad)        == "released"`, `LifeAfter(bad) == IF bad THEN "releasing" ELSE "released"`, "SixPairs", "ReleaseFailed"},
	{"a failed release wedges the name", "Rooms", `Starts(bad)           == TRUE`, `Starts(bad) == ~bad`, "WaitsForPredecessor", "ReleaseFailed"},
	{"a dispose does not wait", "Rooms", `AllReleasing \ without = {}`, `TRUE`, "DisposeWaits", "DisposeFirst"},
	{"a conditional release takes a later room", "Rooms", `{i} \cap InUse(incs[i].name)`, `InUse(incs[i].name)`, "OutcomesNameTheirCause", "ReleaseIfUsed"},
	{"a settled call is given up", "Rooms", "/\\ IsPending(c)\n    /\\ calls'", "/\\ c \\in Begun\n    /\\ calls'", "ReleasedIsFinal", "GiveUp"},
	{"a get is settled before its room is ready", "Rooms", `!.life = "ready", !.work = "none", !.ended = "opened"`, `!.work = "none", !.ended = "opened"`, "RoomIsReady", "Opened"},
	{"a failed opening gives a room", "Rooms", `Settle(Waiting("get", i), "openFailed", i)`, `Settle(Waiting("get", i), "room", i)`, "RoomWasOpened", "OpenFailed"},
	{"failures count before disposal", "Rooms", `IF bad /\ Disposing THEN`, `IF bad THEN`, "FailuresCounted", "ReleaseFailed"},
	{"a release is done while another is under way", "Rooms", `/\ CanBegin /\ InUse(n) = {} /\ Releasing(n) = {}`, `/\ CanBegin /\ InUse(n) = {}`, "ReleasedSince", "ReleaseNothing"},
	{"a failed opening keeps its gets", "Rooms", `Settle(Waiting("get", i), "openFailed", i)`, `Settle({}, "openFailed", i)`, "OpeningGoesOn", "OpenFailed"},
	{"what waits for a failed release waits for ever", "Rooms", `Starts(bad)           == TRUE`, `Starts(bad) == ~bad`, "WaitingGoesOn", "ReleaseFailed"},
	{"an abandoned opening is not released", "Rooms", `[incs[i] EXCEPT !.work = "closing", !.ended = "opened"]`, `[incs[i] EXCEPT !.work = "none", !.ended = "opened"]`, "ReleasingGoesOn", "OpenedAbandoned"},
	{"an invariant too weak", "RoomsProof", "/\\ IsPending(c) => calls[c].waits # 0\n", "\n", "WaitsOnlyWhile", "Released"},
	{"an invariant too strong", "RoomsProof", `incs[i].life = "releasing" /\ j \in InUse(incs[j].name)`, `FALSE`, "Successor", "GetWaits"},

	{"the first lease that closes releases", "Leases", `Others(i, c) == Leasing(i) \ {c}`, `Others(i, c) == {}`, "LeaseKeeps", "Close.2"},
	{"the last lease that closes releases nothing", "Leases", `Wanted(i, c) == Others(i, c) \cup Keepers(i) # {}`, `Wanted(i, c) == c # 0`, "LastLease", "Close.1"},
	{"a get does not keep its room", "Leases", `Keepers(i)   == Keeping(i)`, `Keepers(i) == {}`, "KeptBefore", "Close.2"},
	{"closing a lease takes a later room", "Leases", `LET used == Meant(i)`, `LET used == InUse(incs[i].name)`, "CloseIsLocal", "Close.2"},
	{"an Acquire that is given up leaves its lease open", "Leases", `/\ closed' = closed \cup {c}`, `/\ closed' = IF gaveUp THEN closed ELSE closed \cup {c}`, "GivenUpClosed", "GiveUpAcquire.1"},
	{"an Acquire is given up as a get is", "Leases", `GiveUpOther(c) == c \notin acquires /\ GiveUp(c)`, `GiveUpOther(c) == GiveUp(c)`, "LastLease", "GiveUpOther"},
	{"a lease closes before its room is there", "Leases", `/\ c \in acquires \ closed /\ calls[c].out = "room"`, `/\ c \in acquires \ closed`, "ClosedRight", "Close.1"},

	{"a status keeps its old error", "RoomStatusSteps", `ErrorSet(r, e)     == e `, `ErrorSet(r, e) == IF e = 0 THEN r.err ELSE e `, "StatusOfOperation", "Attach.3"},
	{"a caller that gave up is told again", "RoomStatusSteps", `CallerLeft(r)      == 0`, `CallerLeft(r) == r.caller`, "SettledOnce", "GiveUp.1"},
	{"a room is attached on a channel that moved on", "RoomStatusSteps", `MovedOn(r)         == r.channel # "attached"`, `MovedOn(r) == r.channel = "failed"`, "StatusRight", "AttachEnded.7"},
	{"an event changes the status of an operation", "RoomStatusSteps", `Follows(r)         == r.op = "none"`, `Follows(r) == r.op # "release"`, "StatusOfOperation", "Turned.3"},
	{"a loss is told only where none was", "RoomStatusSteps", `Loses(r, resumed)  == ~resumed /\ r.attachedOnce`, `Loses(r, resumed) == resumed /\ r.attachedOnce`, "DiscontinuityIff", "Turned.2"},
	{"a room that was released hears its channel", "RoomStatusSteps", `IsDeaf(r)          == r.status = "released"`, `IsDeaf(r) == r.status = "released" /\ r.op # "none"`, "ReleasedIsFinal", "Turned.3"},
	{"an operation begins while a detach runs", "RoomStatusSteps", `IsBusy(r)          == r.op # "none"`, `IsBusy(r) == r.op # "none" /\ r.op # "detach"`, "OneOperation", "Attach.3"},
	{"an attach that failed is done", "RoomStatusSteps", `SetStatus(r, r.channel, e), FailedWith(e))`, `SetStatus(r, r.channel, e), Done)`, "OutcomeTrue", "AttachEnded.1"},
	{"the port does not keep its promise", "RoomStatus", `IF OwnEvent THEN seen ELSE TRUE`, `IF OwnEvent THEN seen \/ fresh ELSE TRUE`, "AttachedOnlyIf", "AttachEnded.7"},
	{"an invariant of the room too weak", "RoomStatusProof", `CallerApart == caller # 0 => \A i \in 1..Len(queue) : queue[i][2] # caller`, `CallerApart == TRUE`, "SettledOnce", "GiveUp.1"},
	{"a release waits for detaches", "RoomStatusSteps", `GoesFirst(o)       == o = "release"`, `GoesFirst(o) == o = "detach"`, "TurnReleaseFirst", "(Turn.5)"},
	{"a released room gives its channel back again", "RoomStatusSteps", `ReleaseAgain(r) == EndWith(r, Done)`, `ReleaseAgain(r) == GiveBack(r)`, "NextBegun", "(BeginNext.8)"},
	{"a failed room is detached", "RoomStatusSteps", `Refuses(r)         == r.status \in {"released", "failed"}`, `Refuses(r) == r.status = "released"`, "TurnFound", "(Turn.7)"},
}

// ChannelFaults are the faults of the channel.
var ChannelFaults = []Fault{
	{"who waited to be detached waits on", "ChannelSteps", `[SettleAll(r, r.detachers, how, e) EXCEPT !.detachers = <<>>]`, `SettleAll(r, r.detachers, how, e)`, "SettledOnce", "Detached"},
	{"a timer that is needed no more goes on", "ChannelSteps", `was.awaited /\ ~is.awaited`, `FALSE`, "TimersRight", "Attached"},
	{"an attach does not wait for the fence", "ChannelSteps", `IF IsConnected(r) /\ ~Awaits(r, "detach") THEN`, `IF IsConnected(r) THEN`, "OneRequest", "Attach"},
	{"messages are delivered before the channel is attached", "ChannelSteps", `Delivers(r)         == r.state = "attached"`, `Delivers(r) == r.state \in {"attaching", "attached"}`, "Delivered", "Message"},
	{"a state is told again although it is the same", "ChannelSteps", `IsState(r, s)       == r.state = s`, `IsState(r, s) == FALSE`, "StatesTold", "Connections(connecting)"},
	{"a detach that is not answered ends attached", "ChannelSteps", `EndDetachers(SetState(r, r.back, e), "failed", e)`, `EndDetachers(SetState(r, "attached", e), "failed", e)`, "AttachedByFrame", "RequestTimeout"},
	{"no ATTACHED is told as an update", "ChannelSteps", `IsUpdate(resumed)   == ~resumed`, `IsUpdate(resumed) == FALSE`, "UpdateIff", "Attached"},
	{"serials outlive a detach", "ChannelSteps", `ClearsSerials(s)    == s \in {"detached", "failed", "initialized"}`, `ClearsSerials(s) == s = "initialized"`, "ClearedRight", "Detached"},
	{"retries are not counted", "ChannelSteps", `IF n = 4 THEN 4 ELSE n + 1`, `n`, "RetryNumbers", "Detached"},
	{"a detach waits for an attach that has not been sent", "ChannelSteps", `WaitsForAttach(r)   == AttachIsOut(r)`, `WaitsForAttach(r) == r.state = "attaching"`, "WaitersRight", "Detach"},
	{"a detach without a connection says that it is done", "ChannelSteps", `DetachedHere(r, c) ==
    SettleOne(`, `DetachedHere(r, c) == SettleOne(r, c, "done")
Nothing1(r, c) ==
    SettleOne(`, "OutcomeTrue", "Detach"},
	{"a channel that was given back fails like any other", "ChannelSteps", `BehindFence(was) \/ r.givenBack \/ r.state = "failed"`, `r.state = "failed"`, "SilentWhenGivenBack", "Error"},
	{"the reason is never cleared", "ChannelSteps", `ClearsReason(s)     == s = "attached"`, `ClearsReason(s) == FALSE`, "ReasonRight", "Attached"},
	{"giving back keeps the reason", "ChannelSteps", `[NewChannel EXCEPT !.last = r.last,`, `[NewChannel EXCEPT !.last = r.last, !.reason = r.reason,`, "SilentState", "GiveBack"},
	{"only what is attached is fenced", "ChannelSteps", `was.state = "attached" \/ was.doubt \/ (r.wire # <<>> /\ Last(r.wire) = "attach")`, `was.state = "attached"`, "GivenBackRight", "GiveBack"},
	{"calls wait out of order", "ChannelSteps", `[r EXCEPT !.detachers = Append(r.detachers, c)]`, `[r EXCEPT !.detachers = <<c>> \o r.detachers]`, "InOrder", "Detach"},
	{"nothing may be sent again while detaching", "Channel", `\/ (Overtaken /\ ch.awaited /\ ~DetachAwaited)`, ``, "OneRequest", "Overtaken"},
	{"an invariant of the channel too strong", "ChannelProof", `{"attaching", "attached", "detaching"}
    ELSE`, `{"attaching", "attached"}
    ELSE`, "AwaitedRight", "Detach"},
}

// OfChannel reports whether the fault is one of the channel's.
func (f *Fault) OfChannel() bool { return strings.HasPrefix(f.Module, "Channel") }

// proofs maps the name of a spec's module to the function that reads its proof.
var proofs = map[string]func(*tla.Module) (*Proof, error){"Rooms": roomsProof, "Leases": leasesProof, "RoomStatus": roomProof}

// Of returns the name of the spec that the fault is about: the fault is planted in the spec or in
// its proof.
func (f *Fault) Of() string {
	return strings.TrimSuffix(strings.TrimSuffix(f.Module, "Proof"), "Steps")
}

// With returns the spec's proof with the fault planted. For the channel, it reads only the action
// of the fault. With may be called concurrently.
func (f *Fault) With(root string) (*Proof, error) {
	planted := 0
	m, err := tla.ReadText(f.Of()+"Proof", func(name string) (string, error) {
		folder := "TLA"
		if strings.HasSuffix(name, "Proof") {
			folder = "proof"
		}
		text, err := os.ReadFile(filepath.Join(root, "spec", folder, name+".tla"))
		if name != f.Module || err != nil {
			return string(text), err
		}
		planted = strings.Count(string(text), f.From)
		return strings.Replace(string(text), f.From, f.To, 1), nil
	})
	if err != nil {
		return nil, err
	}
	if planted != 1 {
		return nil, fmt.Errorf("%s: %q is in %s %d times", f.Name, f.From, f.Module, planted)
	}
	translating.Lock()
	defer translating.Unlock()
	if !f.OfChannel() {
		return proofs[f.Of()](m)
	}
	only, _, _ := strings.Cut(f.Action, "(")
	return channelProof(m, only)
}

// Condition returns the condition of p that the fault makes false.
func (f *Fault) Condition(p *Proof) (*Condition, error) {
	translating.Lock()
	defer translating.Unlock()
	for _, c := range p.Conditions() {
		if c.Goal == f.Goal && c.Action == f.Action {
			return c, nil
		}
	}
	return nil, fmt.Errorf("%s: there is no condition %s by %s", f.Name, f.Goal, f.Action)
}
