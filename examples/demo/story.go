package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"ablyrooms.example/fsm"
	"ablyrooms.example/lifecycle"
)

// story prints what happens, a line at a time: in colour on a terminal, without colour in a pipe.
type story struct {
	mu     sync.Mutex
	out    io.Writer
	colour bool
	began  time.Time
}

func newStory(out *os.File) *story {
	return &story{out: out, colour: term.IsTerminal(int(out.Fd())) && os.Getenv("NO_COLOR") == "", began: time.Now()}
}

// The colours, as numbers of the terminal's palette.
const (
	plain  = ""
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "36"
)

func (s *story) line(who, colour, format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, "%s %-6s %s\n", s.paint(dim, fmt.Sprintf("%7.1f ms", float64(time.Since(s.began).Microseconds())/1000)), who,
		s.paint(colour, fmt.Sprintf(format, args...)))
}

func (s *story) paint(colour, text string) string {
	if !s.colour || colour == plain {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// chapter begins a new part of the story.
func (s *story) chapter(format string, args ...any) {
	s.mu.Lock()
	fmt.Fprintf(s.out, "\n%s\n", s.paint(bold, fmt.Sprintf(format, args...)))
	s.mu.Unlock()
}

func (s *story) say(format string, args ...any) { s.line("", dim, format, args...) }

func (s *story) does(who, format string, args ...any) { s.line(who, plain, format, args...) }

func (s *story) gets(who string, err error) {
	if err != nil {
		s.line(who, red, "error: %v", err)
	}
}

// rooms prints a step of a Rooms: how names go through their lifecycle.
func (s *story) rooms(who string, step lifecycle.RoomsStep) {
	var told []string
	for _, out := range step.Outputs {
		switch out.Kind {
		case fsm.Open:
			told = append(told, fmt.Sprintf("#%d is initializing", out.Incarnation))
		case fsm.Release:
			told = append(told, fmt.Sprintf("#%d is releasing", out.Incarnation))
		case fsm.Abandon:
			told = append(told, fmt.Sprintf("#%d is releasing while it opens", out.Incarnation))
		case fsm.Settle:
			told = append(told, fmt.Sprintf("call %d ends: %v", out.Call, out.Outcome))
		}
	}
	name := step.Name
	switch step.Input.Kind {
	case fsm.Opened:
		told = append([]string{fmt.Sprintf("#%d is ready", step.Input.Incarnation)}, told...)
	case fsm.ReleaseDone, fsm.ReleaseFailed, fsm.OpenFailed:
		told = append([]string{fmt.Sprintf("#%d is released", step.Input.Incarnation)}, told...)
	case fsm.CallGet, fsm.CallRelease, fsm.CallDispose, fsm.CallReleaseIf:
		if len(told) == 0 {
			told = []string{fmt.Sprintf("call %d waits", step.Input.Call)}
		}
		name = strings.TrimSpace(fmt.Sprintf("%v %s", step.Input.Kind, name))
	}
	s.line(who, blue, "rooms: %s: %s", name, strings.Join(told, ", "))
}

// room prints a step of a room: its status.
func (s *story) room(who string, step lifecycle.RoomStep) {
	for _, out := range step.Outputs {
		switch out.Kind {
		case fsm.PublishStatus:
			s.line(who, map[fsm.Status]string{fsm.StatusAttached: green, fsm.StatusFailed: red, fsm.StatusSuspended: yellow}[out.Status],
				"room:  %s: %v -> %v", step.Room, out.Previous, out.Status)
		case fsm.PublishDiscontinuity:
			s.line(who, yellow, "room:  %s: lost continuity", step.Room)
		}
	}
}
