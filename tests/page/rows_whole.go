package main

import (
	"fmt"
	"strings"
)

// whole has the rows that check the page as a whole.
var whole = []row{
	{"a script is a link, there and back", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,%C3%A4,x);opened(1);Z%C3%B6e.get(2,%C3%A4,x)")
		t.shows("Zöe: get ä (x) returns #1")
		t.hash("rooms/get(1,%C3%A4,x);opened(1);Z%C3%B6e.get(2,%C3%A4,x)")
		link := t.text("location.href")
		t.open(link)
		t.shows("Zöe: get ä (x) returns #1")
		if again := t.text("location.href"); again != link {
			fail("%s becomes %s", link, again)
		}
		t.play(s, "rooms/get(1, b, x); opened(1)") // spaces, as in a script written by hand
		t.hash("rooms/get(1,b,x);opened(1)")
		t.eval(`location.hash = "#room/release(1)"`, nil) // a change of the address
		t.hash("room/release(1)")
		t.lit(0, "released")
	}},
	{"a link that can't be read shows an error", func(t *tab, s sites) {
		t.open(s.command + "#garden/dance(1)")
		t.until(`document.querySelector('[role="alert"]')`)
		t.shows("there is no board")
	}},
	{"the link is copied", func(t *tab, s sites) {
		t.play(s, attached)
		t.eval(
			`navigator.clipboard.writeText = (text) => { globalThis.copied = text; return Promise.resolve() }`,
			nil,
		)
		t.button("Copy link")
		t.until("globalThis.copied === location.href")
		t.announces("The link is copied.")
	}},
	{"light, dark, or the system's choice", func(t *tab, s sites) {
		background := `getComputedStyle(document.body).backgroundColor`
		t.open(s.command)
		light := t.text(background)
		t.scheme("dark")
		dark := t.text(background)
		if light == dark {
			fail("light and dark are both %s", light)
		}
		t.button("Theme: Auto")
		t.is(background + " === " + quote(light))
		t.button("Theme: Light")
		t.is(background + " === " + quote(dark))
		t.open(s.command)
		t.is(`document.documentElement.dataset.theme === "dark"`) // the choice is kept
		t.button("Theme: Dark")
		t.is(`!document.documentElement.dataset.theme`)
	}},
	{"by keyboard alone", func(t *tab, s sites) {
		t.open(s.command)
		t.key("Tab", 9, 0)
		t.is(`document.activeElement.id === "skip"`)
		focus := func(label string) {
			for range 60 {
				if t.text(
					`(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()`,
				) == label {
					t.is(`getComputedStyle(document.activeElement).outlineStyle !== "none"`)
					return
				}
				t.key("Tab", 9, 0)
			}
			fail("Tab never comes to %s", label)
		}
		focus("get")
		t.key("Enter", 13, 0)
		t.hash("rooms/get(1,a,x)")
		focus("release") // the step doesn't move the focus
		t.key(" ", 32, 0)
		t.hash("rooms/get(1,a,x);release(2,a)")
		t.key("ArrowLeft", 37, 0)
		t.hash("rooms@1/get(1,a,x);release(2,a)")
		t.key("ArrowRight", 39, 0)
		t.hash("rooms/get(1,a,x);release(2,a)")
		for range 3 { // undo two moves between steps, and a call
			t.key("z", 90, 2)
		}
		t.hash("rooms/get(1,a,x)")
		for range 3 {
			t.key("z", 90, 2|8)
		}
		t.hash("rooms/get(1,a,x);release(2,a)")
	}},
	{"accessible, by axe-core", func(t *tab, s sites) {
		for _, scheme := range []string{"light", "dark"} {
			t.scheme(scheme)
			for _, fragment := range []string{busy, orphan, "rooms/", "room/attach(1);release(2)", "channel/Attach(1)", "stories", "find"} {
				t.open(s.command + "#" + fragment)
				t.accessible()
			}
			t.click("#find-start")
			t.until(`document.getElementById("find-open")`)
			t.accessible()
			t.play(s, attached)
			t.click(".part-sequence .chip")
			t.accessible()
		}
		t.size(360, 780)
		t.play(s, orphan)
		t.accessible()
	}},
	{"axe-core sees a planted fault", func(t *tab, s sites) {
		t.open(s.command)
		t.eval(`document.getElementById("main").insertAdjacentHTML("beforeend",
			"<button></button><p style='color:#999;background:#aaa'>grey on grey</p>")`, nil)
		var ids []string
		for _, v := range t.findings() {
			ids = append(ids, v.ID)
		}
		if got := strings.Join(ids, " "); !strings.Contains(got, "button-name") ||
			!strings.Contains(got, "color-contrast") {
			fail("it found %q", got)
		}
		fmt.Fprintln(t.tally.out, "CAUGHT page: a button without a name, and grey on grey")
	}},
	{"a planted error of a script is seen", func(t *tab, s sites) {
		t.open(s.command)
		t.eval(
			`new Promise((done) => { setTimeout(() => { setTimeout(done); throw new Error("planted") }) })`,
			nil,
		)
		t.eval(`fetch("no-such-file").then(() => 0)`, nil)
		wrong := strings.Join(t.wrong(), "; ")
		if !strings.Contains(wrong, "planted") || !strings.Contains(wrong, "404") {
			fail("seen: %q", wrong)
		}
		fmt.Fprintln(t.tally.out, "CAUGHT page: an error of a script, and a missing file")
	}},
	{"a phone's width", func(t *tab, s sites) {
		t.size(360, 780)
		for _, fragment := range []string{"rooms/", busy, orphan, "room/attach(1)", "channel/Attach(1)", "stories", "find"} {
			t.open(s.command + "#" + fragment)
			t.fits()
		}
		t.play(s, "rooms/")
		t.button("get")
		t.lit(0, "initializing")
	}},
	{"screenshots", func(t *tab, s sites) {
		pages := []struct {
			name, fragment, scheme string
			width, height          int
		}{
			{"play-light", busy, "light", 1440, 900}, {"play-dark", busy, "dark", 1440, 900},
			{"play-phone", busy, "light", 360, 780}, {"story-light", orphan, "light", 1440, 900},
			{
				"story-dark-phone",
				orphan,
				"dark",
				360,
				780,
			}, {"stories-light", "stories", "light", 1440, 900},
			{
				"stories-phone",
				"stories",
				"light",
				360,
				780,
			}, {"find-dark", "find", "dark", 1440, 900},
		}
		for _, p := range pages {
			t.size(p.width, p.height)
			t.scheme(p.scheme)
			t.open(s.command + "#" + p.fragment)
			t.shot(p.name, true)
		}
	}},
}
