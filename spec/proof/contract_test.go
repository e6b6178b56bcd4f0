package proof

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"ablyrooms.example/spec/proof/term"
)

// beginnings visits the small rooms that a recursion may begin with: their queues satisfy the
// contract's Before.
func beginnings(p *Proof, r *smallRecursion, longest int, visit func(State)) error {
	room, _ := p.beginning()
	before, err := r.Predicate(p.t.relation(p.Recursion.Before, room))
	if err != nil {
		return err
	}
	var queued func(s State, length int)
	queued = func(s State, length int) {
		if !before(s, nil) {
			return
		}
		visit(s)
		for _, op := range []string{"attach", "detach", "release"} {
			for caller := 0; caller <= 3 && length < longest; caller++ {
				next := slices.Clone(s)
				r.Set(next, "r.queue.len", length+1, 0, 0)
				r.SetWord(next, "r.queue.1", op, length+1)
				r.Set(next, "r.queue.2", caller, length+1, 0)
				queued(next, length+1)
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(roomStatuses)) {
		for _, channel := range []string{"attached", "failed"} {
			s := r.Blank()
			r.Set(s, "r.last", 3, 0, 0)
			r.SetWord(s, "r.status", status, 0)
			r.SetWord(s, "r.channel", channel, 0)
			r.SetWord(s, "r.phase", "idle", 0)
			r.Set(s, "r.err", truth(status == "failed"), 0, 0)
			queued(s, 0)
		}
	}
	return nil
}

// refutations returns, for conditions of a contract that are false, a small room that shows it.
func refutations(p *Proof, longest int, conditions []*Condition) (found map[string]State, rooms int, err error) {
	w := NewSmall(p.System, smallRoom(3, 1, false))
	r, err := w.recursive()
	if err != nil {
		return nil, 0, err
	}
	type ask struct {
		condition *Condition
		applies   func(now, next State) bool
		fails     func(now, next State) bool
		calls     []smallCall
	}
	var asks []ask
	for _, c := range conditions {
		hypotheses, claim, err := c.asks.parts()
		if err != nil {
			return nil, 0, err
		}
		all, applies := []*term.Term{term.Neg(claim)}, term.True
		for _, h := range hypotheses {
			all = append(all, h.formula)
			if len(p.t.callsIn(h.formula)) == 0 {
				applies = term.Conj(applies, h.formula)
			}
		}
		r.lets = c.asks.induction
		a := ask{condition: c}
		if a.applies, err = r.Predicate(applies); err != nil {
			return nil, 0, fmt.Errorf("%v: %w", c, err)
		}
		if a.fails, err = r.Predicate(term.Conj(all...)); err != nil {
			return nil, 0, fmt.Errorf("%v: %w", c, err)
		}
		for _, call := range p.t.callsIn(append(all, r.lets.are...)...) {
			arg, err := r.updates(r.Small, call.defines)
			if err != nil {
				return nil, 0, err
			}
			a.calls = append(a.calls, smallCall{call.id, arg})
		}
		asks = append(asks, a)
	}
	found = map[string]State{}
	err = beginnings(p, r, longest, func(s State) {
		rooms++
		for _, a := range asks {
			if !a.applies(s, nil) {
				continue
			}
			results := map[string]State{}
			for _, c := range a.calls {
				r.now = s
				results[c.id] = r.run(r.compute(c.arg))
			}
			r.results = results
			if a.fails(s, nil) {
				found[a.condition.String()] = s
			}
		}
	})
	return found, rooms, err
}

// inductive returns the conditions of a proof's contract.
func inductive(p *Proof) []*Condition {
	return slices.DeleteFunc(p.Conditions(), func(c *Condition) bool { return c.asks == nil || c.asks.induction == nil })
}

// TestTheContractHoldsInSmallRooms checks the recursion's contract in small rooms, where the
// recursion is computed. The conditions that are proved by induction must be true, and their
// hypotheses must be satisfiable.
func TestTheContractHoldsInSmallRooms(t *testing.T) {
	t.Parallel()
	longest := 2
	if os.Getenv("EVIDENCE") == "full" {
		longest = 3
	}
	p := read(t, "RoomStatus")
	conditions := inductive(p)
	found, rooms, err := refutations(p, longest, conditions)
	if err != nil {
		t.Fatal(err)
	}
	for condition := range found {
		t.Errorf("%s is not true", condition)
	}
	t.Logf("EVIDENCE contract of=roomstatus conditions=%d rooms=%d", len(conditions), rooms)
}
