package fsm

import "testing"

// CHA-RL7: each operation in the queue begins once, also one that ends at once.
func TestARoomsTurnsEnd(t *testing.T) {
	play(t, begin(t, StatusAttaching), line{attach(2), ""}, line{attach(3), ""}, line{channel(ChannelAttached), ""},
		line{attachEnded(""), "status(attaching -> attached); settle(1, done); settle(2, done); settle(3, done)"})
}
