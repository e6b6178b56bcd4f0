package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"ablyrooms.example/tests/explore"
)

// every is how often progress is shown: in place on a terminal, as a line now and then elsewhere.
func (s *settings) every() time.Duration {
	if s.bar {
		return 100 * time.Millisecond
	}
	return 5 * time.Second
}

// progress returns what shows progress.
func (s *settings) progress() func(explore.Progress) {
	shown := false
	return func(p explore.Progress) {
		line := progressLine(p)
		if s.bar {
			fmt.Fprintf(s.stderr, "\r\x1b[K%s", line)
			return
		}
		if p.Elapsed >= s.every() || shown { // nothing for what is over at once
			fmt.Fprintln(s.stderr, line)
			shown = true
		}
	}
}

// endProgress takes the bar away.
func (s *settings) endProgress() {
	if s.bar {
		fmt.Fprint(s.stderr, "\r\x1b[K")
	}
}

func progressLine(p explore.Progress) string {
	const width = 20
	done := 0
	if p.Level > 0 {
		done = int(min(p.Done, p.Level) * width / p.Level)
	}
	return fmt.Sprintf("[%s%s] %s states, %s states/s, depth %d, %d MB", strings.Repeat("#", done), strings.Repeat(".", width-done),
		grouped(p.States), grouped(uint64(float64(p.States)/max(p.Elapsed.Seconds(), 1e-3))), p.Depth, p.Memory>>20)
}

// grouped writes a number with its thousands apart.
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	var b strings.Builder
	for i, c := range text {
		if i > 0 && (len(text)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(c)
	}
	return b.String()
}
