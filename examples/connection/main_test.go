package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"initialized at first",
		"initialized -> connecting",
		"connecting -> connected",
		"connected -> disconnected",
		"disconnected -> connecting",
		"connecting -> connected",
		"the room: attached -> attaching",
		"the room: attaching -> attached",
		"ada is connected, the room attached",
	)
}
