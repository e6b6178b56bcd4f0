package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"typing.started by ada; now typing: 1",
		"typing.stopped by ada; now typing: 0",
	)
}
