package chatdebug

import (
	"cmp"
	_ "embed"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/internal/pagestyle"
)

// View is the content of the page. It is also served as JSON.
type View struct {
	At         time.Time `json:"at"`
	Since      time.Time `json:"since"` // since when events and times of calls are recorded
	Connection Status    `json:"connection"`
	Disposal   string    `json:"disposal"` // "no", "disposing" or "disposed"
	Rooms      []Room    `json:"rooms"`
	Calls      []Call    `json:"calls"`  // the calls that wait, longest wait first
	Events     []Event   `json:"events"` // newest first
}

// Status is a status with the error that belongs to it.
type Status struct {
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
}

// Room is one incarnation of a room's name.
type Room struct {
	Name        string `json:"name"`
	Incarnation uint64 `json:"incarnation"`
	Life        string `json:"life"` // "initializing", "ready" or "releasing"
	Status
	// the operation that runs; empty if none does
	Operation string               `json:"operation,omitempty"`
	Options   ablychat.RoomOptions `json:"options"`
}

// Call is a call that waits.
type Call struct {
	Operation string `json:"operation"`
	Room      string `json:"room,omitempty"`
	Number    uint64 `json:"number"`
	For       string `json:"for"` // what the call waits for
	// how long the call has waited; absent if it began before the handler was made
	Seconds *float64 `json:"seconds,omitempty"`
}

// Waits returns how long the call has waited, as text.
func (c Call) Waits() string {
	if c.Seconds == nil {
		return "since before this page"
	}
	return rounded(time.Duration(*c.Seconds * float64(time.Second))).String()
}

// Mark returns the style of the status on the page: "ok", "bad" or "".
func (s Status) Mark() string {
	switch s.Status {
	case "attached", "connected":
		return "ok"
	case "failed", "suspended":
		return "bad"
	}
	return ""
}

func (h *handler) view() View {
	now, s := h.now(), h.client.Snapshot()
	events, began := h.recorder.last()
	v := View{At: now, Since: h.recorder.since, Connection: Status{s.Connection.String(), redacted(s.ConnectionError)},
		Disposal: s.Disposal, Rooms: []Room{}, Calls: []Call{}, Events: events}
	add := func(c Call, key callKey) {
		if at, seen := began[key]; seen {
			seconds := now.Sub(at).Seconds()
			c.Seconds = &seconds
		}
		v.Calls = append(v.Calls, c)
	}
	for _, call := range s.Calls {
		what := "every release to end"
		if call.Incarnation != 0 {
			what = "incarnation " + strconv.Itoa(int(call.Incarnation))
		}
		add(Call{Operation: call.Operation, Room: call.Name, Number: uint64(call.Call), For: what}, callKey{nil, call.Call})
	}
	for _, room := range s.Rooms {
		r := Room{Name: room.Name, Incarnation: room.Incarnation, Life: room.Life, Options: room.Options}
		if operation, phase, runs := strings.Cut(room.Operation, ": "); runs {
			r.Operation = operation + ": " + cmp.Or(phases[phase], phase)
		}
		if room.Room != nil {
			r.Status = Status{room.Status.String(), redacted(room.Error)}
		}
		v.Rooms = append(v.Rooms, r)
		for _, call := range room.Calls {
			what := "its turn"
			if call.Running {
				what = "the channel"
			}
			add(Call{Operation: call.Operation + " of the room", Room: room.Name, Number: uint64(call.Call), For: what}, callKey{room.Room, call.Call})
		}
	}
	slices.SortStableFunc(v.Rooms, func(a, b Room) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortStableFunc(v.Calls, func(a, b Call) int { return cmp.Compare(age(b), age(a)) })
	return v
}

// phases maps each phase of an operation to a text.
var phases = map[string]string{"inAttach": "attaching the channel", "inDetach": "detaching the channel",
	"inRetryPause": "waiting to detach again", "inGiveBack": "giving the channel back"}

// age returns the key by which calls are sorted: how long they have waited. Calls that began before
// the handler was made come first.
func age(c Call) float64 {
	if c.Seconds == nil {
		return float64(1 << 62)
	}
	return *c.Seconds
}

// rounded rounds a duration to the digits that are useful to a reader.
func rounded(d time.Duration) time.Duration {
	if d < time.Second {
		return d.Round(100 * time.Microsecond)
	}
	return d.Round(100 * time.Millisecond)
}

// secret matches text that an error must not show: keys of Ably, and tokens and keys in the query
// of an address.
var secret = regexp.MustCompile(`[\w-]+\.[\w-]+:[\w-]{8,}|(?i)(key|access_?token|secret)=[^\s&"]+|eyJ[\w-]+\.[\w-]+\.[\w-]*`)

// redacted returns the text of an error without secrets, or "" for nil.
func redacted(err error) string {
	if err == nil {
		return ""
	}
	return secret.ReplaceAllString(err.Error(), "(redacted)")
}

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"style": func() template.CSS { return template.CSS(pagestyle.CSS) },
	"clock": func(t time.Time) string { return t.Format("15:04:05.000") },
}).Parse(pageText))
