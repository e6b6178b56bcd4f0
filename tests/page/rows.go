package main

import "slices"

const (
	attached = "rooms/get(1,a,x);opened(1);attaching(1);attached(1)"
	orphan   = "rooms!orphan/get(1,a,x);release(2,a);opened(1)"
	busy     = "rooms/get(1,a,x);get(2,a,x);opened(1);Ada.attaching(1);attached(1);release(3,a);get(4,a,x)"
)

var rows = slices.Concat(playing, whole)

// playing has the rows that check the controls.
var playing = []row{
	{"served by its command", func(t *tab, s sites) {
		for range 5 {
			t.open(s.command)
			t.tally.ready = append(t.tally.ready, t.text("document.documentElement.dataset.ready"))
		}
		t.hash("rooms/")
		t.shows("Nothing has happened yet")
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
		t.is(
			`performance.getEntriesByType("resource").every((r) => r.name.startsWith(` + quote(
				s.static,
			) + `))`,
		)
	}},
	{"calls: get, acquire, release, dispose", func(t *tab, s sites) {
		t.open(s.command)
		t.button("get")
		t.announces("Step 1 of 1: Ada: get a (x). open #1 (a), by R5.")
		t.lit(0, "initializing")
		t.pick("#choose-name", "b")
		t.pick("#choose-options", "y")
		t.pick("#choose-caller", "Cleo")
		t.button("acquire")
		t.hash("rooms/get(1,a,x);Cleo.acquire(2,b,y)")
		t.pick("#choose-caller", "")
		t.button("opening of #2 (b) ends")
		t.shows("Cleo: acquire b (y) returns #2")
		t.button("Cleo closes the lease of acquire b (y)")
		t.lit(0, "releasing")
		t.pick("#choose-name", "a")
		t.pick("#choose-options", "x")
		t.button("release")
		t.shows("Ada: get a (x) fails: RoomReleasedBeforeOperationCompleted (102106)")
		t.button("dispose")
		t.shows("waits until nothing is being released")
		t.button("release of #2 (b) ends")
		t.button("opening of #1 (a) fails")
		t.hash(
			"rooms/get(1,a,x);Cleo.acquire(2,b,y);opened(2);close(2);release(3,a);dispose(4);released(2);openFailed(1)",
		)
		t.announces("dispose returns, done, by")
		t.is(`[...document.querySelectorAll(".call-item")].length === 4`)
	}},
	{"callers stop waiting, openings and releases fail", func(t *tab, s sites) {
		t.open(s.command)
		t.button("get")
		t.click(".part-calls .small-button")
		t.hash("rooms/get(1,a,x);giveUp(1)")
		t.button("opening of #1 (a) ends")
		t.button("release")
		t.button("Ben stops waiting: release a")
		t.button("release")
		t.button("release of #1 (a) fails")
		t.hash(
			"rooms/get(1,a,x);giveUp(1);opened(1);release(2,a);giveUp(2);release(3,a);releaseFailed(1)",
		)
		t.shows("fails: the error of releasing #1")
		t.shows("✗ error")
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
		t.shows("#1: discontinuity")
		t.shows("✓ all 14 hold")
		t.is(`!document.body.innerText.includes("A core differs from its model")`)
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
		t.announces("release a returns, done, by R21")
	}},
	{"a call on a room stops waiting", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,a,x);opened(1);attaching(1)")
		t.button("Ben stops waiting: attach #1")
		t.hash("rooms/get(1,a,x);opened(1);attaching(1);leave(1,1)")
		t.shows("ends: its caller stopped waiting")
	}},
	{"the incarnation to show can be chosen", func(t *tab, s sites) {
		t.play(s, busy)
		t.is(`document.querySelectorAll(".machine")[1].textContent.includes("#2")`)
		t.click(
			`([...document.querySelectorAll('input[name="chosen"]')].find((e) => e.value === "1"))`,
		)
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
		t.shows("step 1 of 2")
		t.button("to the beginning")
		t.hash("rooms@0/get(1,a,x);release(2,a)")
		t.announces("The beginning.")
		t.button("one step forward")
		t.button("to the end")
		t.hash("rooms/get(1,a,x);release(2,a)")
		t.click(".step-button")
		t.hash("rooms@1/get(1,a,x);release(2,a)")
		t.button("get") // the steps after the present one are dropped
		t.hash("rooms/get(1,a,x);get(2,a,x)")
		t.button("Clear")
		t.hash("rooms/")
	}},
	{"the present step is in sight", func(t *tab, s sites) {
		inSight := `(() => { const box = document.querySelector(".part-sequence").getBoundingClientRect();
			const now = document.querySelector(".step.now").getBoundingClientRect();
			return now.top >= box.top && now.bottom <= box.bottom + 1 })()`
		t.play(s, busy+";opened(2);cut();resume();dispose(5)")
		t.is(`document.querySelector(".part-sequence").scrollHeight > document.querySelector(".part-sequence").clientHeight`)
		t.is(inSight)
		t.button("get")
		t.is(inSight)
		t.button("one step back")
		for range 8 {
			t.button("one step back")
			t.is(inSight)
		}
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
		t.shows("✓ all 14 hold")
	}},
	{"an input that can't happen is refused", func(t *tab, s sites) {
		t.play(s, "rooms/get(1,a,x);released(1);opened(1)")
		t.shows("can’t happen: the incarnation's work is opening, not closing")
		t.lit(0, "ready")
	}},
	{"rules and invariants show their texts", func(t *tab, s sites) {
		t.play(s, attached)
		t.click(
			`([...document.querySelectorAll(".part-sequence .chip")].find((e) => e.textContent === "R17"))`,
		)
		t.until(`document.getElementById("rule").matches(":popover-open")`)
		t.shows(
			"it becomes ready with no work; every get that waits for it is settled with that room.",
		)
		t.key("Escape", 27, 0)
		t.until(`!document.getElementById("rule").matches(":popover-open")`)
		t.click(
			`([...document.querySelectorAll(".tick")].find((e) => e.textContent.includes("OneInUse")))`,
		)
		t.shows("a name has at most one incarnation in use and at most one being released.")
		t.key("Escape", 27, 0)
		t.click(
			`([...document.querySelectorAll("summary")].find((e) => e.textContent.includes("Leases")))`,
		)
		t.shows("LeaseKeeps")
		t.is(
			`[...document.querySelectorAll(".invariants summary")].every((e) => e.textContent.includes("✓ all"))`,
		)
		t.is(`document.querySelectorAll(".tick").length === 27 + 4 + 14 + 14`)
	}},
	{"each story differs at the step that it names", func(t *tab, s sites) {
		t.open(s.command + "#stories")
		var ids []string
		t.eval(`[...document.querySelectorAll("[data-story]")].map((e) => e.dataset.story)`, &ids)
		if len(ids) != 12 {
			fail("there are %d stories", len(ids))
		}
		for _, id := range ids {
			t.open(s.command + "#stories")
			t.click(`[data-story="` + id + `"]`)
			t.until(
				`!document.getElementById("play").hidden && location.hash.startsWith("#rooms!` + id + `@0/")`,
			)
			t.shows("✓ both do the same so far")
			t.is(`document.querySelectorAll(".step.parts").length === 1`)
			t.button("Go to the difference")
			t.shows("✗ they differ")
			t.is(`document.querySelector(".step.now").matches(".parts")`)
			t.is(`document.querySelector(".step.now").querySelectorAll(".half").length === 2`)
			t.button("one step back")
			t.shows("✓ both do the same so far")
			t.button("to the end")
			t.shows("✗ they differ")
			if id != "first-context" { // this fault breaks only a rule, no invariant
				t.until(
					`[...document.querySelectorAll(".invariants summary")].at(-1).textContent.includes("✗")`,
				)
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
		t.is(
			`document.getElementById("find-calls").value === "3" && document.getElementById("find-names").value === "2"`,
		)
		t.click("#find-start")
		t.until(`document.getElementById("find-open")`)
		t.shows("A shortest script has 7 steps")
		t.announces("Found a script of 7 steps.")
		t.click("#find-open")
		t.until(`location.hash.startsWith("#rooms!one-error/get(1,a,x);get(2,b,x);dispose(3);")`)
		t.shows("✗ they differ")
		t.button("Find it for me")
		t.pick("#find-fault", "orphan")
		t.pick("#find-property", "OptionsAgree")
		t.pick("#find-calls", "2")
		t.click("#find-start")
		t.until(`document.getElementById("find-none")`)
		t.pick("#find-property", "OpenedIsReleased")
		t.click("#find-start")
		t.until(`document.getElementById("find-open")`)
		t.shows("OpenedIsReleased")
	}},
	{"a search has progress and can be cancelled", func(t *tab, s sites) {
		t.open(s.command + "#find")
		t.pick("#find-fault", "ghost")
		t.pick("#find-property", "OptionsAgree") // a property that this fault never breaks
		t.pick("#find-calls", "6")
		t.pick("#find-names", "2")
		t.pick("#find-options", "2")
		t.click("#find-start")
		t.until(
			`/Searching … [\d,]+ states, [1-9]\d* steps deep/.test(document.querySelector(".find-out").textContent)`,
		)
		t.is(`document.getElementById("find-start").disabled`)
		t.click("#find-cancel")
		t.shows("Cancelled.")
		t.is(
			`!document.getElementById("find-start").disabled && document.getElementById("find-cancel").disabled`,
		)
	}},
}
