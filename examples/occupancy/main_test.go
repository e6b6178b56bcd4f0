package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"event: connections 1, present 0",
		"event: connections 2, present 0",
		"event: connections 2, present 1",
		"last received: connections 2, present 1",
		"asked for: connections 2, present 1",
	)
}
