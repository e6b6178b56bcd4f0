package conformance

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// spinning is a System whose Get never comes to rest: it runs until stop is set.
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
	if v == nil || v.Kind != Hang || !strings.Contains(v.Got, "keep running") {
		t.Errorf("RunScript returned %v, expected a hang", v)
	}
}

// TestAllScriptsAreTried counts the scripts of each length in a second way, and compares the
// numbers with those of the generated scripts. Scripts that differ only in names count once.
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
			// ways counts the scripts that use a before b. The others are the same with a and b
			// exchanged.
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
			for n := 1; n <= c.space.Length; n++ {
				part, got := c.space, 0
				part.Length = n
				for script := range part.all(c.start, AllPromises(), true) {
					if len(script) == n {
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
				t.Fatalf("the script %v was parsed as %v, %v", script, read, err)
			}
			if again := c.space.random(c.start, AllPromises(), i+1); !slices.Equal(again, script) {
				t.Fatalf("the same seed drew two scripts: %s and %s", Text(script), Text(again))
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

func TestViolationsHaveLinks(t *testing.T) {
	t.Setenv(playlink.Base, "")
	for _, c := range []struct {
		script, link string
		wired        bool
	}{
		{"get(1, a, x); opened(1); release(2, a)", "playground#rooms/get(1,a,x);opened(1);release(2,a)", false},
		{"acquire(1, a, x+defaults); giveUp(1)", "playground#rooms/acquire(1,a,x+defaults);giveUp(1)", false},
		{"get(1, a, invalid); get(2, a, x); attach(1); release(3, a); resisted(1); released(1); release(4, a)",
			"playground#rooms/get(1,a,x);opened(1);attach(1);release(2,a);resisted(1);detached(1);released(1);release(3,a)", true},
		{"get(1, a, x); attaching(1); attachRefused(1); release(2, a)",
			"playground#rooms/get(1,a,x);opened(1);attaching(1);attachRefused(1);release(2,a);released(1)", true},
	} {
		v := &Violation{Script: MustParse(c.script), wired: c.wired}
		if got := v.Link(); got != c.link || playlink.Find(v.Error()) != c.link {
			t.Errorf("%s: the link is %q; the report has the link %q:\n%v", c.script, got, playlink.Find(v.Error()), v)
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
			t.Errorf("the script %q: got the error %v, expected one with %q", script, err, why)
		}
	}
}
