package proof

import (
	"math/rand/v2"
	"slices"
	"testing"

	"ablyrooms.example/model"
)

// is reports whether a step is one of an input: whether the input leads to the same state.
func (j *channelComparer) is(now, next State, input string, args []int) bool {
	named, name := map[string]int{"h": j.w.word("none")}, input
	of := func(names ...string) {
		for i, n := range names {
			named[n] = args[i]
		}
	}
	switch input {
	case "Attached":
		of("resumed", "serial", "e", "i")
		if named["resumed"] == 1 {
			name = "Attached(resumed)"
		}
	case "Detached", "Error":
		of("e", "i")
	case "Message":
		of("serial", "i")
	case "Connection":
		of("s", "resumed", "e", "h")
		name = "Connections(" + j.w.Word(named["s"])
		if named["resumed"] == 1 {
			name += ", resumed"
		}
		name += ")"
	}
	to, taken := j.step(now, name, named)
	return taken && key(to) == key(next)
}

// claims returns the named properties of steps, in the form that is proved of the channel.
func (j *channelComparer) claims(p *Proof, names ...string) (all []func(now, next State) bool) {
	j.w.Is = func(now, next State, input string, args []int) bool {
		defer func() { j.w.now, j.w.next = now, next }()
		return j.is(now, next, input, args)
	}
	for _, name := range names {
		formula, err := p.State(name, true)
		if slices.Contains(p.Properties, name) {
			formula, err = p.Claim(name)
		}
		if err != nil {
			j.t.Fatal(err)
		}
		holds, err := j.w.Predicate(formula)
		if err != nil {
			j.t.Fatal(err)
		}
		all = append(all, holds)
	}
	return all
}

// TestPlantedFaultsBreakTheProofOfTheChannel checks that each planted fault makes the condition
// that it names false. A state that can be reached without the fault shows it. Command prove checks
// that the solver proves none of these conditions.
func TestPlantedFaultsBreakTheProofOfTheChannel(t *testing.T) {
	original := readChannel(t)
	for i := range ChannelFaults {
		f := &ChannelFaults[i]
		t.Run(f.Name, func(t *testing.T) {
			p, err := f.With(root)
			if err != nil {
				t.Fatal(err)
			}
			j := newChannelComparer(t, original, 8, 2, 2, 5)
			p.System.Variables = original.Variables // p's action has only some outputs
			holds := j.claims(p, f.Goal)[0]
			var faulty []*Steps
			j.faulty = map[string]*Steps{}
			for k := range p.Actions {
				if a := &p.Actions[k]; a.Name == f.Action {
					faulty = append(faulty, steps(t, j.w, []Action{*a})...)
					j.faulty[a.Name+" "+a.Case] = faulty[len(faulty)-1]
				}
			}
			found := false
			j.walk(rand.New(rand.NewPCG(14, 4)), 4000, func(m model.Channel) {
				if found {
					return
				}
				now := j.state(m, nil)
				for _, by := range faulty {
					by.Each(now, func(params []int, next State) {
						if !found && !holds(now, next) {
							found = true
							t.Logf("%s%v leads from\n%+v to\n%s", f.Action, params, m, j.difference(next, now))
						}
					})
				}
			})
			if !found {
				t.Fatalf("%s by %s still holds", f.Goal, f.Action)
			}
		})
	}
	t.Logf("EVIDENCE proof_faults planted=%d unnoticed=0", len(ChannelFaults))
}
