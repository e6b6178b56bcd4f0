// Command run explores the machines that are bound to package graphs, checks their liveness, and
// compares their graphs with those of their specs: run -h.
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
each state it tries every input, and sees that those that are refused change nothing; it holds the
machine's properties to each state and step. What it says holds within the bounds.

  run explore                                   Rooms: 3 calls on 2 names with 2 options
  run explore -calls 5 -symmetry -refusals=false  ten million states, of which one and a half are visited
  run explore -calls 4 -against                 each step and refusal is held against the model, too
  run explore -plant early-dispose              a fault in the core, and the shortest way to see it
  run explore -of roomstatus                    one room: attach, detach, release, its channel's events
  run liveness                                  what must happen at last, and what fairness that needs
  run liveness -plant wedged                    a behaviour in which it does not
  run liveness -of channel -calls 2             of a channel that forgets what it need not know, so that bounds stop nothing
  run equality                                  the graphs of spec, core and model, both ways; needs Java
  run golden                                    write what tests keep of the graphs; needs Java

It ends with code 0 if all was visited and everything held, with 1 if not, also if a bound or an
interrupt ended it, and with 2 if the arguments are wrong.

Usage: run explore|liveness|equality|golden [flags]

`

// command is what the arguments ask for.
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

// errUsage is that the arguments are wrong.
var errUsage = errors.New("-h shows the flags")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	debug.SetGCPercent(400) // little of the memory has pointers
	bar := progress.Start(os.Stderr)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, bar)
	bar.Stop()
	os.Exit(code)
}

// run does what the arguments ask for and returns the exit code.
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
	flags.StringVar(&c.of, "of", "rooms", "which machine: `rooms`, roomstatus, channel, or toy")
	flags.StringVar(&c.machine, "machine", "core", "what to explore: the `core`, or the model")
	calls := flags.Int("calls", 3, "how many calls begin")
	flags.IntVar(&c.rooms.Names, "names", 2, "of rooms: on how many names")
	flags.IntVar(&c.rooms.Options, "options", 2, "of rooms: with how many different options")
	flags.BoolVar(&c.rooms.Conditional, "conditional", false, "of rooms: calls may be ReleaseIf too")
	flags.IntVar(&c.room.Errors, "errors", 1, "of roomstatus and channel: the errors are 0, which is none, up to this")
	flags.BoolVar(&c.room.Promised, "promised", false,
		"of roomstatus: an attach ends well only after its own event; of channel: the server answers in order; "+
			"what needs that must hold")
	flags.BoolVar(&c.room.Bare, "bare", false,
		"of roomstatus and channel: the states alone, without what the world remembers and what must hold")
	flags.IntVar(&c.channel.Wire, "requests", 2, "of channel: how many requests may be unanswered")
	flags.IntVar(&c.channel.Serials, "serials", 0, "of channel: the serials are 0, which is none, up to this")
	flags.IntVar(&c.clients, "clients", 3, "of toy: how many clients there are")
	flags.BoolVar(&c.options.Symmetry, "symmetry", false, "explore one state for all that differ in names alone")
	flags.BoolVar(&c.refusals, "refusals", true,
		"try every input in every state, not only those that are likely to be taken")
	flags.BoolVar(&c.options.Against, "against", false, "hold every step and refusal against the model")
	flags.IntVar(&c.options.Workers, "workers", 0, "how many states to expand at once; 0: one a processor")
	flags.Uint64Var(&c.options.MaxStates, "max-states", 0, "end as bounded when there are more states; 0 is no bound")
	flags.StringVar(&c.plant, "plant", "", "plant this `fault` in the core; an unknown one lists those that there are")
	flags.BoolVar(&c.check, "check", false, "fail also if no size is known of the graph")
	flags.StringVar(&c.only, "only", "", "of equality: configurations whose names begin with this `prefix`")
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
		if c.channel.Forgets && err == nil && c.plant == "" { // Heals has fairness of its own
			c.channel.Heals, c.of = true, "channel-heals"
			err = of(ctx, c, c.channel.Check, func() channel.Machine { return channel.New(c.channel) })
		}
		return err
	case "toy":
		return of(ctx, c, func() error { return nil }, func() toy.Machine { return toy.New(c.clients) })
	}
	return fmt.Errorf("no machine is called %q: %w", c.of, errUsage)
}

// of runs the command for a machine, which is made if the bounds are in range.
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
