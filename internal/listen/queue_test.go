package listen

import "testing"

// A queue that is never empty keeps its order, and keeps no memory for events that were delivered.
func TestQueueThatIsNeverEmpty(t *testing.T) {
	q := &queue[int]{handle: func(int) {}}
	next, taken := 0, 0
	put := func() {
		n := next
		q.put(&n)
		next++
	}
	put()
	for round := range 10_000 {
		for range round%7 + 1 {
			put()
		}
		for next-taken > 1 {
			n := q.takeForFunction()
			if n.event == nil || *n.event != taken || n.gap != 0 {
				t.Fatalf("event %v, %d dropped; expected event %d", n.event, n.gap, taken)
			}
			taken++
		}
	}
	if cap(q.items) > 64 {
		t.Errorf("the queue of 1 event has the capacity %d", cap(q.items))
	}
}

// An empty queue keeps memory for a few events, and no more.
func TestEmptyQueue(t *testing.T) {
	for _, n := range []int{1, roomKept, 10 * roomKept} {
		q := &queue[int]{handle: func(int) {}}
		for i := range n {
			q.put(&i)
		}
		for range n + 1 {
			if q.takeForFunction().event == nil && q.rest() {
				t.Error("the queue has another event")
			}
		}
		if kept := cap(q.items); n > roomKept && kept > 0 || n <= roomKept && kept == 0 || q.running {
			t.Errorf("after %d events, the empty queue has the capacity %d; running: %v", n, kept, q.running)
		}
	}
}
