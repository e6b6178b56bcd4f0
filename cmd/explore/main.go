// Command explore visits every state that the Rooms machine, or that of one room, reaches within bounds, holds what must hold to each,
// and says how far it got: explore -h.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"ablyrooms.example/fsm"
	"ablyrooms.example/model"
	"ablyrooms.example/tests/explore"
	"ablyrooms.example/tests/explore/roommachine"
	"ablyrooms.example/tests/explore/roomsmachine"
)

const usage = `explore visits every state that the Rooms machine reaches within bounds, breadth first and on all cores: so many calls (get,
release, dispose), on so many names, with so many different options, with every end of every opening and release, and every caller
giving up at any moment. In each state it tries every input, and sees that those that are refused change nothing; to each state and
step of the core it holds the safety properties of docs/rooms.md. What it says holds within the bounds.

  explore                                    the core, 3 calls on 2 names with 2 options
  explore -calls 5 -refusals=false           ten million states; impossible inputs are left out
  explore -calls 4 -symmetry by-name         one state for all that differ in names and options only
  explore -calls 7 -lasting                  any number of calls, up to 7 pending at a time
  explore -plant early-dispose               a fault in the core, and the shortest way to see it
  explore -liveness                          every call settles and no name is wedged, and what fairness is needed for that
  explore -liveness -plant wedged            a behaviour in which one is not
  explore -saturation                        what one name shows of the graph, while the bounds grow
  explore -calls 1 -names 1 -options 1 -dot rooms.dot
  explore -of room                           one room: attach, detach, release, its channel's events and errors (docs/room.md)
  explore -of room -liveness                 every call settles and every release ends, and what fairness is needed for that

It ends with code 0 if all was visited and everything held, with 1 if not, also if a bound or an interrupt ended it, and with 2 if the
arguments are wrong.

Usage: explore [flags]

`

// settings are what the flags say.
type settings struct {
	of                       string // rooms or room
	machine                  string
	roomBounds               roommachine.Bounds
	roomFault                *roommachine.Fault
	bounds                   roomsmachine.Bounds
	symmetry                 string
	workers                  int
	maxStates                uint64
	maxMemory                int64
	refusals, lasting, check bool
	liveness, saturation     bool
	dot                      string
	fault                    *roomsmachine.Fault
	stdout, stderr           io.Writer
	bar                      bool // stderr is a terminal
	known                    map[roomsmachine.Bounds][2]uint64
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(400) // little of the memory has pointers
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, term.IsTerminal(int(os.Stderr.Fd()))))
}

// run does what the arguments ask for and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, bar bool) int {
	s, code := parse(args, stdout, stderr)
	if s == nil {
		return code
	}
	s.bar = bar
	var err error
	switch {
	case s.of == "room":
		err = s.room(ctx)
	case s.saturation:
		err = s.saturate(ctx)
	case s.machine == "model":
		err = explored(ctx, s, s.model())
	default:
		err = explored(ctx, s, s.core())
	}
	if err != nil {
		fmt.Fprintf(stderr, "explore: %v\n", err)
		return 1
	}
	return 0
}

