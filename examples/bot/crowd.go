package main

import (
	"context"
	"errors"
	"iter"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
	"ablyrooms.example/examples/internal/stage"
)

// guest is one of the crowd.
type guest struct {
	id     string
	stage  *stage.Stage
	room   *ablychat.Room
	events func() (chat.MessageEvent, error, bool)
}

// play has the crowd come, say its lines and go. It waits each time for what the bot does of it, as the others see it.
func play(ctx context.Context, s *stage.Stage, name string, b *bot) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // ends the subscriptions
	ada, end, err := enter(ctx, s, "ada", name)
	if err != nil {
		return err
	}
	defer end()
	bob, end, err := enter(ctx, s, "bob", name)
	if err != nil {
		return err
	}
	defer end()

	if _, err := bob.send(ctx, "Cheap SPAM for all!"); err != nil {
		return err
	}
	if err := bob.read(chat.MessageDeleted); err != nil {
		return err
	}
	fine, err := ada.send(ctx, "Nobody here is a spammer.") // the word is another
	if err != nil {
		return err
	}
	if err := bob.room.Messages().Reactions().Send(ctx, fine.Serial, ablychat.MessageReaction{Name: "👍"}); err != nil {
		return err
	}
	for _, g := range []*guest{ada, bob} {
		if err := g.room.Reactions().Send(ctx, ablychat.ReactionContent{Name: "👏"}); err != nil {
			return err
		}
	}
	if err := errors.Join(b.await(ctx, "👍", 1), b.await(ctx, "👏", 2)); err != nil {
		return err
	}
	trick, err := ada.send(ctx, "Guess what I won.")
	if err != nil {
		return err
	}
	content := ablychat.MessageContent{Text: "I won the lottery!"} // only an edit brings the word
	if _, err := ada.room.Messages().Update(ctx, trick.Serial, content, ablychat.OperationDetails{}); err != nil {
		return err
	}
	return bob.read(chat.MessageDeleted)
}

// enter brings a guest into the room, and waits for the bot's welcome.
func enter(ctx context.Context, s *stage.Stage, id, name string) (g *guest, end func(), err error) {
	room, err := s.Room(ctx, id, name)
	if err != nil {
		return nil, nil, err
	}
	events, _ := room.Messages().Events(ctx)
	next, end := iter.Pull2(events)
	g = &guest{id: id, stage: s, room: room, events: next}
	if err = room.Attach(ctx); err == nil {
		if err = room.Presence().Enter(ctx, nil); err == nil {
			err = g.read(chat.MessageCreated)
		}
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return g, end, nil
}

func (g *guest) send(ctx context.Context, text string) (chat.Message, error) {
	g.stage.Printf("%s: %s", g.id, text)
	return g.room.Messages().Send(ctx, ablychat.MessageContent{Text: text})
}

// read reads until the bot has done something to a message.
func (g *guest) read(kind chat.MessageEventType) error {
	for {
		event, err, ok := g.events()
		if err != nil {
			return err
		}
		if !ok {
			return errors.New("the events ended")
		}
		m := event.Message
		if event.Type != kind || m.Version.ClientID != botID {
			continue
		}
		if kind == chat.MessageDeleted {
			g.stage.Printf("%s reads: a message of %s is deleted: %s", g.id, m.ClientID, m.Version.Description)
		} else {
			g.stage.Printf("%s reads: %s", g.id, m.Text)
		}
		return nil
	}
}
