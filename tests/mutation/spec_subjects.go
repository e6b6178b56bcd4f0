package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// subject is a spec whose mutants are tried.
type subject struct {
	module   string
	inlined  string   // a module that it extends and whose operators are mutated too; "" for none
	safety   []string // configurations with the properties of states and steps
	live     []string // configurations with the properties of liveness
	lives    []string // operators that differ in the specs whose liveness is checked
	restless []string // formulas that fairness must not imply
	evidence string   // the name of the run's EVIDENCE line
	words    string   // the meaning of the numbers of a stage
	slow     bool     // checking its properties takes longer than everything else
	// more states than the spec has at any stage: a mutant with as many may have infinitely many; 0
	// for no such number
	most       int
	equivalent float64 // the maximum share of mutants that equivalent.txt may list

	// stages go from the cheapest to the most expensive. At the stages in liveAt, the liveness of
	// mutants that are still alive is checked.
	stages, liveAt []stage
}

var subjects = map[string]subject{"rooms": roomsSubject, "channel": channelSubject}

// No action of Rooms.tla needs more than two names, two options or four calls.
var roomsSubject = subject{
	module: "Rooms", safety: []string{"MCRooms_safety3"}, live: []string{"MCRooms_live3"},
	equivalent: 0.08, evidence: "specmutants", words: "calls, names, options",
	stages: []stage{limits{2, 1, 1}, limits{3, 1, 1}, limits{3, 1, 2}, limits{3, 2, 1}, limits{4, 1, 1},
		limits{3, 2, 2}},
	liveAt: []stage{limits{2, 1, 1}, limits{3, 1, 1}},
}

// atRest is the start of formulas that hold in every behaviour, except if from some time on the
// channel is connected and no timer fires.
const atRest = `[]<><<TimeoutOfRequest \/ RetryTimeout>>_vars \/ []<>~IsConnected(ch) \/ `

// A stage of few steps comes first, and kills two thirds of the mutants. Most stages of the channel
// lie within the graphs that are compared with the model's. The exceptions are those with the
// server's promise, and those that drop requests: for these, only the number of states is compared
// with a kept number. The formulas in restless say: fairness must not imply that a fence ends
// although no call waits for it, that an attached channel changes its state, or that a channel that
// is attaching again and again takes steps in which it stays attaching again and again.
var channelSubject = subject{
	module: "Channel", inlined: "ChannelSteps",
	safety: []string{"Channel_safety2", "Channel_promise2"},
	live:   []string{"Channel_live2", "Channel_heals1"}, lives: []string{"Bounded", "Become"},
	restless: []string{atRest + `[]<>~(ch.state = "initialized" /\ ch.awaited)`,
		atRest + `[]<>(ch.state # "attached")`,
		`<>[](ch.state # "attaching") \/ ` +
			`[]<><<ch.state = "attaching" /\ ch'.state = "attaching">>_vars`},
	evidence: "channelmutants", words: "calls, errors, serials, requests", slow: true, most: 20_000,
	equivalent: 0.051,
	stages: []stage{
		channelLimits{calls: 1, errors: 1, wire: 2, near: 3},
		channelLimits{calls: 2, errors: 1, wire: 2, near: 4},
		channelLimits{calls: 1, errors: 1, wire: 2, near: 5, promise: true},
		channelLimits{calls: 3, errors: 1, wire: 2, near: 6},
		channelLimits{calls: 1, serials: 1, wire: 2, near: 7},
		channelLimits{calls: 1, errors: 1, wire: 2},
		channelLimits{calls: 1, errors: 1, wire: 2, near: 7, promise: true},
		channelLimits{calls: 1, errors: 1, wire: 2, near: 6, forgets: true},
		channelLimits{calls: 1, serials: 1, wire: 2},
		channelLimits{calls: 1, errors: 1, wire: 2, promise: true},
		channelLimits{calls: 1, serials: 2, wire: 2, near: 5},
		channelLimits{calls: 3, errors: 1, wire: 1, near: 9},
		channelLimits{calls: 2, errors: 1, wire: 2, near: 9},
		channelLimits{calls: 2, errors: 1, wire: 3, near: 11, promise: true},
		channelLimits{calls: 3, errors: 1, wire: 2, near: 8},
		channelLimits{calls: 2, errors: 1, wire: 2},
	},
	liveAt: []stage{channelLimits{calls: 1, errors: 1, wire: 2, forgets: true},
		channelLimits{calls: 2, errors: 1, wire: 2, forgets: true}},
}

// channelLimits are the bounds of Channel.tla at a stage.
type channelLimits struct {
	calls, errors, serials, wire int
	forgets, promise             bool
	near                         int // the maximum number of steps; 0 for no maximum
}

// String returns the bounds as reports show them.
func (l channelLimits) String() string {
	text := fmt.Sprintf("%d,%d,%d,%d", l.calls, l.errors, l.serials, l.wire)
	for word, set := range map[string]bool{",promise": l.promise, ",forgets": l.forgets} {
		if set {
			text += word
		}
	}
	if l.near > 0 {
		text += fmt.Sprintf(",%d-steps", l.near)
	}
	return text
}

func (l channelLimits) levels() int { return l.near }

func (l channelLimits) compared() bool { return !l.promise && !l.forgets }

// states returns the key of the number of states in golden.json, or "".
func (l channelLimits) states() string {
	if l == (channelLimits{calls: 2, errors: 1, wire: 2}) {
		return "tlc/Channel_safety2/distinct"
	}
	return ""
}

func (l channelLimits) constants() string {
	is := func(b bool) string { return strings.ToUpper(fmt.Sprint(b)) }
	return fmt.Sprintf("NCalls = %d NErrs = %d NSerials = %d MaxWire = %d Forgets = %s Promise = %s",
		l.calls, l.errors, l.serials, l.wire, is(l.forgets), is(l.promise))
}

// text returns the module's text, including the module that it inlines. dir is the folder of the
// specs.
func (s subject) text(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, s.module+".tla"))
	if err != nil || s.inlined == "" {
		return string(text), err
	}
	inner, err := os.ReadFile(filepath.Join(dir, s.inlined+".tla"))
	if err != nil {
		return "", err
	}
	_, body, ok := strings.Cut(string(inner), "\nEXTENDS ")
	head, rest, ok2 := strings.Cut(string(text), "\nEXTENDS "+s.inlined+"\n")
	end := strings.LastIndex(body, "\n====")
	if !ok || !ok2 || end < 0 {
		return "", fmt.Errorf("%s must extend %s and no other module", s.module, s.inlined)
	}
	return head + "\nEXTENDS " + body[:end+1] + rest, nil
}
