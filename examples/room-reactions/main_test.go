package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"bob sees 🎉 of ada, own: false, metadata: map[size:large]",
		"bob sees 👏 of bob, own: true, metadata: map[]",
	)
}
