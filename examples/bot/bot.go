package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/chat"
)

// botID is the bot's client id; what it says itself is not its business.
const botID = "bot"

// bot is what the bot knows. Its listeners run concurrently: those of one kind one after the other, those of different kinds not.
type bot struct {
	room      *ablychat.Room
	forbidden []string
	say       func(format string, args ...any)

	ctx    context.Context
	cancel context.CancelFunc
	offs   []func()

	mu      sync.Mutex
	greeted map[string]bool
	counts  map[string]int            // of reactions to the room, by name
	on      map[string]map[string]int // of reactions to messages, by serial and name
	changed chan struct{}             // closed when a count changes
}

// start makes the bot listen, and brings it into the room. Whoever is there before it is greeted, too.
func start(ctx context.Context, room *ablychat.Room, forbidden []string, say func(string, ...any)) (*bot, error) {
	b := &bot{room: room, forbidden: forbidden, say: say, greeted: map[string]bool{}, counts: map[string]int{}, on: map[string]map[string]int{}, changed: make(chan struct{})}
	b.ctx, b.cancel = context.WithCancel(ctx)
	if err := b.listen(); err != nil {
		b.stop()
		return nil, err
	}
	if err := room.Attach(ctx); err != nil {
		b.stop()
		return nil, err
	}
	if err := room.Presence().Enter(ctx, map[string]any{"status": "at your service"}); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

func (b *bot) listen() error {
	off, err := b.room.Presence().Subscribe(b.greet)
	if err != nil {
		return err
	}
	b.offs = append(b.offs, off, b.room.Messages().Subscribe(b.moderate).Unsubscribe, b.room.Reactions().Subscribe(b.count))
	off, err = b.room.Messages().Reactions().Subscribe(b.recount)
	if err != nil {
		return err
	}
	b.offs = append(b.offs, off)
	return nil
}

// stop ends the bot and returns what it counted.
func (b *bot) stop() string {
	b.cancel()
	for _, off := range b.offs {
		off()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	total := b.total()
	var parts []string
	for _, n := range slices.Sorted(maps.Keys(total)) {
		parts = append(parts, fmt.Sprintf("%s %d", n, total[n]))
	}
	return strings.Join(parts, ", ")
}

// total counts the reactions by name. The lock is held.
func (b *bot) total() map[string]int {
	total := maps.Clone(b.counts)
	for _, names := range b.on {
		for n, count := range names {
			total[n] += count
		}
	}
	return total
}

// await waits until a reaction has come so often.
func (b *bot) await(ctx context.Context, reaction string, times int) error {
	for {
		b.mu.Lock()
		n, changed := b.total()[reaction], b.changed
		b.mu.Unlock()
		if n >= times {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("%s came %d times, not %d: %w", reaction, n, times, context.Cause(ctx))
		}
	}
}

// tell wakes who awaits. The lock is held.
func (b *bot) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// greet says a word to who enters, once, however many connections they come with.
func (b *bot) greet(e chat.PresenceEvent) {
	who := e.Member.ClientID
	if who == botID || e.Type != chat.PresenceEnter && e.Type != chat.PresencePresent {
		return
	}
	b.mu.Lock()
	known := b.greeted[who]
	b.greeted[who] = true
	b.mu.Unlock()
	if known {
		return
	}
	b.say("the bot greets %s", who)
	if _, err := b.room.Messages().Send(b.ctx, ablychat.MessageContent{Text: "Welcome, " + clean(who) + "!"}); err != nil {
		b.failed("greet", err)
	}
}

// clean leaves out of a name or text of others what a terminal obeys: control characters and those
// that change the direction of writing. Whoever prints what the bot repeats may not do so.
func clean(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\n' || c == '\t' || unicode.In(c, unicode.Zl, unicode.Zp):
			return ' '
		case unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c):
			return -1
		}
		return c
	}, text)
}

// moderate deletes messages with a forbidden word, also those that get one by an edit.
func (b *bot) moderate(e chat.MessageEvent) {
	if e.Type == chat.MessageDeleted || e.Message.ClientID == botID {
		return
	}
	word, found := forbiddenIn(e.Message.Text, b.forbidden)
	if !found {
		return
	}
	reason := fmt.Sprintf("the word %q is not for this room", word)
	b.say("the bot deletes a message of %s", e.Message.ClientID)
	if _, err := b.room.Messages().Delete(b.ctx, e.Message.Serial, ablychat.OperationDetails{Description: reason}); err != nil {
		b.failed("moderate", err)
	}
}

// forbiddenIn looks for whole words, whatever their case.
func forbiddenIn(text string, words []string) (word string, found bool) {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		for _, f := range words {
			if strings.EqualFold(w, f) {
				return f, true
			}
		}
	}
	return "", false
}

func (b *bot) count(r chat.RoomReaction) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.counts[r.Name]++
	b.tell()
}

// recount takes a message's summary, which tells all its reactions; they are never added up from single ones.
func (b *bot) recount(e chat.ReactionSummaryEvent) {
	names := map[string]int{}
	for n, l := range e.Reactions.Unique {
		names[n] += l.Total
	}
	for n, l := range e.Reactions.Distinct {
		names[n] += l.Total
	}
	for n, l := range e.Reactions.Multiple {
		names[n] += l.Total
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.on[e.MessageSerial] = names
	b.tell()
}

// failed tells of what could not be done, unless the bot is at its end.
func (b *bot) failed(what string, err error) {
	if b.ctx.Err() == nil {
		b.say("could not %s: %v", what, err)
	}
}
