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

// Plan is a run: a scenario, and the faults that are injected at its frames. A plan without faults
// is the scenario's plain run.
type Plan struct {
	Scenario Scenario
	Strikes  []Strike
}

// Strike is a fault at a frame.
type Strike struct {
	Frame FrameName
	Fault Fault
}

// Fits reports whether the fault can be injected at the frame.
func (s Strike) Fits() bool { return !s.Fault.channel || strings.Count(string(s.Frame), ".") > 1 }

var (
	carries = regexp.MustCompile(`/in/(ATTACHED|MESSAGE)\.`)
	losing  = regexp.MustCompile(`^(drop|refuse|disconnect|fail-connection|fail-channel|detach-channel)$`)
)

// loses reports whether the client never receives the content of the frame, but receives later
// frames. A real transport never loses a frame in this way.
func (s Strike) loses() bool {
	return carries.MatchString(string(s.Frame)) && losing.MatchString(s.Fault.Name)
}

// String returns the plan's name, such as "two-clients/1/out/ATTACH.lobby.1/drop". [ParsePlan]
// reads it.
func (p Plan) String() string {
	name := p.Scenario.Name
	for i, s := range p.Strikes {
		name += "/+"[min(i, 1):][:1] + string(s.Frame) + "/" + s.Fault.Name
	}
	return name
}

// FrameName identifies a frame of a scenario. "1/out/ATTACH.lobby.2" is the second ATTACH of the
// room lobby that a client sent on the first WebSocket; "in" is for frames to a client. Unlike the
// frame's index, the name doesn't change when rooms that are busy at the same time send their
// frames in another order.
type FrameName string

var frameName = regexp.MustCompile(`^\d+/(in|out)/[A-Z]+(\.[^./]+)?\.\d+$`)

// kind returns a frame's name without its number, or "" if no fault can be injected at the frame.
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

// names returns the names of the frames at which a fault can be injected, in the order of time.
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

// match returns a match for the frame with this name.
func (n FrameName) match() ablytest.Match {
	dot := strings.LastIndexByte(string(n), '.') + 1
	nth, _ := strconv.Atoi(string(n[dot:]))
	same := func(f ablytest.Frame) bool { return kind(f) == string(n[:dot]) }
	return ablytest.AnyFrame().If(same).Nth(nth)
}

// ParsePlan returns the plan of the run with this name.
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
