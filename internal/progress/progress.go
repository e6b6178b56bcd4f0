// Package progress shows how far a long run is: on a terminal by lines that are drawn over, elsewhere
// by a line now and then.
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
	redraw = 100 * time.Millisecond // how often a terminal is drawn
	repeat = 30 * time.Second       // how often a line is written elsewhere
	cells  = 20                     // the width of the bar itself
)

// IsTerminal reports whether f is a terminal on which lines can be drawn over.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// Bar shows the progress of one run. Its methods may be called from several goroutines at once. While
// it runs, everything that goes to the same terminal must go through [Bar.Print] or [Bar.Write].
type Bar struct {
	out      io.Writer
	terminal bool
	width    func() int
	began    time.Time
	stop     chan struct{}
	ended    sync.WaitGroup
	once     sync.Once

	mu       sync.Mutex // held while out is written, so that lines don't mix
	done, of int
	text     string
	tasks    []*Task
	drawn    int // the lines on the terminal that are to be drawn over
}

// Start shows progress on f, which is most often os.Stderr. On a terminal it is drawn ten times a
// second, elsewhere as a line every 30 seconds; a run that ends earlier writes nothing there. The
// caller must call [Bar.Stop].
func Start(f *os.File) *Bar {
	width := func() int {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
		return 80
	}
	return start(f, IsTerminal(f), width)
}

// StartOn is like [Start] for any writer, which counts as a terminal of 80 columns if terminal is true.
func StartOn(w io.Writer, terminal bool) *Bar {
	return start(w, terminal, func() int { return 80 })
}

func start(w io.Writer, terminal bool, width func() int) *Bar {
	b := &Bar{out: w, terminal: terminal, width: width, began: time.Now(), stop: make(chan struct{})}
	every := repeat
	if terminal {
		every = redraw
	}
	b.ended.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-b.stop:
				return
			case <-tick.C:
				b.mu.Lock()
				b.draw("")
				b.mu.Unlock()
			}
		}
	})
	return b
}

// Set says how far the run is: a bar shows done of the total, followed by the text. A total of 0 is
// unknown, and only the text is shown.
func (b *Bar) Set(done, total int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.done, b.of, b.text = done, total, text
}

// Print writes a line that stays, on a terminal above what is drawn over.
func (b *Bar) Print(format string, args ...any) {
	io.WriteString(b, fmt.Sprintf(format, args...)+"\n")
}

// Write writes whole lines that stay, on a terminal above what is drawn over.
func (b *Bar) Write(lines []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.terminal {
		return b.out.Write(lines)
	}
	b.draw(string(lines))
	return len(lines), nil
}

// Stop takes what is drawn over away, and waits until nothing more is written. It may be called more
// than once.
func (b *Bar) Stop() {
	b.once.Do(func() {
		close(b.stop)
		b.ended.Wait()
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.drawn > 0 {
			io.WriteString(b.out, b.erase())
			b.drawn = 0
		}
	})
}

// Task is one of several things that run at the same time. On a terminal each has a line.
type Task struct {
	bar   *Bar
	name  string
	note  string
	began time.Time
}

// Task begins a task. The caller must call its [Task.Stop].
func (b *Bar) Task(name string) *Task {
	t := &Task{bar: b, name: name, began: time.Now()}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks = append(b.tasks, t)
	return t
}

// Note says how far the task is.
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

// draw writes lines that stay, if any, and what is to be drawn over. The caller holds mu.
func (b *Bar) draw(stays string) {
	lines := b.lines()
	if !b.terminal {
		if len(lines) > 0 {
			io.WriteString(b.out, strings.Join(lines, "\n")+"\n")
		}
		return
	}
	var text strings.Builder
	text.WriteString(b.erase())
	text.WriteString(stays)
	for _, line := range lines {
		text.WriteString(cut(line, b.width()-1) + "\n") // a line that wraps could not be counted
	}
	b.drawn = len(lines)
	io.WriteString(b.out, text.String())
}

// lines are what is drawn over.
func (b *Bar) lines() (lines []string) {
	if b.text != "" || b.of > 0 {
		line := fmt.Sprintf("%s, %s", b.text, since(b.began))
		if b.of > 0 {
			full := min(b.done, b.of) * cells / b.of
			line = "[" + strings.Repeat("#", full) + strings.Repeat(".", cells-full) + "] " + line
		}
		lines = append(lines, line)
	}
	for _, t := range b.tasks {
		line := fmt.Sprintf("  %s: %s", t.name, since(t.began))
		if t.note != "" {
			line += ", " + t.note
		}
		lines = append(lines, line)
	}
	return lines
}

// erase takes the lines that are drawn over away.
func (b *Bar) erase() string {
	if b.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", b.drawn) // up, and clear from there
}

func since(t time.Time) string {
	return time.Since(t).Round(time.Second).String()
}

func cut(line string, width int) string {
	if r := []rune(line); len(r) > width {
		return string(r[:max(width, 0)])
	}
	return line
}

// Grouped writes a number with a comma between groups of three digits: 19,408.
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
