package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"present: ada map[status:at lunch]",
		"bob sees: ada enter map[status:here]",
		"bob sees: ada update map[status:at lunch]",
		"bob sees: ada leave map[status:home]",
		"ada is present: false",
	)
}
