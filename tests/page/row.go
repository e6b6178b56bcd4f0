package main

import (
	"context"
	"errors"
	"fmt"
)

// row is one check, which runs in a tab of its own.
type row struct {
	name  string
	check func(t *tab, s sites)
}

// run runs a row. The row also fails if a script in the page throws an error, or if a file can't be
// loaded.
func (r row) run(
	ctx context.Context,
	b *browser,
	s sites,
	shots, axe string,
	count *tally,
) (err error) {
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

// play opens a script, and waits until the page shows it.
func (t *tab) play(s sites, fragment string) {
	t.open(s.command + "#" + fragment)
	t.until(`!document.getElementById("play").hidden && document.querySelector(".toolbar")`)
}

// hash waits until the address contains the script.
func (t *tab) hash(fragment string) { t.until("location.hash === " + quote("#"+fragment)) }

// shows waits until the page shows a text at any place.
func (t *tab) shows(text string) { t.until("document.body.innerText.includes(" + quote(text) + ")") }

// announces waits until the page announces a text to screen readers.
func (t *tab) announces(text string) {
	t.until(`document.getElementById("announce").textContent.includes(` + quote(text) + `)`)
}

// lit waits until the diagram of a machine highlights a state. The state must also be marked, and
// be named in the caption and in the label for screen readers.
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
