package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"ablyrooms.example/spec/TLA/tlcrun"
)

// screen shows what is running. On a terminal each running configuration has a line, below the lines of those that have ended; in a
// pipe there are only the latter.
type screen struct {
	out      io.Writer
	terminal bool

	mu      sync.Mutex
	total   int
	ended   int
	running []*line
	drawn   int // lines on the terminal that are to be drawn anew
	stop    chan struct{}
	stopped sync.WaitGroup
}

type line struct {
	name     string
	since    time.Time
	distinct int
}

func newScreen(f *os.File) *screen {
	info, err := f.Stat()
	return &screen{out: f, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"}
}

func (s *screen) begin(total int) {
	s.total, s.stop = total, make(chan struct{})
	if !s.terminal {
		return
	}
	s.stopped.Go(func() {
		tick := time.NewTicker(time.Second)
		defer tick.Stop()
		for {
			select {
			case <-s.stop:
				return
			case <-tick.C:
				s.mu.Lock()
				s.draw("")
				s.mu.Unlock()
			}
		}
	})
}

func (s *screen) end() {
	close(s.stop)
	s.stopped.Wait()
}

func (s *screen) started(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = append(s.running, &line{name: name, since: time.Now()})
	s.draw("")
}

func (s *screen) progressed(name, text string) {
	_, distinct, ok := tlcrun.Progressed(text)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.running {
		if ok && l.name == name {
			l.distinct = distinct
		}
	}
	s.draw("")
}

func (s *screen) finished(o outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, l := range s.running {
		if l.name == o.config.Name {
			s.running = append(s.running[:i], s.running[i+1:]...)
			break
		}
	}
	s.ended++
	took := ""
	if o.result != nil {
		took = fmt.Sprintf(" in %.1f s", o.result.Time.Seconds())
	}
	s.draw(fmt.Sprintf("[%2d/%d] %s: %s%s\n", s.ended, s.total, o.config.Name, verdict(o), took))
}

// draw writes a line that stays, if any, and on a terminal the lines of what runs.
func (s *screen) draw(stays string) {
	if !s.terminal {
		io.WriteString(s.out, stays)
		return
	}
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", s.drawn) // up, and clear from there
	}
	b.WriteString(stays)
	for _, l := range s.running {
		fmt.Fprintf(&b, "        %s: %.0f s", l.name, time.Since(l.since).Seconds())
		if l.distinct > 0 {
			fmt.Fprintf(&b, ", %s states so far", thousands(l.distinct))
		}
		b.WriteString("\n")
	}
	s.drawn = len(s.running)
	io.WriteString(s.out, b.String())
}

func verdict(o outcome) string {
	switch {
	case o.err != nil:
		return "FAILED"
	case o.config.Violates != "":
		return "rejects " + o.config.Violates + ", as it must"
	default:
		return "ok"
	}
}

// printTable prints a line for each outcome, then what is wrong with those that failed, and the sums.
func printTable(w io.Writer, outcomes []outcome) (failed int) {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nconfiguration\tdistinct / generated\tdiameter\ttime\tverdict")
	for _, o := range outcomes {
		states, diameter, took := "-", "-", "-"
		if r := o.result; r != nil {
			states = thousands(r.Distinct) + " / " + thousands(r.Generated)
			if r.Depth > 0 {
				diameter = fmt.Sprint(r.Depth)
			}
			took = fmt.Sprintf("%.1f s", r.Time.Seconds())
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", o.config.Name, states, diameter, took, verdict(o))
	}
	table.Flush()
	for _, o := range outcomes {
		if o.err == nil {
			continue
		}
		failed++
		fmt.Fprintf(&b, "\n%s: %s\n  %s\n", o.config.Name, o.config.Description, strings.ReplaceAll(o.err.Error(), "\n", "\n  "))
		if o.result == nil {
			continue
		}
		if o.result.Progress != "" {
			fmt.Fprintf(&b, "  %s\n", o.result.Progress)
		}
		if o.result.Trace != "" && o.config.Violates == "" {
			fmt.Fprintf(&b, "%s\n", o.result.Trace)
		}
	}
	fmt.Fprintf(&b, "\n%d passed, %d failed\n", len(outcomes)-failed, failed)
	io.WriteString(w, b.String())
	return failed
}

func printList(w io.Writer, configs []*tlcrun.Config) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "configuration\texpected\tworkers\twhat for")
	for _, c := range configs {
		expected := thousands(c.Distinct) + " states"
		if c.Violates != "" {
			expected = fmt.Sprintf("exit %d, %s", c.Exit, c.Violates)
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%s\n", c.Name, expected, c.Workers, c.Description)
	}
	table.Flush()
}

// thousands writes a number with commas.
func thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
