package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// misreading is a rule understood wrongly, as a reasonable person could, and what the code would be if its author had.
type misreading struct {
	Name  string
	Rules string   // of docs/rooms.md
	Spec  []string // the points of Ably's Chat specification; none where those leave it open and it is a decision
	How   string   // how one could understand it so
	// SDK is what Ably's JavaScript client is known to do, from reading its source: differs, same or unknown (it has nothing like it).
	SDK sdk

	Core, Model, TLA []edit
	At               bounds // where it is looked at; if not said, threeCalls
}

type sdk string

const (
	differs sdk = "differs"
	same    sdk = "same"
	unknown sdk = "-"
)

// edit is one passage, which stands in its file exactly once, and what is planted in its place.
type edit struct{ File, Old, New string }

// The files that passages stand in, from the root of the module.
const (
	roomsGo = "fsm/rooms.go"
	stepGo  = "model/step.go"
	roomsT  = "spec/TLA/Rooms.tla"
)

// Each makes an edit of one file.

func core(old, new string) edit  { return edit{roomsGo, old, new} }
func model(old, new string) edit { return edit{stepGo, old, new} }
func tla(old, new string) edit   { return edit{roomsT, old, new} }

// plant returns the files that the edits change, with the edits made, by their path from the root.
func plant(root string, edits []edit) (map[string]string, error) {
	texts := map[string]string{}
	for _, e := range edits {
		text, ok := texts[e.File]
		if !ok {
			data, err := os.ReadFile(filepath.Join(root, e.File))
			if err != nil {
				return nil, err
			}
			text = string(data)
		}
		if n := strings.Count(text, e.Old); n != 1 {
			return nil, fmt.Errorf("the passage stands %d times in %s, expected once:\n%s", n, e.File, e.Old)
		}
		texts[e.File] = strings.Replace(text, e.Old, e.New, 1)
	}
	return texts, nil
}

// misreadings lists all of them.
func misreadings() []misreading {
	return append(append(ofGet(), ofRelease()...), ofDispose()...)
}
