package proof

import (
	"fmt"
	"path/filepath"
	"slices"

	"ablyrooms.example/spec/proof/term"
	"ablyrooms.example/spec/proof/tla"
)

// Proof is a system with the properties that are claimed of it.
type Proof struct {
	*System
	Name       string   // the name of the spec's module
	Invariant  []string // the conjuncts of the inductive invariant
	Implied    []string // properties of states that follow from the invariant
	Properties []string // properties of steps
	Progress   []string // properties of steps from which liveness follows
	Liveness   []string // the properties that follow from Progress by the argument in docs/proof.md
	// Fair maps each kind of work to the actions that end it, for which the spec assumes fairness.
	// The first parameter of such an action is the incarnation.
	Fair map[string][]string
	// Promised has the properties that hold only if a constant is TRUE, each with that constant.
	Promised map[string]string
}

// All reads all proofs of the project.
func All(root string) (all []*Proof, err error) {
	folders := []string{filepath.Join(root, "spec", "proof"), filepath.Join(root, "spec", "TLA")}
	for _, read := range []func(...string) (*Proof, error){Rooms, Leases, Channel, Room} {
		p, err := read(folders...)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// Rooms reads Rooms.tla and its proof from the folders.
func Rooms(folders ...string) (*Proof, error) {
	m, err := tla.Read("RoomsProof", folders...)
	if err != nil {
		return nil, err
	}
	return roomsProof(m)
}

// roomInvariant has the conjuncts of the inductive invariant of Rooms.
var roomInvariant = []string{"CallsInOrder", "IncsInOrder", "NewestInTime", "TypeOK", "CallsRight", "PendingRight",
	"SixPairs", "OneInUse", "OneReleasing", "WaitsForPredecessor", "Successor", "NotEnded", "EndedForGood", "OpenedIsReleased",
	"RoomWasOpened", "WaitsByName", "WaitsOnlyWhile", "ErrorsTold", "OptionsAgree", "NotBeforePredecessor",
	"NothingAfterDispose", "NoFailures", "FailedRight", "DisposeWaits", "DisposalTold", "PartedRight", "PendingAfter",
	"InUseAfter", "OthersBefore", "RejectedBefore", "SinceRight", "SinceGrows", "SameSince", "ReleasedSince"}

// roomImplied has the properties that follow from the invariant.
var roomImplied = []string{"OneOpen", "SameRoom", "ReleaseRejects", "SharedEnd", "ReleaseWaits", "RejectedOnlyIf"}

// roomVariables returns the variables of Rooms.tla and the history variables of its proof.
func roomVariables() []Variable {
	call := Record(Field{"op", Plain(term.Word)}, Field{"name", Plain(term.Name)}, Field{"opt", Plain(term.Name)},
		Field{"of", Plain(term.Int)}, Field{"waits", Plain(term.Int)}, Field{"out", Plain(term.Word)},
		Field{"ref", Plain(term.Int)}, Field{"bad", Numbers})
	incarnation := Record(Field{"name", Plain(term.Name)}, Field{"opt", Plain(term.Name)},
		Field{"life", Plain(term.Word)}, Field{"work", Plain(term.Word)}, Field{"ended", Plain(term.Word)})
	return []Variable{
		{"calls", Function(term.Int, "CallIds", call)},
		{"incs", Function(term.Int, "IncIds", incarnation)},
		{"failed", Numbers},
		{"parted", Function(term.Name, "Names", Plain(term.Int))},
		{"since", Function(term.Int, "CallIds", Plain(term.Int))},
	}
}

// roomConstants has the constants of Rooms.tla.
var roomConstants = []Symbol{
	{Name: "MaxCalls", Sort: term.Int}, {Name: "Conditional", Sort: term.Bool},
	{Name: "Names", Args: []term.Sort{term.Name}, Sort: term.Bool},
	{Name: "Options", Args: []term.Sort{term.Name}, Sort: term.Bool},
}

var counts = map[string]string{"Begun": "Last", "Created": "Newest"}

// Leases reads Leases.tla and its proof from the folders.
func Leases(folders ...string) (*Proof, error) {
	m, err := tla.Read("LeasesProof", folders...)
	if err != nil {
		return nil, err
	}
	return leasesProof(m)
}

func leasesProof(m *tla.Module) (*Proof, error) {
	s := &System{Module: m, Init: "LeasesProofInit", Next: "LeasesProofNext", Counts: counts, Constants: roomConstants,
		Variables: append(roomVariables(), Variable{"acquires", Numbers}, Variable{"closed", Numbers},
			Variable{"named", Function(term.Name, "Names", Plain(term.Int))},
			Variable{"sinceNamed", Function(term.Int, "CallIds", Plain(term.Int))})}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	return &Proof{System: s, Name: "Leases",
		Invariant: append(slices.Clone(roomInvariant), "AcquiresRight", "ClosedRight", "GivenUpClosed", "LastLease",
			"NamedRight", "KeptBefore", "SinceNamedRight", "SinceNamedGrows", "SameSinceNamed"),
		Implied:    append(slices.Clone(roomImplied), "GetsKeep"),
		Properties: []string{"LeaseKeeps", "CloseIsLocal"}}, nil
}

func roomsProof(m *tla.Module) (*Proof, error) {
	s := &System{Module: m, Init: "ProofInit", Next: "ProofNext", Counts: counts, Constants: roomConstants,
		Variables: roomVariables()}
	if err := s.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	p := &Proof{System: s, Name: "Rooms",
		Invariant: roomInvariant,
		Implied:   roomImplied,
		Properties: []string{"ConflictsSettle", "ReleasedIsFinal", "RoomIsReady", "OutcomesNameTheirCause",
			"CreatedIff", "OutOfUseIff", "GoneIff", "FailuresCounted", "GivesUpAlone", "HistoryKept"},
		Liveness: []string{"CallsSettle", "NoWedge"},
		Progress: []string{"ReleasingGoesOn", "WaitingGoesOn", "OpeningGoesOn", "GetGoesOn", "DisposalShrinks"},
	}
	return p, p.readFair(map[string]string{"opening": "EndsOpening", "closing": "EndsClosing"})
}

// readFair sets p.Fair: for each kind of work, the actions in the disjuncts of a definition of the
// module.
func (p *Proof) readFair(definitions map[string]string) error {
	p.Fair = map[string][]string{}
	for work, name := range definitions {
		if err := p.Module.Check(name); err != nil {
			return err
		}
		e := body(p.Module.Definition(name))
		for ; e.Op == "\\/"; e = e.Args[0] {
			p.Fair[work] = append(p.Fair[work], e.Args[1].Name)
		}
		p.Fair[work] = append(p.Fair[work], e.Name)
	}
	return nil
}
