package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// row is one thing that is checked, in a tab of its own.
type row struct {
	name  string
	check func(t *tab, s sites)
}

// run runs a row. It fails too if anything in the page did: a script, or the loading of a file.
func (r row) run(ctx context.Context, b *browser, s sites, shots, axe string, count *tally) (err error) {
	t, err := b.newTab(ctx)
	if err != nil {
		return err
	}
	t.shots, t.axe, t.tally = shots, axe, count
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p.error
		default:
			panic(p)
		}
		for _, text := range t.wrong() {
			err = errors.Join(err, errors.New("in the page: "+text))
		}
		err = errors.Join(err, t.close())
	}()
	t.size(1440, 900)
	t.scheme("light")
	r.check(t, s)
	return nil
}

// play opens a script, and waits until it is shown.
func (t *tab) play(s sites, fragment string) {
	t.open(s.command + "#" + fragment)
	t.until(`!document.getElementById("play").hidden && document.querySelector(".toolbar")`)
}

// hash waits until the link has the script.
func (t *tab) hash(fragment string) { t.until("location.hash === " + quote("#"+fragment)) }

// says waits until the page shows a text, anywhere.
func (t *tab) says(text string) { t.until("document.body.innerText.includes(" + quote(text) + ")") }

// tells waits until a screen reader is told a text.
func (t *tab) tells(text string) {
	t.until(`document.getElementById("announce").textContent.includes(` + quote(text) + `)`)
}

// lit waits until a machine's diagram has a state lit: marked, and named in its caption and for a
// screen reader.
func (t *tab) lit(machine int, state string) {
	t.until(fmt.Sprintf(`(() => { const m = document.querySelectorAll(".machine")[%d];
		const n = [...m.querySelectorAll(".node.lit")].find((n) => n.querySelector("text").textContent === %s);
		return n && n.querySelector(".mark") && m.querySelector("svg").getAttribute("aria-label").includes(%[2]s) &&
			m.querySelector("figcaption").textContent.includes(%[2]s) })()`, machine, quote(state)))
}

// fits fails if the page is wider than its window.
func (t *tab) fits() {
	if wide := t.text(`document.scrollingElement.scrollWidth > innerWidth ? [...document.querySelectorAll("main *")]
		.filter((e) => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 3).map((e) => e.outerHTML.slice(0, 160)).join("\n") : ""`); wide != "" {
		fail("the page is too wide: %s", wide)
	}
}

const (
	attached = "rooms/get(1,a,x);opened(1);attaching(1);attached(1)"
	orphan   = "rooms!orphan/get(1,a,x);release(2,a);opened(1)"
	busy     = "rooms/get(1,a,x);get(2,a,x);opened(1);Ada.attaching(1);attached(1);release(3,a);get(4,a,x)"
)

