package playlink

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
)

func step(word string, args ...string) Step { return Step{Word: word, Args: args} }

var scripts = map[string]Script{
	"rooms/": {Board: Rooms},
	"rooms/get(1,a,x);opened(1);release(2,a);dispose(3)": {Board: Rooms, Steps: []Step{
		step(
			"get",
			"1",
			"a",
			"x",
		), step("opened", "1"), step("release", "2", "a"), step("dispose", "3")}},
	"rooms!dispose-early@2/ada.get(1,a%2Eb,'');cut()": {
		Board: Rooms,
		Fault: "dispose-early",
		At:    2,
		Steps: []Step{
			{"ada", "get", []string{"1", "a.b", ""}}, step("cut")},
	},
	"room/event(attached,resumed,0)": {
		Board: Room,
		Steps: []Step{step("event", "attached", "resumed", "0")},
	},
	"channel/Attached(serial:1)": {
		Board: Channel,
		Steps: []Step{step("Attached", "serial:1")},
	},
	"rooms/get(1,%C3%A4%3B%28~%7E%27%27,~x+d~)": {
		Board: Rooms,
		Steps: []Step{step("get", "1", "ä;( ~''", " x+d ")},
	},
	"rooms@0/cut()": {Board: Rooms, At: -1, Steps: []Step{step("cut")}},
	"rooms/f('')":   {Board: Rooms, Steps: []Step{step("f", "")}},
}

func TestScriptsAreLinks(t *testing.T) {
	for text, script := range scripts {
		if got := script.Fragment(); got != text {
			t.Errorf("the fragment of %+v is %q, expected %q", script, got, text)
		}
		if got, err := Parse("#" + text); err != nil || !reflect.DeepEqual(got, script) {
			t.Errorf("Parse(%q) returned %+v, %v", text, got, err)
		}
		// A URL doesn't change the fragment.
		u, err := url.Parse("https://host/page/#" + text)
		if err != nil || u.EscapedFragment() != text {
			t.Errorf("in a URL, the fragment %q becomes %q, %v", text, u.EscapedFragment(), err)
		}
	}
}

func TestScriptsByHand(t *testing.T) {
	want := scripts["rooms/get(1,a,x);opened(1);release(2,a);dispose(3)"]
	for _, text := range []string{
		"rooms/get(1, a, x); opened(1);\nrelease(2, a); ; dispose( 3 )",
		"rooms/get(1,%20a,%20x);%20opened(1);%20release(2,%20a);%20dispose(%203%20)",
		url.QueryEscape("rooms/get(1,a,x);opened(1);release(2,a);dispose(3)"),
	} {
		if got, err := Parse(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) returned %+v, %v", text, got, err)
		}
	}
	if got, err := Parse("room/RetryDue"); err != nil || got.Fragment() != "room/RetryDue()" {
		t.Errorf("Parse of a word without parentheses returned %+v, %v", got, err)
	}
	for _, text := range []string{"", "get(1)", "rooms/get(1", "rooms/get1)", "rooms/(1)", "rooms/.get(1)",
		"rooms@-1/", "rooms@x/", "rooms/get(<)", "rooms/get(%4)"} {
		if got, err := Parse(text); err == nil {
			t.Errorf("Parse(%q) must return an error, but returned %+v", text, got)
		}
	}
}

func TestLinks(t *testing.T) {
	t.Setenv(Base, "")
	if got := Text(Rooms, "get(1, a, x); opened(1)"); got != "playground#rooms/get(1,a,x);opened(1)" {
		t.Errorf("Text returned %q, expected a link without an address", got)
	}
	t.Setenv(Base, "http://127.0.0.1:8765/")
	if got := Text(Room, "release(1)"); got != "http://127.0.0.1:8765/#room/release(1)" {
		t.Errorf("Text returned %q, expected a link that begins with the address", got)
	}
	if got := Text(Room, "no script"); !strings.HasSuffix(got, "/#room/") {
		t.Errorf("Text returned %q, expected a link to an empty script", got)
	}
}

func TestLinksAreFoundInTexts(t *testing.T) {
	t.Setenv(Base, "")
	want := Text(Rooms, "get(1, a, x); opened(1)")
	for text, found := range map[string]string{
		"it fails:\n  open it: " + want + "\nand more": want,
		"\"http://host/p/" + want + "\"":               "http://host/p/" + want,
		"no link here, only #1 and #rooms":             "",
	} {
		if got := Find(text); got != found {
			t.Errorf("Find(%q) returned %q", text, got)
		}
	}
}

// FuzzParse checks that a parsed script, written and parsed again, is the same.
func FuzzParse(f *testing.F) {
	for text := range scripts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(script.Fragment())
		if err != nil || !reflect.DeepEqual(again, script) {
			t.Errorf(
				"%q is parsed as %+v, which is written as %q and parsed again as %+v, %v",
				text,
				script,
				script.Fragment(),
				again,
				err,
			)
		}
	})
}

// FuzzFragment checks that parsing the fragment of any script returns the script.
func FuzzFragment(f *testing.F) {
	f.Add("rooms", "", 1, "ada", "get", "a", "")
	f.Add("r;/o", "!@", 0, "", "w.(", "~", "%")
	f.Fuzz(func(t *testing.T, board, fault string, at int, caller, word, first, second string) {
		if board == "" || word == "" || at < -1 {
			return
		}
		script := Script{Board: board, Fault: fault, At: at,
			Steps: []Step{{caller, word, []string{first, second}}, {Word: word}}}
		if got, err := Parse(script.Fragment()); err != nil || !reflect.DeepEqual(got, script) {
			t.Errorf("the script %+v has the fragment %q, which is parsed as %+v, %v", script, script.Fragment(), got, err)
		}
	})
}
