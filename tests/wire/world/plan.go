package world

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/adapter/ably/ablytest"
)

// Plan is one run: a scenario, and the faults that frames meet in it. Without faults it is the
// scenario's plain run.
type Plan struct {
	Scenario Scenario
	Strikes  []Strike
}

// Strike is a fault at a frame.
type Strike struct {
	Frame FrameName
	Fault Fault
}

// Fits reports whether the fault is one for the frame.
func (s Strike) Fits() bool { return !s.Fault.channel || strings.Count(string(s.Frame), ".") > 1 }

var (
	carries = regexp.MustCompile(`/in/(ATTACHED|MESSAGE)\.`)
	losing  = regexp.MustCompile(`^(drop|refuse|disconnect|fail-connection|fail-channel|detach-channel)$`)
)

// loses reports whether the client never receives what the frame carries, and receives what comes
// after it: no transport does that.
func (s Strike) loses() bool {
	return carries.MatchString(string(s.Frame)) && losing.MatchString(s.Fault.Name)
}

// String is the plan's name, which [ParsePlan] reads: "two-clients/1/out/ATTACH.lobby.1/drop".
func (p Plan) String() string {
	name := p.Scenario.Name
	for i, s := range p.Strikes {
		name += "/+"[min(i, 1):][:1] + string(s.Frame) + "/" + s.Fault.Name
	}
	return name
}

// FrameName tells a frame from all others of a scenario, as "1/out/ATTACH.lobby.2": the nth of its
// action and room in its direction on a WebSocket; out is what a client sends. Unlike its index
// there it stays the same when rooms that are busy at once have their turns in another order.
type FrameName string

var frameName = regexp.MustCompile(`^\d+/(in|out)/[A-Z]+(\.[^./]+)?\.\d+$`)

// kind is a frame's name without its number; "" for one that a fault can't be for.
func kind(f ablytest.Frame) string {
	direction, room := "out", ""
	if f.Direction == ablytest.ServerToClient {
		direction = "in"
	}
	if f.Channel != "" {
		room = "." + strings.TrimSuffix(f.Channel, ablychat.ChannelName(""))
	}
	if f.Index == 0 || f.Injected {
		return ""
	}
	return fmt.Sprintf("%d/%s/%v%s.", f.Connection, direction, f.Action, room)
}

// names returns the names of the frames that a fault can be for, in the order of time.
func names(frames []frame) (all []FrameName) {
	seen := map[string]int{}
	for _, f := range frames {
		if k := kind(f.Frame); k != "" {
			seen[k]++
			all = append(all, FrameName(k+strconv.Itoa(seen[k])))
		}
	}
	return all
}

// match is for the frame of the name.
func (n FrameName) match() ablytest.Match {
	dot := strings.LastIndexByte(string(n), '.') + 1
	nth, _ := strconv.Atoi(string(n[dot:]))
	same := func(f ablytest.Frame) bool { return kind(f) == string(n[:dot]) }
	return ablytest.AnyFrame().If(same).Nth(nth)
}

// ParsePlan reads the name of a run.
func ParsePlan(text string) (p Plan, err error) {
	bad := fmt.Errorf("%q is not the name of a run", text)
	scenario, rest, struck := strings.Cut(text, "/")
	i := slices.IndexFunc(Scenarios(), func(s Scenario) bool { return s.Name == scenario })
	if i < 0 {
		return Plan{}, bad
	}
	p.Scenario = Scenarios()[i]
	for part := range strings.SplitSeq(rest, "+") {
		if !struck {
			break
		}
		slash := max(strings.LastIndexByte(part, '/'), 0)
		k := slices.IndexFunc(Faults(), func(f Fault) bool { return "/"+f.Name == part[slash:] })
		if k < 0 || !frameName.MatchString(part[:slash]) {
			return Plan{}, bad
		}
		p.Strikes = append(p.Strikes, Strike{FrameName(part[:slash]), Faults()[k]})
	}
	return p, nil
}
