package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"

	"ablyrooms.example/tests/wire/world"
)

// grace is how long a child may run after its time is over, to finish its runs and to exit.
const grace = time.Minute

// earlyEnds is how many children may end early; each minute, earlyEndsAfter more may do so.
const (
	earlyEnds      = 10
	earlyEndsAfter = 4
)

// parent runs children until the time is over, and adds up their tallies.
type parent struct {
	settings
	begin    time.Time
	known    *world.KnownList
	knowns   int // runs and children with a known failure
	children int
	sum      tally // the tally of all children so far
	problems []string
	shown    time.Time
}

func (p *parent) run(ctx context.Context) {
	fmt.Printf("%9s %9s %9s %9s %9s %11s %11s %9s\n", "elapsed", "runs", "rooms", "calls", "faults", "reconnects", "goroutines", "heap MB")
	for ctx.Err() == nil && len(p.problems) == 0 {
		left := p.length - time.Since(p.begin)
		if p.children > 0 && left <= time.Second {
			break
		}
		if float64(p.children) > earlyEnds+earlyEndsAfter*time.Since(p.begin).Minutes() {
			p.problem("%d child processes have ended early", p.children)
			return
		}
		p.child(ctx, left)
	}
	if p.sum.Runs == 0 && ctx.Err() == nil {
		p.problem("no run ended")
	}
	p.problems = append(p.problems, p.known.TooMany()...)
}

func (p *parent) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

// child runs one child process to its end.
func (p *parent) child(ctx context.Context, length time.Duration) {
	p.children++
	ctx, cancel := context.WithTimeout(ctx, length+grace)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], append(slices.Clone(os.Args[1:]), "-child",
		fmt.Sprintf("-for=%v", length), fmt.Sprintf("-seed=%d", p.seed+uint64(p.children-1)))...)
	var said bytes.Buffer // the stacks of the goroutines, if the child is killed
	cmd.Stderr = &said
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGQUIT) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		p.problem("a child process: %v", err)
		return
	}
	before, ended := p.sum, false
	lines := bufio.NewScanner(out)
	for lines.Buffer(nil, 1<<26); lines.Scan(); {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			p.problem("a child process printed the invalid line %q: %v", lines.Text(), err)
			continue
		}
		p.sum = before.plus(m.Tally)
		p.show()
		ended = ended || m.End || m.Run == "child"
		if m.Run != "" {
			p.judge(m.Run, m.Problems, m.Report)
		}
		if len(p.problems) > 0 && !m.End {
			break // the rest of the child's run doesn't matter
		}
	}
	if !ended && len(p.problems) > 0 {
		cancel()
	}
	err = cmd.Wait()
	switch {
	case ended || len(p.problems) > 0 || context.Cause(ctx) == context.Canceled:
	case ctx.Err() != nil:
		p.judge("child", []string{"the child did not end within its time:\n" + said.String()}, "")
	default:
		p.judge("child", []string{fmt.Sprintf("the child ended early: %v\n%s", err, said.String())}, "")
	}
}

// judge notes the problems of a run, unless they are known failures.
func (p *parent) judge(run string, problems []string, report string) {
	known := p.known.Explain("soak/"+run, problems)
	switch {
	case len(problems) == 0:
	case known:
		p.knowns++
	default:
		for _, problem := range problems {
			p.problem("%s: %s", run, problem)
		}
		fmt.Print(report)
	}
}

// show prints a line of counters, at most once in each interval.
func (p *parent) show() {
	if time.Since(p.shown) < p.every {
		return
	}
	p.shown = time.Now()
	fmt.Printf("%9s %9d %9d %9d %9d %11d %11d %9.1f\n", time.Since(p.begin).Round(time.Second), p.sum.Runs, p.sum.Rooms, p.sum.Calls,
		p.sum.Faults, p.sum.Reconnects, p.sum.Goroutines[1], p.sum.Heap[1])
}

// plus adds the counters of u, a later child. It takes the measurements of goroutines and heap from
// u.
func (t tally) plus(u tally) tally {
	u.Runs, u.Calls, u.Rooms, u.Judged = t.Runs+u.Runs, t.Calls+u.Calls, t.Rooms+u.Rooms, t.Judged+u.Judged
	u.Faults, u.Cuts, u.Reconnects = t.Faults+u.Faults, t.Cuts+u.Cuts, t.Reconnects+u.Reconnects
	return u
}
