package play

import (
	"cmp"
	"slices"

	"ablyrooms.example/model"
)

// Fault is a fault of a registry of rooms, such as SDKs have had.
type Fault struct {
	ID   string // its name in links
	Name string // its name in tests/conformance/gallery
	Rule model.Rule
	// Says is what a registry with the fault does, and Harm is the consequence.
	Says, Harm string
	// Story is a script that shows the fault; empty if the page has no story of it.
	Story  string
	Bounds Bounds // bounds within which Find finds a script that shows the fault

	slip slip
}

// slip identifies the fault of a [Registry]. The code of the registry checks it wherever the fault
// makes a difference.
type slip uint8

const (
	none slip = iota
	disposeEarly
	disposedFlag
	firstErrorEnds
	lastErrorOnly
	ghost
	failureKept
	waiterForgotten
	noPredecessor
	orphan
	abandonedTooSoon
	optionsIgnored
	firstContext
	eachTriesAgain
	checkThenAct
	failedOpeningKept
	counted
	signalledOnce
)

var (
	narrow = Bounds{Calls: 4, Names: 1, Options: 1}
	two    = Bounds{Calls: 3, Names: 1, Options: 2}
	joined = Bounds{Calls: 3, Names: 2, Options: 1}
)

// Faults returns all faults. The twelve that have stories come first.
func Faults() []Fault { return slices.Clone(faults) }

// FaultByID returns the fault with the id, and false if there is none.
func FaultByID(id string) (Fault, bool) {
	i := slices.IndexFunc(faults, func(f Fault) bool { return f.ID == id })
	if i < 0 {
		return Fault{}, false
	}
	return faults[i], true
}