// parse reads the arguments; without settings, the code is what to end with.
func parse(args []string, stdout, stderr io.Writer) (*settings, int) {
	s := &settings{stdout: stdout, stderr: stderr, known: known}
	flags := flag.NewFlagSet("explore", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
		fmt.Fprintln(stderr, "\nFaults to plant:")
		for _, f := range roomsmachine.Faults() {
			fmt.Fprintf(stderr, "  %-18s %s (breaks %s)\n", f.Name, f.Says, strings.Join(f.Breaks, ", "))
		}
		fmt.Fprintln(stderr, "\nWith -of room:")
		for _, f := range roommachine.Faults() {
			fmt.Fprintf(stderr, "  %-18s %s (breaks %s)\n", f.Name, f.Says, strings.Join(f.Breaks, ", "))
		}
	}
	flags.StringVar(&s.of, "of", "rooms", "which machine: `rooms`, or that of one room, for which -names, -options, -symmetry, -lasting, -saturation and -check mean nothing")
	flags.IntVar(&s.roomBounds.Errors, "errors", 1, "with -of room: the errors are 0, which is none, up to this, at most 3")
	flags.BoolVar(&s.roomBounds.Promised, "promised", false, "with -of room: an attach ends well only after its own event, and what needs that must hold too")
	flags.BoolVar(&s.roomBounds.Bare, "bare", false, "with -of room: count the states of the room alone, without what the world remembers and what must hold")
	flags.StringVar(&s.machine, "machine", "core", "what to explore: `core` (of package fsm) or model (the reference model)")
	flags.IntVar(&s.bounds.Calls, "calls", 3, "how many calls begin, 1 to 8")
	flags.IntVar(&s.bounds.Names, "names", 2, "on how many names, 1 to 8")
	flags.IntVar(&s.bounds.Options, "options", 2, "with how many different options, 1 to 8")
	flags.StringVar(&s.symmetry, "symmetry", "off", "which states count as one: `off`; global, names and options are renamed, as TLC does;\n"+
		"or by-name, names are renamed and for each name its options")
	flags.BoolVar(&s.lasting, "lasting", false, "let the core run for ever: -calls is how many are pending at a time; properties of the past are left out,\n"+
		"and one state counts for all that differ in names, options, or the order of calls that wait for different things")
	flags.BoolVar(&s.refusals, "refusals", true, "try every input in every state, not only those that the environment thinks possible")
	flags.IntVar(&s.workers, "workers", runtime.GOMAXPROCS(0), "how many states to expand at once")
	flags.Uint64Var(&s.maxStates, "max-states", 0, "end as bounded when there are more states; 0 is no bound")
	memory := flags.Int64("max-memory", 0, "end as bounded when states and paths take more `megabytes`; 0 is no bound")
	flags.StringVar(&s.dot, "dot", "", "draw the graph, of up to 2000 states, for Graphviz into this `file`; - is standard output")
	fault := flags.String("plant", "", "plant this `fault` in the core")
	flags.BoolVar(&s.liveness, "liveness", false, "check the liveness properties instead of the safety properties")
	flags.BoolVar(&s.saturation, "saturation", false, "print how the projection on one name grows with the bounds, and fail if it does at the end")
	flags.BoolVar(&s.check, "check", false, "fail also if the graph has not the size that is known for its bounds, or if none is known")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, 0
		}
		return nil, 2
	}
	s.maxMemory = *memory << 20
	if err := s.complete(flags, *fault); err != nil {
		fmt.Fprintf(stderr, "explore: %v; -h shows the flags\n", err)
		return nil, 2
	}
	return s, 0
}

// complete checks what the flags ask for together.
func (s *settings) complete(flags *flag.FlagSet, fault string) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if s.of == "room" {
		return s.completeRoom(flags, fault)
	}
	if s.of != "rooms" {
		return fmt.Errorf("neither rooms nor room: %q", s.of)
	}
	if err := s.bounds.Check(); err != nil {
		return err
	}
	if !slices.Contains([]string{"core", "model"}, s.machine) {
		return fmt.Errorf("no machine is called %q", s.machine)
	}
	if !slices.Contains([]string{"off", "global", "by-name"}, s.symmetry) {
		return fmt.Errorf("no symmetry is called %q", s.symmetry)
	}
	if fault != "" {
		f, ok := roomsmachine.FaultByName(fault)
		if !ok {
			return fmt.Errorf("no fault is called %q", fault)
		}
		s.fault = &f
	}
	if s.machine == "model" && (s.fault != nil || s.lasting) {
		return errors.New("-plant and -lasting are for the core")
	}
	if s.lasting && (s.liveness || s.check || s.dot != "" || s.bounds.Names > 4) {
		return errors.New("-lasting goes with up to 4 names, and with none of -liveness, -check and -dot")
	}
	if s.saturation && (s.liveness || s.check || s.dot != "" || s.fault != nil || s.machine == "model") {
		return errors.New("-saturation is of the core, and has its own bounds")
	}
	return nil
}

func (s *settings) symmetryKind() roomsmachine.Symmetry {
	if s.symmetry == "global" {
		return roomsmachine.Global
	}
	return roomsmachine.ByName
}

func (s *settings) core() subject[fsm.RoomsOutput] {
	m := roomsmachine.NewCore(s.bounds).WithSymmetry(s.symmetryKind())
	properties := roomsmachine.Invariants()
	if s.lasting {
		m, properties = m.WithoutMemory(), roomsmachine.Lasting()
	}
	if s.fault != nil {
		m = m.WithFault(*s.fault)
	}
	return subject[fsm.RoomsOutput]{m, properties}
}

func (s *settings) model() subject[model.Output] {
	m := roomsmachine.NewModel(s.bounds).WithSymmetry(s.symmetryKind())
	return subject[model.Output]{m, nil}
}

// subject is a machine with what must hold of it.
type subject[O any] struct {
	machine    explore.Machine[*roomsmachine.State, *roomsmachine.Input, O]
	properties []explore.Invariant[*roomsmachine.State, *roomsmachine.Input, O]
}

// known are the numbers of states and edges that the reference model and the core have been found to agree on; and TLC, up to 4 calls.
var known = map[roomsmachine.Bounds][2]uint64{
	{Calls: 3, Names: 2, Options: 2}: {22384, 37567},
	{Calls: 4, Names: 2, Options: 2}: {587777, 1095940},
	{Calls: 5, Names: 2, Options: 2}: {14757188, 29242563},
}
