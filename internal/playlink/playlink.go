// Package playlink writes and reads links to the playground, a web page that plays scripts step by
// step. A link contains a script in its fragment, as readable text:
//
//	playground#rooms/get(1,a,x);opened(1);release(2,a)
//
// The form is
//
//	BOARD [ "!" FAULT ] [ "@" STEP ] "/" [ CALLER "." ] WORD "(" [ ARG { "," ARG } ] ")" { ";" … }
//
// The board says what the script is played on. The fault is planted in a second registry that plays
// the script too. The page opens at step number STEP. In the words, ASCII letters, digits, "_",
// "-", "+" and ":" stand for themselves, a space is "~", and an empty argument is two apostrophes.
// Other bytes are escaped as in any URL.
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

// The boards, on which scripts are played.
const (
	// names with their rooms, and each room's channel (docs/rooms.md, docs/leases.md)
	Rooms   = "rooms"
	Room    = "room"    // one room and all events that its channel may report (docs/room.md)
	Channel = "channel" // one channel and all frames that a server may send (docs/channel.md)
)

// Script is the content of a link.
type Script struct {
	Board string
	Fault string // the name of a fault, or empty for none
	At    int    // how many steps are taken when the page opens; 0 for all, -1 for none
	Steps []Step
}

// Step is one step of a script.
type Step struct {
	Caller string // who takes the step; if empty, the page chooses a caller
	Word   string
	Args   []string
}

// Base is the environment variable that holds the address of the page, for [Link].
const Base = "PLAYGROUND_URL"

// Link returns the link to a script. It begins with the address in the environment variable
// PLAYGROUND_URL, or with "playground" if that isn't set.
func Link(s Script) string { return cmp.Or(os.Getenv(Base), "playground") + "#" + s.Fragment() }

// Text returns the link to a script that is given as text, with steps separated by semicolons, such
// as "get(1, a, x); opened(1)". If the text can't be parsed, the link is that of an empty script.
func Text(board, text string) string {
	s, _ := Parse(board + "/" + text)
	s.Board = board
	return Link(s)
}

var link = regexp.MustCompile(
	"[^\\s\"'`<>]*#(?:" + Rooms + "|" + Room + "|" + Channel + ")[!@/][^\\s\"`<>]*",
)

// Find returns the first link in a text, or "".
func Find(text string) string { return link.FindString(text) }

// Fragment returns the script as the fragment of a link, without the "#".
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

// empty is the text of an empty argument.
const empty = "''"

// text returns the text of the step in a link.
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

// String returns the step as readable text: "ada: get(1, a, x)".
func (s Step) String() string {
	text := s.Word + "(" + strings.Join(s.Args, ", ") + ")"
	if s.Caller != "" {
		return s.Caller + ": " + text
	}
	return text
}

// Parse parses a fragment, with or without the "#". So that a script may be written by hand, it
// accepts spaces around each part, and a word without parentheses. It also accepts a fragment that
// was escaped once more.
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
			return Script{}, fmt.Errorf("playlink: %q is not the number of a step", at)
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
	none := fmt.Errorf("playlink: %q is not a step such as get(1,a,x)", text)
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

// plain reports whether a byte is written without an escape.
func plain(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' ||
		strings.IndexByte("_-+:", c) >= 0
}

// escape escapes text, so that no byte is taken for a part of the syntax.
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

// unescape undoes escape. It ignores spaces around the text, also those that a browser escaped.
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
