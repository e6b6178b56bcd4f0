// Command run explores the machines of the packages below graphs, checks their liveness, and
// compares their graphs with those of their specs. run -h shows how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"ablyrooms.example/internal/progress"
	"ablyrooms.example/tests/graphs"
	"ablyrooms.example/tests/graphs/channel"
	"ablyrooms.example/tests/graphs/rooms"
	"ablyrooms.example/tests/graphs/roomstatus"
	"ablyrooms.example/tests/graphs/toy"
)

const usage = `run visits every state that a machine reaches within bounds, breadth first and on all processors. In
each state it tries every input, and checks that a refused input changes nothing. It checks the
machine's properties in each state and step. The results hold only within the bounds.

  run explore                          Rooms, with 3 calls on 2 names with 2 options
  run explore -calls 5 -symmetry -refusals=false
                                       ten million states, of which it visits one and a half million;
                                       the others differ from these only in names
  run explore -calls 4 -against        compare each step and each refused input with the model too
  run explore -plant early-dispose     plant a fault in the core, and print a shortest script that
                                       shows it
  run explore -of roomstatus           one room: attach, detach, release, its channel's events
  run liveness                         check the properties that something happens in the end, and
                                       which fairness they need
  run liveness -plant wedged           plant a fault, and print a behaviour that breaks such a
                                       property
  run liveness -of channel -calls 2    a channel that drops its oldest requests, so that no bound
                                       prevents a step
  run equality                         compare the graphs of spec, core and model, in both
                                       directions; needs Java
  run golden                           write the sizes and dumps that the tests need; needs Java

The exit code is 0 if every state was visited and everything held. It is 2 if the arguments are
wrong. Otherwise it is 1, also if a bound or an interrupt ended the run.

Usage: run explore|liveness|equality|golden [flags]

`

// command is a command line that was parsed.
type command struct {
	verb           string
	of, machine    string
	rooms          rooms.Bounds
	room           roomstatus.Bounds
	channel        channel.Bounds
	clients        int
	refusals       bool
	check          bool
	options        graphs.Options
	plant, only    string
	stdout, stderr io.Writer
	bar            *progress.Bar
}

// errUsage means that the arguments are wrong.
var errUsage = errors.New("-h shows the flags")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(400) // most of the memory has no pointers
	bar := progress.Start(os.Stderr)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, bar)
	bar.Stop()
	os.Exit(code)
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, bar *progress.Bar) int {
	c := &command{stdout: stdout, stderr: stderr, bar: bar}
	err := c.parse(args)
	if err == nil {
		err = c.do(ctx)
	}
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		fmt.Fprintln(stderr, "run:", err)
		return 2
	}
	fmt.Fprintln(stderr, "run:", err)
	return 1
}

