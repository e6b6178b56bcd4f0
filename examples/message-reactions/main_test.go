package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"reaction.create: distinct cake by bob",
		"reaction.create: unique yes by bob",
		"reaction.create: unique no by bob",
		"reaction.create: multiple clap by bob",
		"reaction.delete: distinct cake by bob",
		"in all: unique [no], distinct [], multiple [clap] with 3 claps",
		"bob's own: unique [no], multiple [clap]",
	)
}
