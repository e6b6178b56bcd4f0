// Package playlink writes scripts as links to the playground, the page in which one steps through
// them, and reads them back. A link has its script in its fragment, as text that a person can read:
//
//	playground#rooms/get(1,a,x);opened(1);release(2,a)
//
// The form is
//
//	BOARD [ "!" FAULT ] [ "@" STEP ] "/" [ CALLER "." ] WORD "(" [ ARG { "," ARG } ] ")" { ";" … }
//
// The board is what the script is played on, the fault is planted beside it, and the step is the one
// at which the page opens. What is no letter, digit, "_", "-", "+" or ":" of ASCII is escaped as in
// any URL, but a space is "~", and an empty argument "”".
package playlink

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// The boards: what a script is played on.
const (
	Rooms   = "rooms"   // names with their rooms, and each room's channel (docs/rooms.md, docs/leases.md)
	Room    = "room"    // one room, given whatever its channel could tell (docs/room.md)
	Channel = "channel" // one channel, given whatever a server could send (docs/channel.md)
)

// Script is what a link opens.
type Script struct {
	Board string
	Fault string // empty for none
	At    int    // how many steps are taken when the page opens; 0 for all, -1 for none
	Steps []Step
}

// Step is one step of a script.
type Step struct {
	Caller string // who takes it; empty where the page is to name somebody
	Word   string
	Args   []string
}

// Base is the environment variable with the address of the page, in which links begin with it.
const Base = "PLAYGROUND_URL"

// Link returns the link to a script: the address of the page from the environment variable
// PLAYGROUND_URL, or "playground", with the script in its fragment.
func Link(s Script) string { return cmp.Or(os.Getenv(Base), "playground") + "#" + s.Fragment() }

// Text returns the link to a script that stands as text, with steps separated by semicolons:
// "get(1, a, x); opened(1)". One that is not read as steps has the link of an empty script.
func Text(board, text string) string {
	s, _ := Parse(board + "/" + text)
	s.Board = board
	return Link(s)
}

var link = regexp.MustCompile(
	"[^\\s\"'`<>]*#(?:" + Rooms + "|" + Room + "|" + Channel + ")[!@/][^\\s\"`<>]*",
)

// Find returns the first link that stands in a text, or "".
func Find(text string) string { return link.FindString(text) }

// Fragment returns the script as it stands in a link, without the "#".
func (s Script) Fragment() string {
	var b strings.Builder
	b.WriteString(escape(s.Board))
	if s.Fault != "" {
		b.WriteString("!" + escape(s.Fault))
	}
	if s.At != 0 {
		b.WriteString("@" + strconv.Itoa(max(s.At, 0)))
	}
	b.WriteByte('/')
	for i, step := range s.Steps {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteString(step.text())
	}
	return b.String()
}

// empty stands for an empty argument.
const empty = "''"

// text returns the step as it stands in a link.
func (s Step) text() string {
	args := make([]string, len(s.Args))
	for i, arg := range s.Args {
		if args[i] = escape(arg); arg == "" {
			args[i] = empty
		}
	}
	text := escape(s.Word) + "(" + strings.Join(args, ",") + ")"
	if s.Caller != "" {
		return escape(s.Caller) + "." + text
	}
	return text
}

// String returns the step for people: "ada: get(1, a, x)".
func (s Step) String() string {
	text := s.Word + "(" + strings.Join(s.Args, ", ") + ")"
	if s.Caller != "" {
		return s.Caller + ": " + text
	}
	return text
}

// Parse reads a fragment, with or without the "#". It takes spaces around what they can't be part
// of and a word without parentheses, so that a script may be written by hand, and a fragment that was
// escaped once more on its way.
func Parse(fragment string) (Script, error) {
	fragment = strings.TrimPrefix(fragment, "#")
	if !strings.Contains(fragment, "(") && strings.Contains(fragment, "%28") {
		if once, err := url.PathUnescape(fragment); err == nil {
			fragment = once
		}
	}
	head, rest, ok := strings.Cut(fragment, "/")
	if !ok {
		return Script{}, fmt.Errorf("playlink: %q has no board", fragment)
	}
	var s Script
	var err error
	head, at, ok := strings.Cut(head, "@")
	if ok {
		if s.At, err = strconv.Atoi(at); err != nil || s.At < 0 {
			return Script{}, fmt.Errorf("playlink: %q is no step's number", at)
		}
		if s.At == 0 {
			s.At = -1
		}
	}
	board, fault, _ := strings.Cut(head, "!")
	if s.Board, err = unescape(board); err != nil {
		return Script{}, err
	}
	if s.Fault, err = unescape(fault); err != nil {
		return Script{}, err
	}
	for part := range strings.FieldsFuncSeq(rest, func(r rune) bool { return r == ';' || r == '\n' }) {
		if strings.TrimSpace(part) == "" {
			continue
		}
		step, err := parseStep(part)
		if err != nil {
			return Script{}, err
		}
		s.Steps = append(s.Steps, step)
	}
	return s, nil
}

func parseStep(text string) (step Step, err error) {
	none := fmt.Errorf("playlink: %q is no step, such as get(1,a,x)", text)
	head, args, ok := strings.Cut(strings.TrimSpace(strings.ReplaceAll(text, "%20", " ")), "(")
	args, closed := strings.CutSuffix(args, ")")
	if ok != closed || !ok && strings.ContainsAny(head, " '") {
		return Step{}, none
	}
	caller, word, called := strings.Cut(head, ".")
	if !called {
		caller, word = "", head
	}
	if step.Caller, err = unescape(caller); err != nil {
		return Step{}, err
	}
	if step.Word, err = unescape(word); err != nil {
		return Step{}, err
	}
	if step.Word == "" || called && step.Caller == "" {
		return Step{}, none
	}
	if strings.TrimSpace(strings.ReplaceAll(args, "%20", " ")) == "" {
		return step, nil
	}
	for arg := range strings.SplitSeq(args, ",") {
		arg, err := unescape(arg)
		if err != nil {
			return Step{}, err
		}
		step.Args = append(step.Args, arg)
	}
	return step, nil
}

// plain reports whether a byte stands for itself.
func plain(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' ||
		strings.IndexByte("_-+:", c) >= 0
}

// escape writes text so that it has no byte with a meaning of its own.
func escape(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case plain(c):
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('~')
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescape reads what escape wrote. Spaces around it, which a browser escapes, are none of it.
func unescape(text string) (string, error) {
	for i := range len(text) {
		if c := text[i]; !plain(c) && !strings.ContainsRune("%~ '", rune(c)) {
			return "", fmt.Errorf("playlink: %q has %q, which must be escaped", text, c)
		}
	}
	if text = strings.TrimSpace(strings.ReplaceAll(text, "%20", " ")); text == empty {
		return "", nil
	}
	plain, err := url.PathUnescape(strings.ReplaceAll(text, "~", "%20"))
	if err != nil {
		return "", fmt.Errorf("playlink: %w", err)
	}
	return plain, nil
}