// parse reads the arguments.
func (c *command) parse(args []string) error {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(c.stderr)
	flags.Usage = func() {
		fmt.Fprint(c.stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&c.of, "of", "rooms", "the machine: `rooms`, roomstatus, channel, or toy")
	flags.StringVar(&c.machine, "machine", "core", "explore the `core`, or the model")
	calls := flags.Int("calls", 3, "the number of calls")
	flags.IntVar(&c.rooms.Names, "names", 2, "for rooms: the number of names")
	flags.IntVar(&c.rooms.Options, "options", 2, "for rooms: the number of different options")
	flags.BoolVar(&c.rooms.Conditional, "conditional", false, "for rooms: a call may also be a ReleaseIf")
	flags.IntVar(&c.room.Errors, "errors", 1, "for roomstatus and channel: errors are the numbers from 0, which means no error, to this")
	flags.BoolVar(&c.room.Promised, "promised", false,
		"for roomstatus: an attach succeeds only after its own event; for channel: the server answers in "+
			"order; also check the properties that need this")
	flags.BoolVar(&c.room.Bare, "bare", false,
		"for roomstatus and channel: leave out the history, and so the properties")
	flags.IntVar(&c.channel.Wire, "requests", 2, "for channel: the maximum number of unanswered requests")
	flags.IntVar(&c.channel.Serials, "serials", 0, "for channel: serials are the numbers from 0, which means no serial, to this")
	flags.IntVar(&c.clients, "clients", 3, "for toy: the number of clients")
	flags.BoolVar(&c.options.Symmetry, "symmetry", false, "of all states that differ only in names, explore only one")
	flags.BoolVar(&c.refusals, "refusals", true,
		"try every input in every state, not only those that are likely to be taken")
	flags.BoolVar(&c.options.Against, "against", false, "compare every step and every refused input with the model")
	flags.IntVar(&c.options.Workers, "workers", 0, "the number of goroutines that expand states; 0 for one for each processor")
	flags.Uint64Var(&c.options.MaxStates, "max-states", 0, "end, with code 1, when there are more states than this; 0 for no bound")
	flags.StringVar(&c.plant, "plant", "", "plant this `fault` in the core; an unknown name lists all faults")
	flags.BoolVar(&c.check, "check", false, "fail also if golden.json has no size of the graph")
	flags.StringVar(&c.only, "only", "", "for equality and golden: only configurations whose names begin with this `prefix`")
	verbs := []string{"explore", "liveness", "equality", "golden"}
	if len(args) > 0 && slices.Contains(verbs, args[0]) {
		c.verb, args = args[0], args[1:]
	}
	if err := flags.Parse(args); err != nil {
		return errors.Join(err, errUsage)
	}
	switch {
	case c.verb == "" || flags.NArg() > 0:
		return fmt.Errorf("expected one of %s, and flags after it: %w", strings.Join(verbs, ", "), errUsage)
	case c.machine != "core" && c.machine != "model":
		return fmt.Errorf("no machine is called %q: %w", c.machine, errUsage)
	case c.machine == "model" && (c.plant != "" || c.options.Symmetry):
		return fmt.Errorf("-plant and -symmetry are for the core: %w", errUsage)
	}
	c.rooms.Calls, c.room.Calls, c.channel.Calls = *calls, *calls, *calls
	c.channel.Errors, c.channel.Bare, c.channel.Promised = c.room.Errors, c.room.Bare, c.room.Promised
	c.options.Possible = !c.refusals
	return nil
}

// do runs the command.
func (c *command) do(ctx context.Context) error {
	switch c.verb {
	case "equality":
		return c.equality(ctx, (*graphs.Equality).Check)
	case "golden":
		return c.golden(ctx)
	}
	switch c.of {
	case "rooms":
		return of(ctx, c, c.rooms.Check, func() rooms.Machine { return rooms.New(c.rooms) })
	case "roomstatus":
		return of(ctx, c, c.room.Check, func() roomstatus.Machine { return roomstatus.New(c.room) })
	case "channel":
		c.channel.Forgets = c.verb == "liveness"
		err := of(ctx, c, c.channel.Check, func() channel.Machine { return channel.New(c.channel) })
		if c.channel.Forgets && err == nil && c.plant == "" { // Heals needs other fairness
			c.channel.Heals, c.of = true, "channel-heals"
			err = of(ctx, c, c.channel.Check, func() channel.Machine { return channel.New(c.channel) })
		}
		return err
	case "toy":
		return of(ctx, c, func() error { return nil }, func() toy.Machine { return toy.New(c.clients) })
	}
	return fmt.Errorf("no machine is called %q: %w", c.of, errUsage)
}

// of runs the command for a machine. It calls make only if check accepts the bounds.
func of[S, M, I, O any](ctx context.Context, c *command, check func() error,
	make func() graphs.Machine[S, M, I, O]) error {
	if err := check(); err != nil {
		return fmt.Errorf("%w: %w", err, errUsage)
	}
	m := make()
	if c.machine == "model" {
		return verb(ctx, c, m.OfModel())
	}
	if c.plant != "" {
		var err error
		if m, err = m.WithFault(c.plant); err != nil {
			list := err.Error()
			for _, f := range m.Faults {
				list += fmt.Sprintf("\n  %-18s %s (breaks %s)", f.Name, f.Says, strings.Join(f.Breaks, ", "))
			}
			return fmt.Errorf("%s\n%w", list, errUsage)
		}
	}
	return verb(ctx, c, m)
}

func verb[S, M, I, O any](ctx context.Context, c *command, m graphs.Machine[S, M, I, O]) error {
	if c.options.Symmetry && m.Canonical == nil {
		return fmt.Errorf("%s has no symmetry: %w", m.Name, errUsage)
	}
	if c.verb == "liveness" {
		return liveness(ctx, c, m)
	}
	return explore(ctx, c, m)
}
