package play

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ablyrooms.example/internal/modroot"
	"ablyrooms.example/internal/playlink"
	"ablyrooms.example/model"
)

// last returns the last frame of a script. The test fails if a step of the script can't be taken.
func last(t *testing.T, fragment string) (View, Frame) {
	t.Helper()
	v := Run(fragment)
	if v.Error != "" {
		t.Fatalf("the script %s can't be read: %s", fragment, v.Error)
	}
	for _, f := range v.Frames {
		if f.Refused != "" || f.Differs != "" || len(f.Broken) > 0 {
			t.Fatalf(
				"%s, step %s: refused %q, differs %q, broken %v",
				fragment,
				f.Step,
				f.Refused,
				f.Differs,
				f.Broken,
			)
		}
	}
	return v, v.Frames[len(v.Frames)-1]
}

func TestARoomOverItsChannelIsReleased(t *testing.T) {
	v, f := last(
		t,
		"rooms/get(1,a,x);opened(1);ada.attaching(1);attached(1);release(2,a);get(3,a,x);detached(1);"+
			"released(1);opened(2);attaching(2);attached(2)",
	)
	texts := []string{"returns #1", "returns, done", "returns #2"}
	for i, want := range texts {
		if f.Calls[i].Text != want {
			t.Errorf("the text of call %d is %q, expected %q", i+1, f.Calls[i].Text, want)
		}
	}
	if got := f.Calls[1].Rules; !slices.Contains(got, "R21") || !slices.Contains(got, "R22") {
		t.Errorf("the release ends by the rules %v, expected R21 and R22", got)
	}
	if f.Lives[0].Life != "released" || f.Lives[1].Room.Status != "attached" ||
		f.Channels[0].State != "attached" {
		t.Errorf("a room or a channel is in the wrong state: %+v, %+v", f.Lives, f.Channels)
	}
	if v.NextCall != 4 ||
		v.Fragment != "rooms/get(1,a,x);opened(1);ada.attaching(1);attached(1);release(2,a);get(3,a,x);detached(1);"+
			"released(1);opened(2);attaching(2);attached(2)" {
		t.Errorf("the next call is %d, the script in the link is %s", v.NextCall, v.Fragment)
	}
	var machines []string
	for _, turn := range v.Frames[7].Turns { // the channel, then its room
		machines = append(machines, turn.Machine)
	}
	if !slices.Contains(machines, "Channel") || !slices.Contains(machines, "Room") {
		t.Errorf("the machines %v took the DETACHED, expected Channel and Room", machines)
	}
}

func TestACutLosesContinuity(t *testing.T) {
	v, f := last(t, "rooms/get(1,a,x);opened(1);attach(1);cut();reconnect();attached(1)")
	said := ""
	for _, l := range f.Lines {
		said += l.Text + "\n"
	}
	if !strings.Contains(said, "#1: discontinuity") {
		t.Errorf("the room must publish a discontinuity; the lines are %q, the choices %+v", said, v.Choices)
	}
}

func TestLeasesAreTaken(t *testing.T) {
	_, f := last(
		t,
		"rooms/acquire(1,a,x);acquire(2,a,x);opened(1);close(1);close(2);get(3,a,x);released(1)",
	)
	if f.Lives[0].Life != "released" || f.Lives[1].Work != "opening" {
		t.Errorf("an incarnation is in the wrong state: %+v", f.Lives)
	}
}

func TestAReleaseOfAnIncarnationIsPlayed(t *testing.T) {
	_, f := last(
		t,
		"rooms/get(1,a,x);opened(1);release(2,a);get(3,a,x);releaseIf(4,1);releaseIf(5,2);released(1)",
	)
	if f.Calls[3].Text != "returns, done" || !slices.Contains(f.Calls[3].Rules, "R24") ||
		f.Lives[1].Life != "released" {
		t.Errorf("a call or an incarnation is in the wrong state: %+v, %+v", f.Calls, f.Lives)
	}
	if v := Run("rooms/releaseIf(1,1);acquire(1,a,x)"); v.Frames[1].Refused == "" ||
		v.Frames[2].Refused == "" {
		t.Errorf("the board must refuse a step: %+v", v.Frames)
	}
}

func TestWhatCannotHappenIsRefused(t *testing.T) {
	for _, fragment := range []string{"rooms/opened(1)", "rooms/get(2,a,x)", "rooms/giveUp(1)", "rooms/attaching(1)",
		"rooms/resume()", "rooms/dance(1)", "rooms/get(1,a,x);opened(1);attached(1);attached(9);detached(1,error);leave(1,1);timeout(1);pause(1)",
		"room/attachEnded(0)", "room/dance()", "channel/Attached", "channel/dance()", "rooms/release(1)", "rooms/close(1)"} {
		v := Run(fragment)
		f := v.Frames[len(v.Frames)-1]
		if v.Error != "" || f.Refused == "" {
			t.Errorf("the last step of %s must be refused: %q, %+v", fragment, v.Error, f)
		}
	}
	for _, fragment := range []string{"", "garden/", "rooms!none/", "room!orphan/", "rooms/" + strings.Repeat("cut();", MaxSteps+1)} {
		if Run(fragment).Error == "" {
			t.Errorf("Run returned no error for %q", fragment)
		}
	}
}

