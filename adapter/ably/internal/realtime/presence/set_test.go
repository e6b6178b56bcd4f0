package presence_test

import (
	"fmt"
	"slices"
	"testing"

	. "ablyrooms.example/adapter/ably/internal/realtime/presence"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// alphabet returns the inputs of an exhaustive walk: up to that many calls, two clients, two
// connections, and messages of every kind, action and age. next is the number of the next call.
func alphabet(next Call, calls int) []Input[int] {
	var ins []Input[int]
	if int(next) <= calls {
		for _, kind := range []InputKind{CallEnter, CallUpdate, CallLeave} {
			ins = append(ins, Input[int]{Kind: kind, Call: next, Client: "me", Payload: int(next)})
		}
		ins = append(ins, Input[int]{Kind: CallGet, Call: next})
	}
	for c := Call(1); c < next; c++ {
		for _, kind := range []InputKind{GiveUp, Returned, Answered} {
			ins = append(ins, Input[int]{Kind: kind, Call: c})
		}
		ins = append(ins, Input[int]{Kind: Answered, Call: c, Refused: true})
	}
	ins = append(ins, Input[int]{Kind: Answered, Client: "me", Refused: true}, Input[int]{Kind: Connected, Connection: "c1"},
		Input[int]{Kind: Connected, Connection: "c2"})
	for _, has := range []bool{false, true} {
		for _, again := range []bool{false, true} {
			ins = append(ins, Input[int]{Kind: ChannelAttached, HasPresence: has, Again: again})
		}
	}
	for _, state := range []State{Idle, Attaching, Detaching, Suspended, Failed} {
		ins = append(ins, Input[int]{Kind: ChannelState, State: state})
	}
	for _, action := range []Action{Absent, Present, Enter, Leave, Update} {
		for _, id := range []string{"c1:0:0", "c1:1:0", "odd"} {
			m := Message[int]{Action: action, ClientID: "me", ConnectionID: "c1", ID: id, Timestamp: int64(len(id))}
			ins = append(ins, Input[int]{Kind: Received, Messages: []Message[int]{m}})
			if action == Present {
				ins = append(ins, Input[int]{Kind: Synced, Serial: "s:more", Messages: []Message[int]{m}})
			}
		}
	}
	for _, serial := range []string{"", "s:", "t:", "t:more", "s:x:"} {
		ins = append(ins, Input[int]{Kind: Synced, Serial: serial})
	}
	return ins
}

// TestSetAgainstModelEverywhere tries every sequence of inputs up to a depth, and compares each
// step of the core with the model. It continues only once from states that are equal in core and
// model.
func TestSetAgainstModelEverywhere(t *testing.T) {
	const calls, depth = 2, 6
	type node struct {
		script []Input[int]
		next   Call
	}
	seen := map[string]bool{}
	frontier := []node{{next: 1}}
	steps := 0
	for range depth {
		var following []node
		for _, n := range frontier {
			for _, in := range alphabet(n.next, calls) {
				script := append(slices.Clone(n.script), in)
				m, got := replay(t, script)
				steps++
				if seen[got] {
					continue
				}
				seen[got] = true
				next := n.next
				if in.Kind <= CallGet {
					next++
				}
				following = append(following, node{script, next})
				m.mustHold(t, script)
			}
		}
		frontier = following
	}
	t.Logf("%d states, %d steps compared, %d inputs deep", len(seen), steps, depth)
}

// replay runs a script on core and model, and compares their outputs. It returns the model, and the
// state as text.
func replay(t *testing.T, script []Input[int]) (*model, string) {
	t.Helper()
	m, s := &model{}, &Set[int]{}
	for i, in := range script {
		want, got := m.step(in), lines(s.Step(in, nil))
		if i == len(script)-1 && !slices.Equal(got, want) {
			t.Fatalf("after %+v\ncore and model differ: %s", script, cmp.Diff(want, got))
		}
	}
	m.out = nil
	return m, fmt.Sprintf("%+v, %s", *m, s.Text())
}

// mustHold checks NothingResidualOutside of docs/presence.md, and that no call is in two places at
// a time, which is part of SettledOnce.
func (m *model) mustHold(t *testing.T, script []Input[int]) {
	t.Helper()
	for _, e := range m.list {
		if !m.sync && (e.left || e.residual) {
			t.Fatalf("NothingResidualOutside fails after %+v", script)
		}
	}
	for i, a := range m.asked {
		if slices.ContainsFunc(m.asked[:i], func(b asked) bool { return b.call == a.call }) {
			t.Fatalf("SettledOnce fails after %+v", script)
		}
	}
}

// TestSetAgainstModel compares core and model on random scripts, which are longer and have more
// clients and calls.
func TestSetAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, s := &model{}, &Set[int]{}
		next := Call(1)
		clients := rapid.SampledFrom([]string{"me", "you"})
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			in := rapid.SampledFrom(alphabet(next, 1000)).Draw(t, "input")
			if in.Client != "" {
				in.Client = clients.Draw(t, "client")
			}
			for i := range in.Messages {
				p := &in.Messages[i]
				p.ClientID = clients.Draw(t, "member")
				p.ConnectionID = rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "connection")
				p.Timestamp = rapid.Int64Range(0, 3).Draw(t, "timestamp")
				p.ID = rapid.SampledFrom([]string{"", "odd", "c1:0", "c1:x:0", "c1:0:0", "c1:0:1", "c1:10:0", "c1:9:0", "c2:0:0", "c2:1:0"}).Draw(t, "id")
			}
			if in.Kind <= CallGet {
				next++
			}
			want, got := m.step(in), lines(s.Step(in, nil))
			if !slices.Equal(got, want) {
				t.Fatalf("after %+v: %s", in, cmp.Diff(want, got))
			}
		}
	})
}
