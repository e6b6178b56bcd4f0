// Package progress shows the progress of a long run. On a terminal it redraws its lines in place;
// elsewhere it writes a line now and then.
//
//	bar := progress.Start(os.Stderr)
//	defer bar.Stop()
//	for i, m := range mutants {
//		bar.Set(i, len(mutants), "%d of %d mutants, %d killed", i, len(mutants), killed)
//		task := bar.Task(m.Name) // a line of its own while m runs
//		…
//		task.Stop()
//		bar.Print("%s: killed", m.Name) // a line that stays
//	}
package progress

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	redraw = 100 * time.Millisecond // the pause between two drawings on a terminal
	repeat = 30 * time.Second       // the pause between two lines elsewhere
	cells  = 20                     // the width of the bar, in characters
)

// IsTerminal reports whether f is a terminal on which lines can be redrawn.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Bar shows the progress of one run. Its methods may be called concurrently. While it runs, all
// output to the same terminal must go through [Bar.Print] or [Bar.Write].
type Bar struct {
	out      io.Writer
	terminal bool
	width    int
	began    time.Time
	stop     func()

	mu       sync.Mutex // held while out is written, so that lines don't mix
	done, of int
	text     string
	tasks    []*Task
	drawn    int // how many lines on the terminal will be redrawn
}

// Start shows progress on f, usually os.Stderr. On a terminal it redraws ten times a second.
// Elsewhere it writes a line every 30 seconds; a shorter run writes nothing. The caller must call
// [Bar.Stop].
func Start(f *os.File) *Bar {
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return start(f, IsTerminal(f), width)
}

// StartOn is like [Start] for any writer. If terminal is true, it treats the writer as a terminal
// of 80 columns.
func StartOn(w io.Writer, terminal bool) *Bar { return start(w, terminal, 80) }

func start(w io.Writer, terminal bool, width int) *Bar {
	b := &Bar{out: w, terminal: terminal, width: width, began: time.Now()}
	every := repeat
	if terminal {
		every = redraw
	}
	end, ended := make(chan struct{}), make(chan struct{})
	b.stop = sync.OnceFunc(func() {
		close(end)
		<-ended
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-end:
				b.draw("", nil)
				return
			case <-tick.C:
				b.draw("", b.lines())
			}
		}
	}()
	return b
}

// Set sets the progress: a bar shows done of total, followed by the text. If total is 0, only the
// text is shown.
func (b *Bar) Set(done, total int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done, b.of, b.text = done, total, text
}

// Print writes a line that stays; on a terminal, above the lines that are redrawn.
func (b *Bar) Print(format string, args ...any) { fmt.Fprintf(b, format+"\n", args...) }

// Write writes whole lines that stay; on a terminal, above the lines that are redrawn.
func (b *Bar) Write(lines []byte) (int, error) {
	b.draw(string(lines), b.lines())
	return len(lines), nil
}

// Stop removes the redrawn lines from a terminal, and waits until nothing more is written. It may
// be called more than once.
func (b *Bar) Stop() { b.stop() }

// Task is one of several parts of a run that run at the same time. On a terminal each has a line.
type Task struct {
	bar        *Bar
	name, note string
	began      time.Time
}

// Task begins a task. The caller must call [Task.Stop].
func (b *Bar) Task(name string) *Task {
	t := &Task{bar: b, name: name, began: time.Now()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks = append(b.tasks, t)
	return t
}

// Note sets the text after the task's name.
func (t *Task) Note(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	t.bar.mu.Lock()
	defer t.bar.mu.Unlock()
	t.note = note
}

// Stop ends the task.
func (t *Task) Stop() {
	t.bar.mu.Lock()
	defer t.bar.mu.Unlock()
	t.bar.tasks = slices.DeleteFunc(t.bar.tasks, func(other *Task) bool { return other == t })
}

// draw writes lines that stay, if there are any, and on a terminal the lines that are redrawn.
// Elsewhere it writes the redrawn lines only if no lines stay.
func (b *Bar) draw(stays string, over []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	text := stays
	if b.terminal && b.drawn > 0 {
		text = fmt.Sprintf("\x1b[%dA\r\x1b[J%s", b.drawn, stays) // clears the old lines
	}
	if b.terminal || stays == "" {
		for _, line := range over {
			if r := []rune(line); b.terminal && len(r) >= b.width {
				line = string(r[:b.width-1]) // the line must not wrap, or drawn is wrong
			}
			text += line + "\n"
		}
		b.drawn = len(over)
	}
	io.WriteString(b.out, text)
}

// lines returns the lines that are redrawn.
func (b *Bar) lines() (lines []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	since := func(t time.Time) time.Duration { return time.Since(t).Round(time.Second) }
	if b.text != "" || b.of > 0 {
		bar := ""
		if b.of > 0 {
			full := min(b.done, b.of) * cells / b.of
			bar = "[" + strings.Repeat("#", full) + strings.Repeat(".", cells-full) + "] "
		}
		lines = append(lines, fmt.Sprintf("%s%s, %v", bar, b.text, since(b.began)))
	}
	for _, t := range b.tasks {
		line := fmt.Sprintf("  %s: %v", t.name, since(t.began))
		if t.note != "" {
			line += ", " + t.note
		}
		lines = append(lines, line)
	}
	return lines
}

// Grouped returns a number with a comma between groups of three digits: 19,408.
func Grouped[N int | int64 | uint64](n N) string {
	digits, sign := strconv.FormatInt(int64(n), 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
