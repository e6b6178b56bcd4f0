package sequence_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/adapter/ably/internal/transport/sequence"
)

// op is one input of the sequence and of the model.
type op struct {
	kind          string
	owner         sequence.Owner
	serial, count int64
}

func (o op) String() string {
	switch o.kind {
	case "push", "refused":
		return fmt.Sprint(o.kind, o.owner)
	case "ack", "nack":
		return fmt.Sprint(o.kind, " ", o.serial, "+", o.count)
	}
	return o.kind
}

// pair runs a sequence and the model side by side. It also keeps the queue of frames to be written,
// as the user of a sequence does.
type pair struct {
	seq   sequence.Sequence[int, string]
	model model
	queue []*sequence.Frame[int, string]
	wire  []wrote
	told  map[answer]bool // the answers so far, without their results
	last  []answer        // the answers to the last input
	up    bool
}

func newPair() *pair { return &pair{told: map[answer]bool{}, up: true} }

// do runs an input on both sides. It returns an error if they differ.
func (p *pair) do(o op) error {
	var got, want []answer
	tell := func(answers []sequence.Answer[int, string]) {
		for _, a := range answers {
			got = append(got, answer{a.Owner, a.Number, a.Result})
		}
	}
	switch o.kind {
	case "push":
		m := p.model.push(o.owner)
		f := p.seq.Push(o.owner, 0)
		if f.Number != m.number {
			return fmt.Errorf("number %d, want %d", f.Number, m.number)
		}
		if p.up {
			p.queue = append(p.queue, f)
		}
	case "refused":
		m := p.model.push(o.owner)
		m.finished, m.result = true, "refused"
		want = p.model.tell()
		_, answers := p.seq.PushRefused(o.owner, 0, "refused")
		tell(answers)
	case "write", "unencodable":
		if !p.up {
			return nil
		}
		bad := o.kind == "unencodable"
		var done bool
		want, done = p.model.write(bad)
		if !done {
			for _, f := range p.queue {
				if _, ok := p.seq.Write(f); ok {
					return fmt.Errorf("wrote %d.%d, want nothing", f.Owner, f.Number)
				}
			}
			p.queue = nil
			return nil
		}
		for {
			if len(p.queue) == 0 {
				return fmt.Errorf("nothing to write, want a frame")
			}
			f := p.queue[0]
			p.queue = p.queue[1:]
			serial, ok := p.seq.Write(f)
			if !ok {
				continue
			}
			if bad {
				tell(p.seq.Refuse(f, "unencodable"))
			} else {
				p.wire = append(p.wire, wrote{f.Owner, f.Number, serial})
			}
			break
		}
	case "take back":
		want = p.model.takeBack()
		for _, f := range slices.Backward(p.seq.Open()) {
			if !f.Written() {
				tell(p.seq.Refuse(f, "taken back"))
				if again := p.seq.Refuse(f, "again"); again != nil {
					return fmt.Errorf("answered again: %v", again)
				}
				break
			}
		}
	case "ack", "nack":
		var wantOK bool
		want, wantOK = p.model.acknowledge(o.serial, o.count, o.kind)
		answers, ok := p.seq.Acknowledge(o.serial, o.count,
			func(i int) string { return fmt.Sprint(o.kind, i) }, "skipped")
		if ok != wantOK {
			return fmt.Errorf("ok %v, want %v", ok, wantOK)
		}
		tell(answers)
	case "cut":
		p.up, p.queue = false, nil
	case "resume", "new":
		p.model.connect(o.kind == "resume")
		p.queue = p.seq.Connected(o.kind == "resume")
		p.up, p.wire = true, nil
	case "fail":
		want = p.model.fail()
		tell(p.seq.Fail("failed"))
	}
	for _, a := range got {
		a.result = ""
		if p.told[a] {
			return fmt.Errorf("%v: answered twice", a)
		}
		p.told[a] = true
	}
	p.last = got
	// The answers of different owners may come in any order; those of one owner may not.
	for _, owner := range []sequence.Owner{sequence.Ably, sequence.Rooms} {
		if g, w := of(got, owner), of(want, owner); !slices.Equal(g, w) {
			return fmt.Errorf("answers %v, want %v", g, w)
		}
	}
	if !slices.Equal(p.wire, p.model.wire) {
		return fmt.Errorf("wire %v, want %v", p.wire, p.model.wire)
	}
	open, wantOpen := p.seq.Open(), p.model.open()
	if len(open) != len(wantOpen) {
		return fmt.Errorf("%d frames are open, want %d", len(open), len(wantOpen))
	}
	for i, f := range open {
		if w := wantOpen[i]; f.Owner != w.owner || f.Number != w.number {
			return fmt.Errorf("open frame %d is %d.%d, want %d.%d", i, f.Owner, f.Number, w.owner, w.number)
		}
	}
	return nil
}

