package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"ablyrooms.example/internal/npm"
)

// agreement has the outcomes of a scenario, one for each format.
type agreement struct {
	scenario string
	outcomes []outcome
}

// compareAll calls compare for each scenario in each format, several at the same time. An outcome
// that differs has its reasons.
func compareAll(
	wanted []scenario, compare func(s scenario, f format) outcome,
) (lines []agreement) {
	var all sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for _, s := range wanted {
		l := agreement{s.name, make([]outcome, len(formats))}
		for i, f := range formats {
			slots <- struct{}{}
			all.Go(func() {
				l.outcomes[i] = compare(s, f)
				<-slots
			})
		}
		lines = append(lines, l)
	}
	all.Wait()
	return lines
}

// both calls two functions at the same time, and returns their results.
func both[T, U any](f func() (T, error), g func() (U, error)) (one T, other U, err error) {
	var second error
	done := make(chan struct{})
	go func() {
		defer close(done)
		other, second = g()
	}()
	one, err = f()
	<-done
	return one, other, errors.Join(err, second)
}

// scenariosWith returns the scenarios whose names contain a text.
func scenariosWith(text string) (wanted []scenario) {
	for _, s := range scenarios {
		if strings.Contains("on the wire, "+s.name, text) {
			wanted = append(wanted, s)
		}
	}
	return wanted
}

// delayed returns a function that delays each frame by a random time. No result of a comparison may
// depend on these delays.
func delayed(most time.Duration) func(*wireFrame) bool {
	if most <= 0 {
		return nil
	}
	return func(*wireFrame) bool { time.Sleep(rand.N(most)); return true }
}

// agreementRows runs each scenario with this library and with the official client, and compares the
// frames that they send. Each frame is delayed by a random time, up to delay.
func agreementRows(
	ctx context.Context, js, only string, delay time.Duration,
) (c counts, err error) {
	wanted := scenariosWith(only)
	if len(wanted) == 0 {
		return c, nil
	}
	began := time.Now()
	p, err := startPeer(ctx, js, "agreement.mjs")
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	var mu sync.Mutex
	occurred := map[occurrence]bool{}
	frames := 0
	late := delayed(delay)
	lines := compareAll(wanted, func(s scenario, f format) outcome {
		ours, theirs, err := both(
			func() (recording, error) { return runAlone(ctx, s, newOurWire, f, late) },
			func() (recording, error) { return runAlone(ctx, s, newTheirWire(p), f, late) })
		if err != nil {
			return outcome{err: err}
		}
		a, b := ours.view().sent, theirs.view().sent
		mu.Lock()
		defer mu.Unlock()
		frames += len(a)
		reasons, err := judge(acceptedVariances, occurred, s.name, f, variances(a, b, sentOnly))
		return outcome{err, strings.Join(reasons, "\n")}
	})
	if only == "" {
		if e := unused(acceptedVariances, occurred); e != nil {
			lines = append(lines, agreement{"the table of differences", []outcome{{err: e}}})
		}
	}
	c = writeAgreement(os.Stdout, "frames that the two libraries send", lines)
	writeEverywhere(os.Stdout)
	version, err := npm.Version(js, "ably")
	fmt.Printf("\nably %s and this library on the wire: %d scenarios, %d rows, %d frames, "+
		"%d the same, %d differ, %d failed, in %.1f s\n", version, len(wanted), c.rows, frames,
		c.passed, c.differs, c.failed, time.Since(began).Seconds())
	fmt.Printf("EVIDENCE agreement scenarios=%d formats=%d same=%d differ=%d failed=%d frames=%d "+
		"accepted=%d\n", len(wanted), len(formats), c.passed, c.differs, c.failed, frames,
		len(acceptedVariances))
	return c, err
}

// writeEverywhere prints the accepted differences that belong to no scenario.
func writeEverywhere(out io.Writer) {
	fmt.Fprintln(out, "\ndifferences in every scenario in which the field is sent:")
	for _, row := range acceptedVariances {
		if row.scenario == "" {
			fmt.Fprintf(out, "  %v%s\n    %s\n", row.variance, row.in.only(), row.reason)
		}
	}
}

// writeAgreement prints the table, and the differences in each scenario.
func writeAgreement(out io.Writer, head string, lines []agreement) (c counts) {
	fmt.Fprintln(out)
	table := tabwriter.NewWriter(out, 0, 0, 1, ' ', tabwriter.Debug)
	fmt.Fprintf(table, "on the wire: %s", head)
	for _, f := range formats {
		fmt.Fprintf(table, "\t %s", f)
	}
	fmt.Fprintln(table)
	for _, l := range lines {
		c.add(count([]line{{outcomes: l.outcomes}}))
		fmt.Fprint(table, l.scenario)
		for _, o := range l.outcomes {
			fmt.Fprintf(table, "\t %s", o.word())
		}
		fmt.Fprintln(table)
	}
	table.Flush()
	for _, l := range lines {
		writeReasons(out, l)
	}
	return c
}

// writeReasons prints the differences in a scenario, once for all formats that have the same ones.
func writeReasons(out io.Writer, l agreement) {
	in := map[string][]string{}
	var texts []string
	for i, o := range l.outcomes {
		text := o.differs
		if o.err != nil {
			text = "FAIL: " + o.err.Error()
		}
		if text == "" {
			continue
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
		in[text] = append(in[text], string(formats[i]))
	}
	for _, text := range texts {
		fmt.Fprintf(out, "\non the wire, %s (%s)\n  %s\n", l.scenario, strings.Join(in[text], "; "),
			strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  "))
	}
}