// TestWhatCanHappenIsTaken explores each board breadth first over its choices. Each choice can be
// taken, the cores agree with the models, and no property fails.
func TestWhatCanHappenIsTaken(t *testing.T) {
	calls := []string{"get(%,a,x)", "get(%,a,y)", "acquire(%,a,x)", "release(%,a)", "dispose(%)"}
	for board, most := range map[string]int{playlink.Rooms: 260, playlink.Room: 120, playlink.Channel: 120} {
		t.Run(board, func(t *testing.T) {
			scripts := []string{board + "/", board + "/get(1,a,x);opened(1);attach(1)"}
			if board != playlink.Rooms {
				scripts = scripts[:1]
			}
			taken := map[string]bool{}
			for n := 0; n < len(scripts) && n < most; n++ {
				v, _ := last(t, scripts[n])
				var steps []string
				for _, c := range v.Choices {
					steps = append(steps, c.Step)
				}
				for _, call := range calls {
					if board == playlink.Rooms && v.NextCall < 4 {
						steps = append(
							steps,
							strings.ReplaceAll(call, "%", strconv.Itoa(v.NextCall)),
						)
					}
				}
				for i, step := range steps {
					word, _, _ := strings.Cut(step, "(")
					if taken[word] && (i+n)%7 != 0 { // take each word once, and a part of the rest
						continue
					}
					taken[word] = true
					scripts = append(
						scripts,
						strings.TrimSuffix(
							v.Fragment,
							";",
						)+map[bool]string{true: ";"}[len(v.Frames) > 1]+step,
					)
				}
			}
			if len(taken) < 8 {
				t.Errorf("only the choices %v were taken", sortedKeys(taken))
			}
		})
	}
}

// TestEveryInputOfTheMachinesIsAStep checks that the page can open a script of any machine: each
// input of a machine is a step of its board, though the board may refuse it.
func TestEveryInputOfTheMachinesIsAStep(t *testing.T) {
	try := func(board string, in fmt.Stringer) {
		s, err := playlink.Parse(board + "/" + in.String())
		if err != nil || len(s.Steps) != 1 {
			t.Fatalf("the input %v is parsed as the script %+v, %v", in, s, err)
		}
		v := Run(s.Fragment())
		if v.Error != "" || strings.Contains(v.Frames[1].Refused, "no such step") {
			t.Errorf("the board of %s has no such step, or can't read it: %q, %q", s.Fragment(), v.Error, v.Frames[1].Refused)
		}
	}
	bounds := model.Bounds{
		Calls:       2,
		Names:       []string{"a", "b"},
		Options:     []string{"x", "y"},
		Conditional: true,
	}
	for _, in := range slices.Concat(model.Alphabet(bounds), model.LeasesAlphabet(bounds)) {
		try(playlink.Rooms, in)
	}
	for _, in := range model.RoomAlphabet(model.RoomBounds{Calls: 2, Errors: 2}) {
		try(playlink.Room, in)
	}
	for _, in := range model.ChannelAlphabet(model.ChannelBounds{Calls: 2, Errors: 1, Serials: 1}) {
		if in.Kind != 0 {
			try(playlink.Channel, in)
		}
	}
}

// TestAGoodRegistryIsRight checks that a registry without a fault behaves like the model, for all
// inputs of two calls on two names, and of four calls on one name.
func TestAGoodRegistryIsRight(t *testing.T) {
	for _, bounds := range []Bounds{{2, 2, 2}, {4, 1, 1}} {
		type node struct {
			registry Registry
			right    model.State
		}
		nodes, seen := []node{{}}, map[string]bool{}
		for at := 0; at < len(nodes); at++ {
			n := nodes[at]
			for _, in := range n.right.Enabled(bounds.model()) {
				next, outs, err := n.registry.Step(in)
				right, want, _ := n.right.Step(in)
				if err != nil || differs(outs, want, nil) != "" || !next.State.Equal(right) {
					t.Fatalf(
						"%v in %v: %v, %v, %v, expected %v, %v",
						in,
						n.right,
						err,
						outs,
						next.State,
						want,
						right,
					)
				}
				if key := next.Key(); !seen[key] {
					seen[key] = true
					nodes = append(nodes, node{next, right})
				}
			}
		}
		if len(nodes) < 500 {
			t.Errorf("%v has only %d states", bounds, len(nodes))
		}
	}
}

// known describes the script that the conformance suite has for a broken registry.
type known struct {
	length   int
	shortest bool // the script is a shortest one; if false, it was found at random and shortened
}