var rows = []row{
	{"served by its command", func(t *tab, s sites) {
		for range 5 {
			t.open(s.command)
			t.tally.ready = append(t.tally.ready, t.text("document.documentElement.dataset.ready"))
		}
		t.hash("rooms/")
		t.says("Nothing has happened yet")
		t.is(`document.title && document.querySelector("h1") && document.documentElement.lang`)
	}},
	{"static files under a sub-path", func(t *tab, s sites) {
		t.open(s.static + "#" + attached)
		t.lit(1, "attached")
		t.open(s.static)
		t.hash("rooms/")
		t.button("get")
		t.hash("rooms/get(1,a,x)")
		t.button("Find it for me")
		t.click("#find-start")
		t.until(`document.getElementById("find-open")`)
		t.is(`performance.getEntriesByType("resource").every((r) => r.name.startsWith(` + quote(s.static) + `))`)
	}},
	{"calls: get, acquire, release, dispose", func(t *tab, s sites) {
		t.open(s.command)
		t.button("get")
		t.tells("Step 1 of 1: Ada: get a (x). open #1 (a), by R5.")
		t.lit(0, "initializing")
		t.pick("#choose-name", "b")
		t.pick("#choose-options", "y")
		t.pick("#choose-caller", "Cleo")
		t.button("acquire")
		t.hash("rooms/get(1,a,x);Cleo.acquire(2,b,y)")
		t.pick("#choose-caller", "")
		t.button("opening of #2 (b) ends")
		t.says("Cleo: acquire b (y) returns #2")
		t.button("Cleo closes the lease of acquire b (y)")
		t.lit(0, "releasing")
		t.pick("#choose-name", "a")
		t.pick("#choose-options", "x")
		t.button("release")
		t.says("Ada: get a (x) fails: RoomReleasedBeforeOperationCompleted (102106)")
		t.button("dispose")
		t.says("waits until nothing is being released")
		t.button("release of #2 (b) ends")
		t.button("opening of #1 (a) fails")
		t.hash("rooms/get(1,a,x);Cleo.acquire(2,b,y);opened(2);close(2);release(3,a);dispose(4);released(2);openFailed(1)")
		t.tells("dispose returns, done, by")
		t.is(`[...document.querySelectorAll(".call-item")].length === 4`)
	}},
	{"callers stop waiting, works fail", func(t *tab, s sites) {
		t.open(s.command)
		t.button("get")
		t.click(".part-calls .small-button")
		t.hash("rooms/get(1,a,x);giveUp(1)")
		t.button("opening of #1 (a) ends")
		t.button("release")
		t.button("Ben stops waiting: release a")
		t.button("release")
		t.button("release of #1 (a) fails")
		t.hash("rooms/get(1,a,x);giveUp(1);opened(1);release(2,a);giveUp(2);release(3,a);releaseFailed(1)")
		t.says("fails: the error of releasing #1")
		t.says("✗ error")
	}},
	{"a room and its channel: attach, detach, cut, resume", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,a,x);opened(1)")
		for _, c := range []struct{ press, status, channel string }{
			{"attach #1 (a)", "attaching", "attaching"},
			{"ATTACHED a", "attached", "attached"},
			{"MESSAGE a", "attached", "attached"},
			{"the connection is cut", "attached", "attached"},
			{"the connection resumes", "attaching", "attaching"},
			{"ATTACHED a, continuity kept", "attached", "attached"},
			{"DETACHED a with an error", "attaching", "attaching"},
			{"no answer in time for a", "suspended", "suspended"},
			{"time to try again for a", "attaching", "attaching"},
			{"the connection is cut", "attaching", "attaching"},
			{"the connection is suspended", "suspended", "suspended"},
			{"a new connection", "attaching", "attaching"},
			{"ATTACHED a", "attached", "attached"},
			{"detach #1 (a)", "detaching", "detaching"},
			{"DETACHED a", "detached", "detached"},
			{"attach #1 (a)", "attaching", "attaching"},
			{"ERROR a", "failed", "failed"},
		} {
			t.button(c.press)
			t.lit(1, c.status)
			t.lit(2, c.channel)
		}
		t.says("#1: discontinuity")
		t.says("✓ all 14 hold")
		t.is(`!document.body.innerText.includes("A core did otherwise")`)
	}},
	{"a release waits for DETACHED, and pauses", func(t *tab, s sites) {
		t.play(s, attached)
		t.button("release")
		t.lit(1, "releasing")
		t.button("no answer in time for a")
		t.button("the pause of #1 (a) is over")
		t.button("DETACHED a")
		t.lit(1, "released")
		t.button("release of #1 (a) ends")
		t.lit(0, "released")
		t.tells("release a returns, done, by R21")
	}},
	{"a call on a room stops waiting", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,a,x);opened(1);attaching(1)")
		t.button("Ben stops waiting: attach #1")
		t.hash("rooms/get(1,a,x);opened(1);attaching(1);leave(1,1)")
		t.says("ends: its caller stopped waiting")
	}},
	{"the incarnation that is shown is chosen", func(t *tab, s sites) {
		t.play(s, busy)
		t.is(`document.querySelectorAll(".machine")[1].textContent.includes("#2")`)
		t.click(`([...document.querySelectorAll('input[name="chosen"]')].find((e) => e.value === "1"))`)
		t.lit(1, "releasing")
	}},
	{"undo, redo, steps, clear", func(t *tab, s sites) {
		t.open(s.command)
		t.button("get")
		t.button("release")
		t.button("Undo")
		t.hash("rooms/get(1,a,x)")
		t.button("Undo")
		t.hash("rooms/")
		t.button("Redo")
		t.button("Redo")
		t.hash("rooms/get(1,a,x);release(2,a)")
		t.button("one step back")
		t.hash("rooms@1/get(1,a,x);release(2,a)")
		t.says("step 1 of 2")
		t.button("to the beginning")
		t.hash("rooms@0/get(1,a,x);release(2,a)")
		t.tells("The beginning.")
		t.button("one step on")
		t.button("to the end")
		t.hash("rooms/get(1,a,x);release(2,a)")
		t.click(".step-button")
		t.hash("rooms@1/get(1,a,x);release(2,a)")
		t.button("get") // what came later is dropped
		t.hash("rooms/get(1,a,x);get(2,a,x)")
		t.button("Clear")
		t.hash("rooms/")
	}},
	{"a room alone and a channel alone", func(t *tab, s sites) {
		t.open(s.command)
		t.pick("#choose-board", "room")
		t.hash("room/")
		t.button("attach(1)")
		t.button("event(attached, 0)")
		t.button("attachEnded(0)")
		t.hash("room/attach(1);event(attached,0);attachEnded(0)")
		t.lit(0, "attached")
		t.pick("#choose-board", "channel")
		t.button("Connection(connected)")
		t.button("Attach(1)")
		t.button("Attached(resumed, serial 1)")
		t.lit(0, "attached")
		t.says("✓ all 14 hold")
	}},
	{"what is no step here is refused", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,a,x);released(1);opened(1)")
		t.says("can’t happen: the incarnation's work is opening, not closing")
		t.lit(0, "ready")
	}},
	{"rules and invariants say what they are", func(t *tab, s sites) {
		t.play(s, attached)
		t.click(`([...document.querySelectorAll(".part-sequence .chip")].find((e) => e.textContent === "R17"))`)
		t.until(`document.getElementById("rule").matches(":popover-open")`)
		t.says("it becomes ready with no work; every get that waits for it is settled with that room.")
		t.key("Escape", 27, 0)
		t.until(`!document.getElementById("rule").matches(":popover-open")`)
		t.click(`([...document.querySelectorAll(".tick")].find((e) => e.textContent.includes("OneInUse")))`)
		t.says("a name has at most one incarnation in use and at most one being released.")
		t.key("Escape", 27, 0)
		t.click(`([...document.querySelectorAll("summary")].find((e) => e.textContent.includes("Leases")))`)
		t.says("LeaseKeeps")
		t.is(`[...document.querySelectorAll(".invariants summary")].every((e) => e.textContent.includes("✓ all"))`)
		t.is(`document.querySelectorAll(".tick").length === 27 + 4 + 14 + 14`)
	}},
	{"each story parts where it says", func(t *tab, s sites) {
		t.open(s.command + "#stories")
		var ids []string
		t.eval(`[...document.querySelectorAll("[data-story]")].map((e) => e.dataset.story)`, &ids)
		if len(ids) != 12 {
			fail("there are %d stories", len(ids))
		}
		for _, id := range ids {
			t.open(s.command + "#stories")
			t.click(`[data-story="` + id + `"]`)
			t.until(`!document.getElementById("play").hidden && location.hash.startsWith("#rooms!` + id + `@0/")`)
			t.says("✓ both do the same so far")
			t.is(`document.querySelectorAll(".step.parts").length === 1`)
			t.button("Go where they part")
			t.says("✗ they part")
			t.is(`document.querySelector(".step.now").matches(".parts")`)
			t.is(`document.querySelector(".step.now").querySelectorAll(".half").length === 2`)
			t.button("one step back")
			t.says("✓ both do the same so far")
			t.button("to the end")
			t.says("✗ they part")
			if id != "first-context" { // all that it breaks is a rule
				t.until(`[...document.querySelectorAll(".invariants summary")].at(-1).textContent.includes("✗")`)
			}
			t.is(`document.querySelector(".invariants summary").textContent.includes("✓ all")`)
			t.tally.stories++
		}
		t.play(s, "rooms!"+ids[0]+"/get(1,a,x)")
		t.button("Next story")
		t.until(`location.hash.startsWith("#rooms!` + ids[1] + `@0/")`)
	}},
	{"find it for me", func(t *tab, s sites) {
		t.open(s.command + "#find")
		t.pick("#find-fault", "one-error")
		t.is(`document.getElementById("find-calls").value === "3" && document.getElementById("find-names").value === "2"`)
		t.click("#find-start")
		t.until(`document.getElementById("find-open")`)
		t.says("A shortest script has 7 steps")
		t.tells("Found a script of 7 steps.")
		t.click("#find-open")
		t.until(`location.hash.startsWith("#rooms!one-error/get(1,a,x);get(2,b,x);dispose(3);")`)
		t.says("✗ they part")
		t.button("Find it for me")
		t.pick("#find-fault", "orphan")
		t.pick("#find-property", "OptionsAgree")
		t.pick("#find-calls", "2")
		t.click("#find-start")
		t.until(`document.getElementById("find-none")`)
		t.pick("#find-property", "OpenedIsReleased")
		t.click("#find-start")
		t.until(`document.getElementById("find-open")`)
		t.says("OpenedIsReleased")
	}},
	{"a search has progress and can be cancelled", func(t *tab, s sites) {
		t.open(s.command + "#find")
		t.pick("#find-fault", "ghost")
		t.pick("#find-property", "OptionsAgree") // which it never breaks
		t.pick("#find-calls", "6")
		t.pick("#find-names", "2")
		t.pick("#find-options", "2")
		t.click("#find-start")
		t.until(`/Searching … [\d,]+ states, [1-9]\d* steps deep/.test(document.querySelector(".find-out").textContent)`)
		t.is(`document.getElementById("find-start").disabled`)
		t.click("#find-cancel")
		t.says("Cancelled.")
		t.is(`!document.getElementById("find-start").disabled && document.getElementById("find-cancel").disabled`)
	}},
	{"a script is a link, there and back", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,%C3%A4,x);opened(1);Z%C3%B6e.get(2,%C3%A4,x)")
		t.says("Zöe: get ä (x) returns #1")
		t.hash("rooms/get(1,%C3%A4,x);opened(1);Z%C3%B6e.get(2,%C3%A4,x)")
		link := t.text("location.href")
		t.open(link)
		t.says("Zöe: get ä (x) returns #1")
		if again := t.text("location.href"); again != link {
			fail("%s becomes %s", link, again)
		}
		t.play(s, "rooms/get(1, b, x); opened(1)") // as one writes it by hand
		t.hash("rooms/get(1,b,x);opened(1)")
		t.eval(`location.hash = "#room/release(1)"`, nil) // as the address bar does
		t.hash("room/release(1)")
		t.lit(0, "released")
	}},
	{"a link that can't be read says so", func(t *tab, s sites) {
		t.open(s.command + "#garden/dance(1)")
		t.until(`document.querySelector('[role="alert"]')`)
		t.says("there is no board")
	}},
	{"the link is copied", func(t *tab, s sites) {
		t.play(s, attached)
		t.eval(`navigator.clipboard.writeText = (text) => { globalThis.copied = text; return Promise.resolve() }`, nil)
		t.button("Copy link")
		t.until("globalThis.copied === location.href")
		t.tells("The link is copied.")
	}},
	{"light, dark, or as the system has it", func(t *tab, s sites) {
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
		t.is(`document.documentElement.dataset.theme === "dark"`) // it is kept
		t.button("Theme: Dark")
		t.is(`!document.documentElement.dataset.theme`)
	}},
	{"by keyboard alone", func(t *tab, s sites) {
		t.open(s.command)
		t.key("Tab", 9, 0)
		t.is(`document.activeElement.id === "skip"`)
		focus := func(label string) {
			for range 60 {
				if t.text(`(document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent).trim()`) == label {
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
		focus("release") // the focus stays where it was
		t.key(" ", 32, 0)
		t.hash("rooms/get(1,a,x);release(2,a)")
		t.key("ArrowLeft", 37, 0)
		t.hash("rooms@1/get(1,a,x);release(2,a)")
		t.key("ArrowRight", 39, 0)
		t.hash("rooms/get(1,a,x);release(2,a)")
		for range 3 { // two steps along the script, and a call
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
		if got := strings.Join(ids, " "); !strings.Contains(got, "button-name") || !strings.Contains(got, "color-contrast") {
			fail("it found %q", got)
		}
		fmt.Fprintln(t.tally.out, "CAUGHT page: a button without a name, and grey on grey")
	}},
	{"a planted error of a script is seen", func(t *tab, s sites) {
		t.open(s.command)
		t.eval(`new Promise((done) => { setTimeout(() => { setTimeout(done); throw new Error("planted") }) })`, nil)
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
			{"story-dark-phone", orphan, "dark", 360, 780}, {"stories-light", "stories", "light", 1440, 900},
			{"stories-phone", "stories", "light", 360, 780}, {"find-dark", "find", "dark", 1440, 900},
		}
		for _, p := range pages {
			t.size(p.width, p.height)
			t.scheme(p.scheme)
			t.open(s.command + "#" + p.fragment)
			t.shot(p.name, true)
		}
	}},
}
