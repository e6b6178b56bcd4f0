package conformance

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"ablyrooms.example/model"
)

// Kinds of steps for a subject in another process, in addition to the inputs of the model. They are
// events on the wire, which the model doesn't have.
const (
	KindAttach model.Kind = iota + 16 // a room attaches, and the server answers
	// a room begins to attach; the server holds its ATTACHED
	KindAttaching
	KindAttached      // the server lets the held ATTACHED go
	KindAttachRefused // the server sends an ERROR instead, which fails the channel
	// the server sends an ERROR instead of the held DETACHED: it ends the release and fails the
	// channel (CHA-RL3n3)
	KindFailed
	// the server sends an ATTACHED instead of the held DETACHED: the client detaches again (RTL5k)
	KindResisted
)

var kindWords = func() map[string]model.Kind {
	words := map[string]model.Kind{}
	for k := model.KindGet; k <= model.KindReleaseFailed; k++ {
		words[k.String()] = k
	}
	words[model.KindAcquire.String()], words[model.KindClose.String()] = model.KindAcquire, model.KindClose
	// no script has this step: the close of a lease begins it
	delete(words, model.KindReleaseIf.String())
	for i, word := range []string{"attach", "attaching", "attached", "attachRefused", "failed", "resisted"} {
		words[word] = KindAttach + model.Kind(i)
	}
	return words
}()

// isCall reports whether an input begins a call.
func isCall(k model.Kind) bool {
	return k >= model.KindGet && k <= model.KindDispose || k == model.KindAcquire
}

// gets reports whether an input begins a Get or an Acquire.
func gets(k model.Kind) bool { return k == model.KindGet || k == model.KindAcquire }

// text returns an input in the form that it has in a script.
func text(in model.Input) string {
	switch {
	case gets(in.Kind):
		// in.String() would quote x+defaults
		return fmt.Sprintf("%v(%d, %s, %s)", in.Kind, in.Call, in.Name, in.Options)
	case in.Kind < KindAttach:
		return in.String()
	}
	for word, k := range kindWords {
		if k == in.Kind {
			return fmt.Sprintf("%s(%d)", word, in.Incarnation)
		}
	}
	return "unknown"
}

// Text returns a script as one line, which [Parse] can read: "get(1, a, x); opened(1)".
func Text(script []model.Input) string {
	steps := make([]string, len(script))
	for i, in := range script {
		steps[i] = text(in)
	}
	return strings.Join(steps, "; ")
}

var stepForm = regexp.MustCompile(`^(\w+)\(([^()]*)\)$`)

// Parse reads a script, whose steps are separated by semicolons or newlines. A step is a word with
// arguments: "get(1, a, x); opened(1); release(2, a)". Calls are numbered 1, 2, 3, … in the order
// in which they begin; rooms are numbered by their incarnation, as in docs/rooms.md. Parse doesn't
// check whether the steps can happen in this order: running the script does.
func Parse(script string) ([]model.Input, error) {
	var all []model.Input
	for _, part := range strings.FieldsFunc(script, func(r rune) bool { return r == ';' || r == '\n' }) {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		in, err := parseStep(part)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	return all, nil
}

// MustParse is like [Parse], but panics on an error. It is for scripts in source code.
func MustParse(script string) []model.Input {
	all, err := Parse(script)
	if err != nil {
		panic(err)
	}
	return all
}

func parseStep(step string) (model.Input, error) {
	form := stepForm.FindStringSubmatch(step)
	if form == nil {
		return model.Input{}, fmt.Errorf("script: %q is no step; a step looks like get(1, a, x)", step)
	}
	kind := kindWords[form[1]]
	args := strings.Split(form[2], ",")
	for i := range args {
		args[i] = strings.TrimSpace(args[i])
	}
	want := 1
	switch kind {
	case model.KindGet, model.KindAcquire:
		want = 3
	case model.KindRelease:
		want = 2
	}
	number, err := strconv.Atoi(args[0])
	if kind == 0 || len(args) != want || err != nil {
		words := strings.Join(slices.Sorted(maps.Keys(kindWords)), ", ")
		return model.Input{}, fmt.Errorf("script: %q is no step, or has wrong arguments: the words are %s", step, words)
	}
	in := model.Input{Kind: kind, Incarnation: number}
	if isCall(kind) || kind == model.KindGiveUp || kind == model.KindClose {
		in = model.Input{Kind: kind, Call: number}
	}
	if want > 1 {
		in.Name = args[1]
	}
	if want > 2 {
		in.Options = args[2]
	}
	return in, nil
}
