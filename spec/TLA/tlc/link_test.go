package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/spec/TLA/tlcrun"
)

// TestCounterexamplesAreLinks makes links of recorded counterexamples of broken twins.
func TestCounterexamplesAreLinks(t *testing.T) {
	t.Setenv(playlink.Base, "")
	for name, want := range map[string]string{
		"Twin_ReleaseRejects":   "playground#rooms/get(1,a,x);release(2,a)",
		"LeaseTwin_LastLease":   "playground#rooms/acquire(1,a,x);giveUp(1)",
		"RoomTwin_StatusRight":  "playground#room/attach(1);attachEnded(0)",
		"ChannelTwin_Delivered": "playground#channel/Attach(1);Connection(connected,resumed);Message()",
	} {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		config, err := tlcrun.ReadConfig(filepath.Join("..", "twins", name+".cfg"))
		if err != nil {
			t.Fatal(err)
		}
		r := tlcrun.ParseOutput(string(text), config.Exit)
		if got := playlink.Find(link(config, r.Trace)); got != want ||
			r.TraceLength != strings.Count(got, ";")+2 {
			t.Errorf("%s: the link is %q, expected %q; the counterexample has %d states", name, got, want, r.TraceLength)
		}
		config.Module = "RoomOverChannel"
		if got := link(config, r.Trace); got != "" {
			t.Errorf("%s: a configuration of another module has the link %q", name, got)
		}
	}
}
