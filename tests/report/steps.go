package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// took has the duration of a step.
type took struct {
	step  string
	time  time.Duration
	begin time.Duration // time from the begin of the first step
	err   error
}

// runAll runs the steps, and then checks their records.
func runAll(root, dir string, stages []string) (int, error) {
	if err := os.RemoveAll(dir); err != nil {
		return 0, err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	begin := time.Now()
	times := steps(ctx, stages, os.Stdout, func(ctx context.Context, step string, out io.Writer) error {
		target := exec.CommandContext(ctx, "make", "--no-print-directory", step)
		target.Dir, target.Stdout, target.Stderr = root, out, out
		target.Cancel = func() error { return nil } // the process group gets the interrupt itself
		return target.Run()
	})
	printTimes(os.Stdout, times, time.Since(begin))
	for _, t := range times {
		if t.err != nil {
			return 1, nil
		}
	}
	registered, err1 := check(root, dir, os.Stdout)
	compared, err2 := compareCaught(dir, os.Stdout)
	if err := errors.Join(err1, err2); err != nil {
		return 0, err
	}
	if registered+compared == 0 {
		fmt.Println("check: all passed")
	}
	return max(registered, compared), nil
}

// steps runs the stages one after another until one fails. The steps of a stage run at the same
// time.
func steps(ctx context.Context, stages []string, out io.Writer,
	do func(context.Context, string, io.Writer) error) (times []took) {
	begin := time.Now()
	for _, stage := range stages {
		if ctx.Err() != nil {
			return append(times, took{step: stage, begin: time.Since(begin), err: context.Cause(ctx)})
		}
		names := strings.Split(stage, "+")
		done := make([]took, len(names))
		shared := &lines{out: out}
		var group sync.WaitGroup
		for i, step := range names {
			group.Go(func() {
				began := time.Since(begin)
				w := out
				if len(names) > 1 {
					w = shared.writer()
				}
				err := do(ctx, step, w)
				done[i] = took{step, time.Since(begin) - began, began, err}
				says := "ok"
				if err != nil {
					says = "FAILED: " + err.Error()
				}
				fmt.Fprintf(w, "== %s: %s, %.1f s\n", step, says, done[i].time.Seconds())
			})
		}
		group.Wait()
		times = append(times, done...)
		for _, t := range done {
			if t.err != nil {
				return times
			}
		}
	}
	return times
}

// lines writes the output of several writers to out, each line as a whole.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lines) writer() io.Writer { return &lineWriter{lines: l} }

type lineWriter struct {
	*lines
	held []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	end := strings.LastIndexByte(string(w.held), '\n') + 1
	_, err := w.out.Write(w.held[:end])
	w.held = w.held[end:]
	return len(p), err
}

// printTimes prints a table with the time of each step.
func printTimes(out io.Writer, times []took, total time.Duration) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\nstep\tbegins\tseconds\tshare\t")
	for _, t := range times {
		note := ""
		if t.err != nil {
			note = " FAILED"
		}
		fmt.Fprintf(table, "%s\t%.0f\t%.1f\t%.0f %%\t%s\n", t.step, t.begin.Seconds(), t.time.Seconds(),
			100*t.time.Seconds()/total.Seconds(), note)
	}
	fmt.Fprintf(table, "total\t\t%.1f\t\t\n", total.Seconds())
	table.Flush()
}

// logOf returns the name of the file with the record of a step.
func logOf(dir, step string) string { return filepath.Join(dir, step+".json") }
