package conformance

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ablyrooms.example/model"
)

// spinning never comes to rest.
type spinning struct{ stop *atomic.Bool }

func (s spinning) Get(context.Context, string, string) (*Room, error) {
	for !s.stop.Load() {
	}
	return nil, nil
}

func (s spinning) Release(context.Context, string) error { return nil }

func TestWhatNeverRestsIsAHang(t *testing.T) {
	defer func(p time.Duration) { patience = p }(patience)
	patience = time.Millisecond
	var stop atomic.Bool
	defer stop.Store(true)
	subject := Subject{
		New:      func(*Backend) System { return spinning{&stop} },
		Classify: func(error) Rejection { return Unknown },
	}
	v := RunScript(t, subject, MustParse("get(1, a, x)"))
	if v == nil || v.Kind != Hang || !strings.Contains(v.Got, "keeps moving") {
		t.Errorf("got %v", v)
	}
}

// TestAllScriptsAreTried counts scripts of each length in another way, and compares with what is
// generated: in process, up to a renaming of names, and at the wire.
func TestAllScriptsAreTried(t *testing.T) {
	bounds := Bounds{Calls: 3, Names: []string{"a", "b"}, Options: []string{"x", "y"}}
	for name, c := range map[string]struct {
		start machine
		space Space
	}{
		"in process":  {machine{}, Space{Bounds: bounds, Length: 5}},
		"at the wire": {machine{wired: true}, Space{Bounds: bounds, Length: 4, Kinds: fewKinds}},
	} {
		t.Run(name, func(t *testing.T) {
			// The scripts with all names, less those that are another one with a and b exchanged.
			var ways func(m machine, n int, named bool) int
			ways = func(m machine, n int, named bool) (sum int) {
				if n == 0 {
					return 1
				}
				for _, in := range c.space.enabled(m, AllPromises()) {
					if named || in.Name != "b" {
						next, _, _ := m.step(in)
						sum += ways(next, n-1, named || in.Name == "a")
					}
				}
				return sum
			}
			begins := map[string]int{}
			for script := range c.space.all(c.start, AllPromises(), true) {
				for n := range script {
					begins[Text(script[:n+1])] = n + 1
				}
			}
			for n := 1; n <= c.space.Length; n++ {
				got := 0
				for _, length := range begins {
					if length == n {
						got++
					}
				}
				if want := ways(c.start, n, false); got != want || want < 4 {
					t.Errorf("%d scripts of the length %d, expected %d", got, n, want)
				}
			}
		})
	}
}

func TestWhatIsNotPromisedIsNotTried(t *testing.T) {
	p, err := AllPromises().Without("SharedDisposal", "Cancellation")
	if err != nil {
		t.Fatal(err)
	}
	for script := range ProcessPlan(4, 0).Spaces[0].all(machine{wired: true}, p, true) {
		if s := Text(script); strings.Count(s, "dispose") > 1 || strings.Contains(s, "giveUp") {
			t.Errorf("%s is tried", s)
		}
	}
}

func TestScriptsAreReadAsTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		start machine
		space Space
		kinds int
	}{
		{machine{}, Space{Bounds: DefaultBounds()}, 8},
		{machine{wired: true}, ProcessPlan(1, 1).Spaces[7], 11},
	} {
		kinds := map[model.Kind]bool{}
		for i := range 200 {
			script := c.space.random(c.start, AllPromises(), i+1)
			read, err := Parse(Text(script))
			if err != nil || !slices.Equal(read, script) {
				t.Fatalf("%v is read as %v, %v", script, read, err)
			}
			if again := c.space.random(c.start, AllPromises(), i+1); !slices.Equal(again, script) {
				t.Fatalf("the same seed draws %s and %s", Text(script), Text(again))
			}
			for _, in := range script {
				kinds[in.Kind] = true
			}
		}
		if len(kinds) != c.kinds {
			t.Errorf("%d kinds were drawn, expected %d", len(kinds), c.kinds)
		}
	}
}

