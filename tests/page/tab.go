package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// patience is the time limit for everything that happens in a page. After it, the row fails.
const patience = time.Minute

// tab is a page in the browser. Its methods panic with a failure, which [row.run] reports.
type tab struct {
	b       *browser
	ctx     context.Context
	target  string
	session string
	shots   string // the folder for screenshots
	axe     string // the source of axe-core
	tally   *tally

	mu     sync.Mutex
	errors []string
}

// failure is the value with which a method of tab panics.
type failure struct{ error }

func fail(format string, args ...any) { panic(failure{fmt.Errorf(format, args...)}) }

// newTab opens an empty page.
func (b *browser) newTab(ctx context.Context) (*tab, error) {
	t := &tab{b: b, ctx: ctx}
	var made struct{ TargetID, SessionID string }
	if err := b.call(ctx, "", "Target.createTarget", map[string]any{"url": "about:blank"}, &made); err != nil {
		return nil, err
	}
	t.target = made.TargetID
	params := map[string]any{"targetId": t.target, "flatten": true}
	if err := b.call(ctx, "", "Target.attachToTarget", params, &made); err != nil {
		return nil, err
	}
	t.session = made.SessionID
	b.listen(t.session, t.event)
	for _, method := range []string{"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"} {
		if err := b.call(ctx, t.session, method, nil, nil); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// event records errors in the page.
func (t *tab) event(method string, params json.RawMessage) {
	var e struct {
		ExceptionDetails struct {
			Text      string
			Exception struct{ Description string }
		}
		Entry     struct{ Level, Text, URL string }
		ErrorText string
		Type      string
	}
	_ = json.Unmarshal(params, &e)
	text := ""
	switch {
	case method == "Runtime.exceptionThrown":
		text = e.ExceptionDetails.Text + " " + e.ExceptionDetails.Exception.Description
	case method == "Log.entryAdded" && e.Entry.Level == "error":
		text = e.Entry.Text + " " + e.Entry.URL
	case method == "Network.loadingFailed":
		text = "loading fails: " + e.ErrorText
	}
	if text != "" {
		t.mu.Lock()
		t.errors = append(t.errors, text)
		t.mu.Unlock()
	}
}

// wrong returns the errors in the page since the last call.
func (t *tab) wrong() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	found := t.errors
	t.errors = nil
	return found
}

func (t *tab) close() error {
	return t.b.call(t.ctx, "", "Target.closeTarget", map[string]any{"targetId": t.target}, nil)
}

func (t *tab) do(method string, params, result any) {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if err := t.b.call(ctx, t.session, method, params, result); err != nil {
		panic(failure{err})
	}
}

// eval evaluates an expression, waits for the value if it is a promise, and decodes it into result.
func (t *tab) eval(expression string, result any) {
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	t.do(
		"Runtime.evaluate",
		map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true,
			"userGesture": true},
		&got,
	)
	if e := got.ExceptionDetails; e != nil {
		fail("%s: %s %s", expression, e.Text, e.Exception.Description)
	}
	if result != nil && len(got.Result.Value) > 0 {
		if err := json.Unmarshal(got.Result.Value, result); err != nil {
			fail("%s: %w", expression, err)
		}
	}
}

// text evaluates an expression whose value is a string, and returns the string.
func (t *tab) text(expression string) (s string) {
	t.eval("String("+expression+")", &s)
	return s
}

// until waits until a condition in the page is true.
func (t *tab) until(condition string) {
	var ok bool
	t.eval(fmt.Sprintf(`new Promise((done) => { const began = Date.now(); const look = () => {
		let is; try { is = Boolean(%s) } catch { is = false }
		if (is) done(true); else if (Date.now() - began > %d) done(false); else setTimeout(look, 10) }; look() })`,
		condition, patience.Milliseconds()/2), &ok)
	if !ok {
		fail(
			"%s never comes true; the page has\n%s",
			condition,
			t.text("document.body.innerText.slice(0, 2000)"),
		)
	}
}

// is fails unless a condition in the page is true now.
func (t *tab) is(condition string) {
	var ok bool
	if t.eval("Boolean("+condition+")", &ok); !ok {
		fail("%s does not hold; %s", condition, t.text("location.hash"))
	}
}

// open opens an address and waits until the page is ready.
func (t *tab) open(url string) {
	t.do("Page.navigate", map[string]any{"url": "about:blank"}, nil)
	t.do("Page.navigate", map[string]any{"url": url}, nil)
	t.until(`document.documentElement.dataset.ready`)
}

