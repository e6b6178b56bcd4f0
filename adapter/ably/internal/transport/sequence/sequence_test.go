package sequence_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"ablyrooms.example/adapter/ably/internal/transport/sequence"
)

// op is one input, of the sequence and of the model.
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

// pair runs a sequence and the model side by side. What the writer still has to write is kept
// here for the sequence, as its user must.
type pair struct {
	seq   sequence.Sequence[int, string]
	model model
	queue []*sequence.Frame[int, string]
	wire  []string
	told  map[string]bool
	up    bool
}

func newPair() *pair { return &pair{told: map[string]bool{}, up: true} }

// do runs an input on both sides. It returns a difference.
func (p *pair) do(o op) error {
	var got, want []string
	tell := func(answers []sequence.Answer[int, string]) {
		for _, a := range answers {
			got = append(got, answerText(a.Owner, a.Number, a.Result))
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
		var wrote bool
		want, wrote = p.model.write(bad)
		if !wrote {
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
				p.wire = append(p.wire, fmt.Sprintf("%d.%d@%d", f.Owner, f.Number, serial))
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
		if p.told[a[:indexOf(a)]] {
			return fmt.Errorf("%s: answered twice", a)
		}
		p.told[a[:indexOf(a)]] = true
	}
	// Owners' answers are independent of each other; each owner's order counts.
	for _, owner := range []string{"0", "1"} {
		if g, w := of(got, owner), of(want, owner); !slices.Equal(g, w) {
			return fmt.Errorf("answers %v, want %v", g, w)
		}
	}
	if !slices.Equal(p.wire, p.model.wire) {
		return fmt.Errorf("wire %v, want %v", p.wire, p.model.wire)
	}
	open := ""
	for _, f := range p.seq.Open() {
		open += fmt.Sprintf("%d.%d ", f.Owner, f.Number)
	}
	if open != p.model.open() {
		return fmt.Errorf("open %q, want %q", open, p.model.open())
	}
	return nil
}

func indexOf(a string) int { return slices.Index([]byte(a), '=') }

func of(answers []string, owner string) []string {
	return slices.DeleteFunc(slices.Clone(answers), func(a string) bool { return a[:1] != owner })
}

// TestSequenceIsTheModel compares both on random inputs (RTN7, RTN15c, RTN19a).
func TestSequenceIsTheModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPair()
		var path []op
		for range rapid.IntRange(1, 60).Draw(t, "length") {
			o := op{
				kind: rapid.SampledFrom([]string{"push", "push", "push", "write", "write", "write", "ack", "ack", "nack",
					"cut", "resume", "new", "fail", "refused", "unencodable", "take back"}).Draw(t, "kind"),
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

// TestEverySequenceOfInputs walks all states of up to four frames, of which at most three are
// unanswered, with every input in each: pushes of both owners, refused ones, writes, frames
// that can't be encoded, one taken back, ACKs and NACKs of serials -1 to 3 with counts 0 to 3, a cut, a
// resume, a new connection, a failure. A state is reached by its inputs from the beginning.
func TestEverySequenceOfInputs(t *testing.T) {
	const frames, open, serials, counts = 4, 3, 3, 3
	inputs := []op{{kind: "write"}, {kind: "unencodable"}, {kind: "cut"}, {kind: "resume"}, {kind: "new"}, {kind: "fail"},
		{kind: "take back"}}
	for _, owner := range []sequence.Owner{sequence.Ably, sequence.Rooms} {
		inputs = append(inputs, op{kind: "push", owner: owner}, op{kind: "refused", owner: owner})
	}
	for serial := int64(-1); serial <= serials; serial++ {
		for count := int64(0); count <= counts; count++ {
			inputs = append(inputs, op{kind: "ack", serial: serial, count: count}, op{kind: "nack", serial: serial, count: count})
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
				if (o.kind == "push" || o.kind == "refused") && (pushes == frames || len(p.seq.Open()) == open) {
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
		t.Errorf("only %d states: the walk is not what it says", states)
	}
}

// TestAcknowledgementsAreSplit pins the cases that the digest names.
func TestAcknowledgementsAreSplit(t *testing.T) {
	for _, c := range []struct {
		name string
		ops  []op
		want []string // the answers to the last input
	}{
		{"a count over both owners", []op{{kind: "push"}, {kind: "push", owner: 1}, {kind: "push"}, {kind: "write"}, {kind: "write"},
			{kind: "write"}, {kind: "ack", serial: 0, count: 3}}, []string{"0.0=ack0", "1.0=ack1", "0.1=ack2"}},
		{"a gap fails what it skips (T13)", []op{{kind: "push"}, {kind: "push"}, {kind: "write"}, {kind: "write"},
			{kind: "ack", serial: 1, count: 1}}, []string{"0.0=skipped", "0.1=ack0"}},
		{"a stale one does nothing", []op{{kind: "push"}, {kind: "write"}, {kind: "ack", count: 1}, {kind: "push"}, {kind: "write"},
			{kind: "ack", count: 1}}, nil},
		{"past the end it is cut off", []op{{kind: "push"}, {kind: "write"}, {kind: "ack", count: 9}}, []string{"0.0=ack0"}},
		{"what was never written is not acknowledged", []op{{kind: "push"}, {kind: "ack", count: 1}}, nil},
		{"a new connection counts from 0 (RTN15c7)", []op{{kind: "push"}, {kind: "push"}, {kind: "write"}, {kind: "write"},
			{kind: "ack", count: 1}, {kind: "new"}, {kind: "write"}, {kind: "ack", count: 1}}, []string{"0.1=ack0"}},
		{"a resumed one goes on (RTN15c6)", []op{{kind: "push"}, {kind: "push"}, {kind: "write"}, {kind: "write"},
			{kind: "ack", count: 1}, {kind: "resume"}, {kind: "write"}, {kind: "ack", count: 1}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair()
			before := 0
			for _, o := range c.ops {
				before = len(p.told)
				if err := p.do(o); err != nil {
					t.Fatal(err)
				}
			}
			if got := len(p.told) - before; got != len(c.want) {
				t.Errorf("%d answers, want %v", got, c.want)
			}
			for _, a := range c.want {
				if !p.told[a[:indexOf(a)]] {
					t.Errorf("no answer %s", a)
				}
			}
		})
	}
}