func of(answers []answer, owner sequence.Owner) []answer {
	return slices.DeleteFunc(slices.Clone(answers), func(a answer) bool { return a.owner != owner })
}

// TestSequenceIsTheModel compares the sequence and the model on random inputs (RTN7, RTN15c,
// RTN19a).
func TestSequenceIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair()
		var path []op
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			o := op{
				kind: rapid.SampledFrom([]string{"push", "push", "push", "write", "write", "write",
					"ack", "ack", "nack", "cut", "resume", "new", "fail", "refused", "unencodable", "take back"}).Draw(t, "kind"),
				owner:  sequence.Owner(rapid.IntRange(0, 1).Draw(t, "owner")),
				serial: rapid.Int64Range(-1, 12).Draw(t, "serial"),
				count:  rapid.Int64Range(-1, 5).Draw(t, "count"),
			}
			path = append(path, o)
			if err := p.do(o); err != nil {
				t.Fatalf("%v: %v", path, err)
			}
		}
	})
}

// TestEverySequenceOfInputs tries every input in every state with up to four frames, of which at
// most three are unanswered. The inputs are: pushes of both owners, refused ones too; writes;
// frames that can't be encoded; taking a frame back; ACKs and NACKs of serials -1 to 3 with counts
// 0 to 3; a cut, a resume, a new connection, a failure. It reaches a state by repeating its inputs
// from the beginning.
func TestEverySequenceOfInputs(t *testing.T) {
	const frames, open, serials, counts = 4, 3, 3, 3
	var inputs []op
	for _, kind := range []string{"write", "unencodable", "cut", "resume", "new", "fail", "take back"} {
		inputs = append(inputs, op{kind: kind})
	}
	for _, owner := range []sequence.Owner{sequence.Ably, sequence.Rooms} {
		inputs = append(inputs, op{kind: "push", owner: owner}, op{kind: "refused", owner: owner})
	}
	for serial := int64(-1); serial <= serials; serial++ {
		for count := int64(0); count <= counts; count++ {
			inputs = append(inputs, op{"ack", 0, serial, count}, op{"nack", 0, serial, count})
		}
	}
	seen := map[string]bool{}
	level := [][]op{nil}
	states, steps := 1, 0
	for len(level) > 0 {
		var deeper [][]op
		for _, path := range level {
			for _, o := range inputs {
				p := newPair()
				for _, before := range path {
					if err := p.do(before); err != nil {
						t.Fatalf("%v: %v", path, err)
					}
				}
				pushes := len(p.model.frames)
				isPush := o.kind == "push" || o.kind == "refused"
				if isPush && (pushes == frames || p.seq.Len() == open) {
					continue
				}
				steps++
				if err := p.do(o); err != nil {
					t.Fatalf("%v, then %v: %v", path, o, err)
				}
				if key := fmt.Sprint(p.up, len(p.model.frames), p.model.key()); !seen[key] {
					seen[key] = true
					states++
					deeper = append(deeper, append(slices.Clone(path), o))
				}
			}
		}
		level = deeper
	}
	t.Logf("%d states, %d steps", states, steps)
	if states < 1000 {
		t.Errorf("only %d states were visited", states)
	}
}

// TestAcknowledgementsAreSplit has the cases that the digest of the specification names.
func TestAcknowledgementsAreSplit(t *testing.T) {
	const ably, rooms = sequence.Ably, sequence.Rooms
	push, write := op{kind: "push"}, op{kind: "write"}
	ack := func(serial, count int64) op { return op{kind: "ack", serial: serial, count: count} }
	for _, c := range []struct {
		name string
		ops  []op
		want []answer // the answers to the last input
	}{
		{"a count over both owners",
			[]op{push, {kind: "push", owner: rooms}, push, write, write, write, ack(0, 3)},
			[]answer{{ably, 0, "ack0"}, {rooms, 0, "ack1"}, {ably, 1, "ack2"}}},
		{"a gap fails what it skips (T13)", []op{push, push, write, write, ack(1, 1)},
			[]answer{{ably, 0, "skipped"}, {ably, 1, "ack0"}}},
		{"a stale one does nothing", []op{push, write, ack(0, 1), push, write, ack(0, 1)}, nil},
		{"past the end it is cut off", []op{push, write, ack(0, 9)}, []answer{{ably, 0, "ack0"}}},
		{"what was never written is not acknowledged", []op{push, ack(0, 1)}, nil},
		{"a new connection counts from 0 (RTN15c7)",
			[]op{push, push, write, write, ack(0, 1), {kind: "new"}, write, ack(0, 1)}, []answer{{ably, 1, "ack0"}}},
		{"a resumed one goes on (RTN15c6)",
			[]op{push, push, write, write, ack(0, 1), {kind: "resume"}, write, ack(0, 1)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair()
			for _, o := range c.ops {
				p.last = nil
				if err := p.do(o); err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(p.last, c.want) {
				t.Errorf("answers %v, want %v", p.last, c.want)
			}
		})
	}
}
