package ablytest

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestOwnersTellWhatTheyWaitFor(t *testing.T) {
	var o owners
	o.wait(time.Hour, nil) // returns at once, since nothing runs
	release := make(chan struct{})
	for range 2 {
		o.run("reader", func() { <-release })
	}
	done := o.start("listener")
	reports := make(chan []string)
	ended := make(chan struct{})
	go func() {
		o.wait(time.Microsecond, func(what []string) {
			select {
			case reports <- what:
			default:
			}
		})
		close(ended)
	}()
	want := []string{"listener (1)", "reader (2)"}
	if got := <-reports; !slices.Equal(got, want) {
		t.Errorf("reported %q, want %q", got, want)
	}
	done()
	close(release)
	<-ended
}

func TestCapability(t *testing.T) {
	c, err := parseCapability(`{"chat:*":["subscribe","presence"],"news":["*"]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		channel, op string
		want        bool
	}{
		{"chat:a", "subscribe", true}, {"chat:a", "publish", false}, {"chat", "subscribe", false},
		{"news", "publish", true}, {"newsroom", "publish", false},
	} {
		if got := c.allows(x.channel, x.op); got != x.want {
			t.Errorf("%s on %s: allowed %v", x.op, x.channel, got)
		}
	}
	if m := c.permit("chat:a", ModesDefault); m != ModeSubscribe|ModePresence|ModePresenceSubscribe {
		t.Errorf("modes are %v", m)
	}
	d, _ := parseCapability(`{"*":["subscribe","publish"]}`)
	want := capability{"chat:*": {"subscribe"}, "news": {"publish", "subscribe"}}
	for _, got := range []capability{c.intersect(d), d.intersect(c)} {
		if !reflect.DeepEqual(got, want) {
			t.Errorf("intersection is %v, want %v", got, want)
		}
	}
	if got := c.intersect(nil); !reflect.DeepEqual(got, c) {
		t.Errorf("intersection with all is %v", got)
	}
	e, _ := parseCapability(`{"other":["*"]}`)
	if got := c.intersect(e); len(got) != 0 || got == nil {
		t.Errorf("intersection of capabilities without a common resource is %v", got)
	}
}

func TestSerialsAscend(t *testing.T) {
	s := &Server{opts: defaultOptions()}
	s.opts.clock = NewManualClock(time.UnixMilli(1_000))
	ch := &channel{s: s}
	l := &ch.log
	l.start(ch)
	last := l.serial
	for range 2_500 { // more than fit into one millisecond, while the clock doesn't move
		next := l.next()
		if next <= last {
			t.Fatalf("the serial %s comes after %s, but is not greater", next, last)
		}
		last = next
	}
}

func TestManualClock(t *testing.T) {
	c := NewManualClock(time.Unix(0, 0))
	var got []string
	c.AfterFunc(2*time.Second, func() { got = append(got, "b") })
	c.AfterFunc(time.Second, func() {
		got = append(got, "a")
		c.AfterFunc(2*time.Second, func() { got = append(got, "c") })
	})
	c.AfterFunc(time.Second, func() { t.Error("a stopped timer ran") })()
	c.Advance(2 * time.Second)
	if want := []string{"a", "b"}; !slices.Equal(got, want) {
		t.Errorf("after 2 s: %q, want %q", got, want)
	}
	c.Advance(time.Second)
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) || c.Now() != time.Unix(3, 0) {
		t.Errorf("after 3 s: %q, want %q; the clock shows %v", got, want, c.Now())
	}
}

func TestNamesOfFlagsAndActions(t *testing.T) {
	if s := (FlagResumed | ModePublish | 1<<40).String(); s != "RESUMED|PUBLISH|0x10000000000" {
		t.Error(s)
	}
	if s := ActionAttached.String() + " " + Action(99).String(); s != "ATTACHED ACTION(99)" {
		t.Error(s)
	}
	if m := ToServer(ActionAttach).OnChannel("a").OnConnection(2).AtIndex(3).Nth(4).String(); m !=
		`ATTACH to server on channel "a" on connection 2 at index 3 number 4` {
		t.Error(m)
	}
}