var faults = []Fault{
	{
		ID:     "dispose-early",
		Name:   "dispose that returns early",
		Rule:   model.R13,
		slip:   disposeEarly,
		Bounds: narrow,
		Says:   "Dispose waits only for the releases that it began itself.",
		Harm:   "The program exits, or makes a new client, while a room is still being released.",
		Story:  "get(1,a,x);opened(1);release(2,a);dispose(3);released(1)",
	},
	{
		ID:     "failure-kept",
		Name:   "promise cache that keeps a failed release",
		Rule:   model.R7,
		slip:   failureKept,
		Bounds: narrow,
		Says:   "A release that failed stays in the map of promises for ever.",
		Harm:   "The name is stuck: each later release returns the old error, and each get waits for ever.",
		Story:  "get(1,a,x);opened(1);release(2,a);releaseFailed(1);release(3,a);get(4,a,x)",
	},
	{
		ID:     "dispose-flag",
		Name:   "dispose with a flag",
		Rule:   model.R14,
		slip:   disposedFlag,
		Bounds: narrow,
		Says:   "A second Dispose finds a flag set and returns at once.",
		Harm:   "The second caller believes that all rooms are released.",
		Story:  "get(1,a,x);opened(1);dispose(2);dispose(3);released(1)",
	},
	{
		ID:     "first-error-ends",
		Name:   "dispose as an errgroup with a context",
		Rule:   model.R15,
		slip:   firstErrorEnds,
		Bounds: joined,
		Says:   "The first release that fails ends the disposal, as in an errgroup with a context.",
		Harm:   "Dispose returns while other rooms are still being released, and their errors are lost.",
		Story:  "get(1,a,x);opened(1);get(2,b,x);opened(2);dispose(3);releaseFailed(1);releaseFailed(2)",
	},
	{
		ID:     "one-error",
		Name:   "dispose that keeps one error",
		Rule:   model.R15,
		slip:   lastErrorOnly,
		Bounds: joined,
		Says:   "Dispose returns the error of only one release.",
		Harm:   "Two rooms could not be released, and the caller gets the error of one.",
		Story:  "get(1,a,x);opened(1);get(2,b,x);opened(2);dispose(3);releaseFailed(1);releaseFailed(2)",
	},
	{
		ID:     "waiter-forgotten",
		Name:   "a waiting get forgotten by a release",
		Rule:   model.R9,
		slip:   waiterForgotten,
		Bounds: narrow,
		Says:   "A release doesn't reject a get that waits for an earlier release of the name.",
		Harm:   "After the release has returned, another room is opened, which no caller expects.",
		Story:  "get(1,a,x);opened(1);release(2,a);get(3,a,x);release(4,a);released(1)",
	},
	{
		ID:     "no-predecessor",
		Name:   "opened again before the last room is gone",
		Rule:   model.R6,
		slip:   noPredecessor,
		Bounds: narrow,
		Says:   "A get during a release opens the next room at once.",
		Harm:   "The old room's DETACH arrives after the new room's ATTACH, and detaches the new room.",
		Story:  "get(1,a,x);opened(1);release(2,a);get(3,a,x);opened(2);released(1)",
	},
	{
		ID:     "orphan",
		Name:   "an orphan: opened after its release",
		Rule:   model.R18,
		slip:   orphan,
		Bounds: narrow,
		Says:   "A room whose opening ends after its release began is never released.",
		Harm:   "The channel stays attached until the client is closed, and no caller has the room.",
		Story:  "get(1,a,x);release(2,a);opened(1)",
	},
	{
		ID:     "too-soon",
		Name:   "a release that doesn't wait for an opening",
		Rule:   model.R11,
		slip:   abandonedTooSoon,
		Bounds: narrow,
		Says:   "The release of a room that is still being opened returns at once.",
		Harm:   "The caller believes that the room is gone, but it is opened later.",
		Story:  "get(1,a,x);release(2,a);opened(1);released(1)",
	},
	{
		ID:     "options-ignored",
		Name:   "singleflight without options",
		Rule:   model.R2,
		slip:   optionsIgnored,
		Bounds: two,
		Says:   "A get that joins an opening may have other options: they are not compared.",
		Harm:   "A caller sometimes gets a room with options that it did not request.",
		Story:  "get(1,a,x);get(2,a,y);opened(1)",
	},
	{
		ID:     "first-context",
		Name:   "singleflight with the first caller's context",
		Rule:   model.R16,
		slip:   firstContext,
		Bounds: narrow,
		Says:   "The opening runs with the context of the first get.",
		Harm:   "If the first caller stops waiting, every other get of the name fails.",
		Story:  "get(1,a,x);get(2,a,x);giveUp(1);openFailed(1)",
	},
	{
		ID:     "each-tries-again",
		Name:   "singleflight where each tries again",
		Rule:   model.R19,
		slip:   eachTriesAgain,
		Bounds: narrow,
		Says:   "When an opening fails, the gets that joined it try again instead of failing too.",
		Harm:   "Each waiting caller sends another request to a backend that is down.",
		Story:  "get(1,a,x);get(2,a,x);openFailed(1);openFailed(2)",
	},

	{ID: "ghost", Name: "get after dispose", Rule: model.R1, slip: ghost, Bounds: narrow,
		Says: "A get after the disposal opens a room.", Harm: "Nothing will ever release it."},
	{
		ID:     "check-then-act",
		Name:   "map and mutex, check then act",
		Rule:   model.R4,
		slip:   checkThenAct,
		Bounds: narrow,
		Says:   "A get ignores a room that is still being opened.",
		Harm:   "Two callers get two rooms of one name.",
	},
	{
		ID:     "failed-opening-kept",
		Name:   "sync.Map that keeps a failure",
		Rule:   model.R5,
		slip:   failedOpeningKept,
		Bounds: narrow,
		Says:   "An opening that failed stays in the map.",
		Harm:   "Every later get of the name returns the old error.",
	},
	{ID: "counted", Name: "reference count", Rule: model.R11, slip: counted, Bounds: narrow,
		Says: "A release only lowers a count, until the last get is released.",
		Harm: "Release returns although the room is still there."},
	{
		ID:     "signalled-once",
		Name:   "a condition that is signalled once",
		Rule:   model.R17,
		slip:   signalledOnce,
		Bounds: narrow,
		Says:   "When the opening ends, only one of the waiting gets is woken.",
		Harm:   "The others wait for ever.",
	},
}

// Bounds are the bounds of a search: how many calls, names and options its scripts may have.
type Bounds struct{ Calls, Names, Options int }

// model returns the bounds for the model, limited to what a page can search.
func (b Bounds) model() model.Bounds {
	within := func(n, most int) int { return min(max(cmp.Or(n, 1), 1), most) }
	return model.Bounds{Calls: within(b.Calls, 6), Names: []string{"a", "b"}[:within(b.Names, 2)],
		Options: []string{"x", "y"}[:within(b.Options, 2)]}
}
