package progress

import (
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// screen returns what a terminal shows after this output, which has only lines and the two control
// sequences of Bar.
func screen(written string) (lines []string) {
	for written != "" {
		var n int
		if strings.HasPrefix(written, "\x1b[") {
			up, rest, _ := strings.Cut(written[2:], "A\r\x1b[J")
			for _, c := range up {
				n = n*10 + int(c-'0')
			}
			lines, written = lines[:len(lines)-n], rest
			continue
		}
		line, rest, _ := strings.Cut(written, "\n")
		lines, written = append(lines, line), rest
	}
	return lines
}

func TestATerminalIsDrawnOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		b := StartOn(&out, true)
		shows := func(want ...string) {
			t.Helper()
			time.Sleep(redraw)
			synctest.Wait()
			if got := screen(out.String()); strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("shown:\n%s\nexpected:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		shows()
		b.Set(5, 10, "%d of 10", 5)
		shows("[##########..........] 5 of 10, 0s")
		one, two := b.Task("one"), b.Task("two")
		one.Note("%s states", Grouped(1234))
		time.Sleep(2 * time.Second)
		shows("[##########..........] 5 of 10, 2s", "  one: 2s, 1,234 states", "  two: 2s")
		b.Print("one: ok")
		one.Stop()
		shows("one: ok", "[##########..........] 5 of 10, 2s", "  two: 2s")
		b.Set(11, 0, "%s", strings.Repeat("x", 100)) // a line is never wider than the terminal
		two.Stop()
		shows("one: ok", strings.Repeat("x", 79))
		b.Set(20, 10, "more than all")
		shows("one: ok", "["+strings.Repeat("#", cells)+"] more than all, 3s")
		b.Stop()
		b.Stop()
		shows("one: ok")
	})
}

func TestElsewhereALineIsWrittenNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		b := StartOn(&out, false)
		b.Set(1, 4, "1 of 4")
		time.Sleep(repeat - time.Second)
		b.Print("kept")
		time.Sleep(2 * time.Second)
		b.Set(2, 4, "2 of 4")
		b.Stop()
		time.Sleep(2 * repeat)
		if got, want := out.String(), "kept\n[#####...............] 1 of 4, 30s\n"; got != want {
			t.Errorf("written %q, expected %q", got, want)
		}
	})
}

func TestGoroutinesMayShareABar(t *testing.T) {
	var out strings.Builder
	b := StartOn(&out, true)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			task := b.Task("task")
			task.Note("note")
			b.Set(i, 8, "some")
			b.Print("ended")
			task.Stop()
		})
	}
	group.Wait()
	b.Stop()
	if got := screen(out.String()); strings.Join(got, " ") != strings.TrimSpace(strings.Repeat("ended ", 8)) {
		t.Errorf("after the end of all tasks, the terminal shows %q", got)
	}
}

func TestAFileIsNoTerminal(t *testing.T) {
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if IsTerminal(f) {
		t.Error("a file counts as a terminal")
	}
	Start(f).Stop()
}

func TestGrouped(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 10831476: "10,831,476", -1000: "-1,000", -100: "-100"} {
		if got := Grouped(n); got != want {
			t.Errorf("%d is written as %s", n, got)
		}
	}
}