func TestWhatCanNotHappenIsRefused(t *testing.T) {
	for script, why := range map[string]string{
		"get(1, a)":                          "no step",
		"get(1, a, z)":                       "options",
		"fetch(1, a, x)":                     "the words are",
		"get(2, a, x)":                       "the next call",
		"attach(1)":                          "no such room",
		"get(1, a, x); opened(1)":            "ends by itself",
		"get(1, a, x); released(1)":          "no DETACHED",
		"get(1, a, x); attached(1)":          "no ATTACHED",
		"get(1, a, x); giveUp(1)":            "settled",
		"get(1, a, invalid); giveUp(1)":      "no such call",
		"get(1, a, x); attach(1); attach(1)": "attached already",
		"get(1, a, x); attach(1); release(2, a); resisted(1); resisted(1)":       "once",
		"get(1, a, x); attach(1); release(2, a); get(3, a, x); attach(2)":        "not ready",
		"get(1, a, x); attaching(1); release(2, a); released(1)":                 "no DETACHED",
		"get(1, a, x); attaching(1); attachRefused(1); release(2, a); attach(1)": "not ready",
	} {
		steps, err := Parse(script)
		if err == nil {
			_, err = machine{wired: true}.after(steps)
		}
		if err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, expected %q", script, err, why)
		}
	}
}

// TestShortenFindsWhatMatters begins with long scripts that show something which needs little of
// them.
func TestShortenFindsWhatMatters(t *testing.T) {
	for _, c := range []struct {
		start        machine
		script, want string
		fails        func(machine, turn) bool
	}{
		{machine{}, "get(1, a, x); get(2, b, y); openFailed(1); release(3, a); get(4, b, y); opened(2); get(5, b, x)",
			"get(1, a, y); opened(1)", func(m machine, t turn) bool {
				in := t.inputs[0]
				return in.Kind == model.KindOpened && m.model.Incarnations[in.Incarnation-1].Options == "y"
			}},
		{machine{wired: true}, "get(1, b, y); attaching(1); get(2, a, y+defaults); get(3, a, invalid); attachRefused(1); attach(2); " +
			"release(4, a); get(5, a, y); release(6, b); failed(2); dispose(7)",
			"get(1, a, x); attach(1); release(2, a); get(3, a, x); released(1)", func(_ machine, t turn) bool {
				_, all := t.rules()
				return slices.Contains(all, model.R22)
			}},
	} {
		got := c.start.shorten(MustParse(c.script), func(script []model.Input) bool {
			m := c.start
			for _, in := range script {
				next, turn, err := m.step(in)
				if err != nil {
					t.Fatalf("%s can't happen: %v", Text(script), err)
				}
				if c.fails(next, turn) {
					return true
				}
				m = next
			}
			return false
		})
		if Text(got) != c.want {
			t.Errorf("shortened to %q, expected %q", Text(got), c.want)
		}
	}
}

// TestShorterScripts shows that what is tried beyond shortening finds a shortest script.
func TestShorterScripts(t *testing.T) {
	tried := 0
	for script := range shorter(MustParse("get(1, a, y); get(2, b, y); opened(1); opened(2)"), AllPromises()) {
		if tried++; Text(script) == "get(1, a, y); opened(1)" {
			return
		}
	}
	t.Errorf("%d scripts were tried, and the shortest was not", tried)
}

func TestDiagramsShowTheWire(t *testing.T) {
	script := MustParse("get(1, a, x); attaching(1); release(2, a); attached(1); resisted(1); failed(1); get(3, a, invalid)")
	want := `sequenceDiagram
    participant C as callers
    participant R as rooms
    participant S as server
    C->>R: get(1, a, x)
    R-->>C: settle(1, room(1))
    C->>R: attaching(1)
    R->>S: ATTACH a
    C->>R: release(2, a)
    S-->>R: ATTACHED a
    R->>S: DETACH a
    S-->>R: ATTACHED a
    R->>S: DETACH a
    S-->>R: ERROR a
    R-->>C: settle(2, done)
    C->>R: get(3, a, invalid)
    R-->>C: settle(3, error 40003)
    Note over R: but it waits, no. 1
`
	if got := (machine{wired: true}).mermaid(script, "it waits; #1"); got != want {
		t.Errorf("got\n%s", got)
	}
}
