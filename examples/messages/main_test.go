package main

import (
	"testing"

	"ablyrooms.example/examples/stage/stagetest"
)

func TestExample(t *testing.T) {
	stagetest.Run(t, run,
		"before bob came: ada: It seems not.",
		"before bob came: ada: Is anybody here?",
		`message.created: "Helo, Bob!" `,
		`message.updated: "Hello, Bob!" a typo`,
		`message.deleted: "" too loud`,
		`history: message.create by ada: "Is anybody here?"`,
		`history: message.create by ada: "It seems not."`,
		`history: message.delete by ada: ""`,
	)
}