// quote returns text as a JavaScript string.
func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// click clicks on the middle of an element. The element is given by a selector or a script.
func (t *tab) click(element string) {
	if !strings.HasPrefix(element, "(") {
		element = "document.querySelector(" + quote(element) + ")"
	}
	var at *struct {
		X, Y float64
		Hit  string
	}
	t.eval(
		`(() => { const e = `+element+`; if (!e) return null; e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); const x = r.x + r.width / 2, y = r.y + r.height / 2;
		const hit = document.elementFromPoint(x, y);
		return {x, y, hit: e === hit || e.contains(hit) ? "" : (hit?.outerHTML ?? "nothing").slice(0, 200)} })()`,
		&at,
	)
	switch {
	case at == nil:
		fail(
			"there is no %s; the page has\n%s",
			element,
			t.text("document.body.innerText.slice(0, 3000)"),
		)
	case at.Hit != "":
		fail("%s is behind %s", element, at.Hit)
	}
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		t.do(
			"Input.dispatchMouseEvent",
			map[string]any{"type": kind, "x": at.X, "y": at.Y, "button": "left",
				"clickCount": 1},
			nil,
		)
	}
}

// button clicks on the first visible button with this label.
func (t *tab) button(label string) {
	t.click(
		`([...document.querySelectorAll("button")].find((b) => b.checkVisibility() && !b.disabled &&
		(b.getAttribute("aria-label") ?? b.textContent).trim() === ` + quote(label) + `))`,
	)
}

// pick chooses an option of a select element.
func (t *tab) pick(selector, value string) {
	t.eval(
		`(() => { const e = document.querySelector(`+quote(selector)+`); e.value = `+quote(value)+`;
		if (e.value !== `+quote(value)+`) throw new Error("no such option");
		e.dispatchEvent(new Event("change", {bubbles: true})) })()`,
		nil,
	)
}

// key presses a key. The modifiers are 2 for control and 8 for shift.
func (t *tab) key(name string, code, modifiers int) {
	text := map[string]string{"Enter": "\r", " ": " "}[name]
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{
			"type":                  kind,
			"key":                   name,
			"windowsVirtualKeyCode": code,
			"modifiers":             modifiers,
		}
		if kind == "keyDown" && text != "" {
			params["text"] = text
		}
		t.do("Input.dispatchKeyEvent", params, nil)
	}
}

// size sets the size of the page.
func (t *tab) size(width, height int) {
	t.do(
		"Emulation.setDeviceMetricsOverride",
		map[string]any{"width": width, "height": height, "deviceScaleFactor": 1,
			"mobile": width < 600},
		nil,
	)
}

// scheme sets the color scheme that the system prefers: light or dark.
func (t *tab) scheme(name string) {
	t.do("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{
		{
			"name":  "prefers-color-scheme",
			"value": name,
		}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
}

// shot writes a screenshot of the page to a file.
func (t *tab) shot(name string, whole bool) {
	t.eval(`scrollTo(0, 0)`, nil)
	var got struct{ Data string }
	t.do(
		"Page.captureScreenshot",
		map[string]any{"format": "png", "captureBeyondViewport": whole},
		&got,
	)
	data, err := base64.StdEncoding.DecodeString(got.Data)
	if err == nil {
		err = errors.Join(
			os.MkdirAll(t.shots, 0o755),
			os.WriteFile(filepath.Join(t.shots, name+".png"), data, 0o644),
		)
	}
	if err != nil {
		panic(failure{err})
	}
	t.tally.shots = append(t.tally.shots, fmt.Sprintf("%s.png %d KB", name, (len(data)+1023)/1024))
}

// axeViolation is a finding of axe-core.
type axeViolation struct {
	ID, Impact, Help string
	Nodes            []struct {
		HTML           string
		FailureSummary string
	}
}

// findings runs axe-core on the page as it is now, and returns the serious and critical findings.
func (t *tab) findings() (serious []axeViolation) {
	t.eval(t.axe+"\n;undefined", nil)
	var all []axeViolation
	t.eval(
		`axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations.map((v) => ({id: v.id,
		impact: v.impact, help: v.help, nodes: v.nodes.map((n) => ({html: n.html, failureSummary: n.failureSummary}))})))`,
		&all,
	)
	for _, v := range all {
		if v.Impact == "serious" || v.Impact == "critical" {
			serious = append(serious, v)
		}
	}
	return serious
}

// accessible fails if axe-core finds a serious or critical problem.
func (t *tab) accessible() {
	t.tally.axe++
	for _, v := range t.findings() {
		t.tally.serious++
		fail(
			"axe: %s (%s): %s, %d times, first %s\n%s",
			v.ID,
			v.Impact,
			v.Help,
			len(v.Nodes),
			v.Nodes[0].HTML,
			v.Nodes[0].FailureSummary,
		)
	}
}
