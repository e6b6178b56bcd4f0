package main

import (
	"context"
	"testing"

	"ablyrooms.example/examples/internal/stage"
	"ablyrooms.example/examples/internal/stage/stagetest"
)

func TestExample(t *testing.T) {
	run := func(ctx context.Context, s *stage.Stage) error {
		return withCrowd(ctx, s, "town / square", []string{"spam", "lottery"})
	}
	stagetest.Run(t, run,
		"the bot greets ada",
		"ada reads: Welcome, ada!",
		"the bot greets bob",
		"bob reads: Welcome, bob!",
		"bob: Cheap SPAM for all!",
		"the bot deletes a message of bob",
		`bob reads: a message of bob is deleted: the word "spam" is not for this room`,
		"ada: Nobody here is a spammer.",
		"ada: Guess what I won.",
		"the bot deletes a message of ada",
		`bob reads: a message of ada is deleted: the word "lottery" is not for this room`,
		"reactions: 👍 1, 👏 2",
	)
}

func TestForbiddenWords(t *testing.T) {
	words := []string{"spam", "größe"}
	for text, want := range map[string]string{
		"": "", "spammer": "", "a SPAM!": "spam", "no-spam-here": "spam", "GRÖSSE": "", "die Größe": "größe", "spam größe": "spam",
	} {
		if got, found := forbiddenIn(text, words); got != want || found != (want != "") {
			t.Errorf("%q: %q, expected %q", text, got, want)
		}
	}
}