// gallery returns the length of the script that the conformance suite has for each broken registry,
// by the registry's name, and whether it is a shortest one.
func gallery(t *testing.T) map[string]known {
	root, err := modroot.Find()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(filepath.Join(root, "tests/conformance/gallery/gallery_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]known{}
	row := regexp.MustCompile(`\t\{"([^"]+)", \w+, [^"]*"([^"]*)", (\d+), "R`)
	for _, m := range row.FindAllStringSubmatch(string(source), -1) {
		n, _ := strconv.Atoi(m[3])
		all[m[1]] = known{n, m[2] != ""}
	}
	return all
}

// TestEachFaultIsFound checks that Find finds a script for each fault. The script must not be
// longer than the conformance suite's script for the broken registry with the fault's name. If the
// suite's script is a shortest one, both must have the same length.
func TestEachFaultIsFound(t *testing.T) {
	suite := gallery(t)
	ids := map[string]bool{}
	for _, f := range Faults() {
		t.Run(f.ID, func(t *testing.T) {
			told := 0
			found, err := Find(
				t.Context(),
				Search{Fault: f.ID, Bounds: f.Bounds},
				func(int, int) { told++ },
			)
			if err != nil || found.Fragment == "" || told == 0 {
				t.Fatalf("Find returned %+v, %v, and must have called progress", found, err)
			}
			v := Run(found.Fragment)
			got, want := len(v.Frames)-1, suite[f.Name]
			if got > want.length || want.shortest && got < want.length || !v.Frames[got].Parted ||
				v.Frames[got-1].Parted {
				t.Errorf(
					"the script %s has %d steps, or doesn't show the fault in its last step; the conformance suite's script is %+v for %q",
					found.Fragment,
					got,
					want,
					f.Name,
				)
			}
			t.Log(found)
		})
		if ids[f.ID] || f.Says == "" || f.Harm == "" {
			t.Errorf("the fault %s is in the list twice, or has no description", f.ID)
		}
		ids[f.ID] = true
	}
}

// TestStories checks that in each story the registry with the fault differs from the right one, and
// that no property fails for the right one.
func TestStories(t *testing.T) {
	stories := 0
	for _, f := range Faults() {
		if f.Story == "" {
			continue
		}
		stories++
		v := Run("rooms!" + f.ID + "/" + f.Story)
		end := v.Frames[len(v.Frames)-1]
		if v.Error != "" || !end.Parted || len(end.Broken) > 0 || end.Differs != "" {
			t.Errorf(
				"the story of %s: error %q, parted %t, broken properties %v, the core differs: %q",
				f.ID,
				v.Error,
				end.Parted,
				end.Broken,
				end.Differs,
			)
		}
		var broken []string
		for _, b := range end.Faulty.Broken {
			broken = append(broken, b.Name)
		}
		t.Log(f.ID, broken)
	}
	if stories != 12 {
		t.Errorf("%d faults have stories", stories)
	}
}

func TestSearches(t *testing.T) {
	found, err := Find(
		t.Context(),
		Search{Fault: "orphan", Property: "OpenedIsReleased", Bounds: Bounds{3, 1, 1}},
		func(int, int) {},
	)
	if err != nil || found.Fragment != "rooms!orphan/get(1,a,x);release(2,a);opened(1)" ||
		found.Why == "" {
		t.Errorf("Find with a property returned %+v, %v", found, err)
	}
	if found, err = Find(t.Context(), Search{Fault: "orphan", Property: "OptionsAgree", Bounds: Bounds{2, 1, 1}}, func(int, int) {}); err != nil ||
		found.Fragment != "" {
		t.Errorf("Find with a property that the fault never breaks returned %+v, %v", found, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err = Find(ctx, Search{Fault: "orphan", Property: "OptionsAgree", Bounds: Bounds{2, 1, 1}}, func(int, int) {}); !errors.Is(
		err,
		enough,
	) {
		t.Error(err)
	}
	if _, err = Find(t.Context(), Search{Fault: "none"}, nil); err == nil {
		t.Error("a search for a fault that doesn't exist returned no error")
	}
}

func TestPositions(t *testing.T) {
	whole := Run("rooms/get(1,a,x);opened(1);release(2,a)")
	back := Run("rooms@1/get(1,a,x);opened(1);release(2,a)")
	if back.At != 1 || len(back.Frames) != 4 || !reflect.DeepEqual(back.Frames, whole.Frames) ||
		back.NextCall != 2 ||
		back.Fragment != "rooms@1/get(1,a,x);opened(1);release(2,a)" ||
		Run("rooms@3/cut();resume();cut()").Fragment != "rooms/cut();resume();cut()" ||
		Run("rooms@0/cut()").Fragment != "rooms@0/cut()" {
		t.Errorf("the view of an earlier step is wrong: %+v", back)
	}
}
