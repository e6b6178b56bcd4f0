package lifecycle

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// The defaults, written by hand (CHA-RC4a).
var theDefaults = RoomOptions{
	Presence: PresenceOptions{EnableEvents: true},
	Typing:   TypingOptions{HeartbeatThrottle: 10 * time.Second},
	Messages: MessagesOptions{DefaultMessageReactionType: "distinct"},
}

func resolve(t *testing.T, options ...RoomOption) RoomOptions {
	t.Helper()
	o, err := ResolveRoomOptions(options...)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// CHA-RC4a: the defaults. CHA-RC4b: each option changes its own field and no other; a later option
// wins.
func TestResolveRoomOptions(t *testing.T) {
	change := func(f func(*RoomOptions)) RoomOptions {
		o := theDefaults
		f(&o)
		return o
	}
	whole := RoomOptions{Typing: TypingOptions{HeartbeatThrottle: 3}, Occupancy: OccupancyOptions{EnableEvents: true},
		Messages: MessagesOptions{RawMessageReactions: true, DefaultMessageReactionType: "unique"}}
	for name, c := range map[string]struct {
		options []RoomOption
		want    RoomOptions
	}{
		"none":         {nil, theDefaults},
		"zero option":  {[]RoomOption{{}}, theDefaults},
		"throttle":     {[]RoomOption{WithTypingHeartbeatThrottle(time.Nanosecond)}, change(func(o *RoomOptions) { o.Typing.HeartbeatThrottle = 1 })},
		"presence":     {[]RoomOption{WithPresenceEvents(false)}, change(func(o *RoomOptions) { o.Presence.EnableEvents = false })},
		"occupancy":    {[]RoomOption{WithOccupancyEvents(true)}, change(func(o *RoomOptions) { o.Occupancy.EnableEvents = true })},
		"raw":          {[]RoomOption{WithRawMessageReactions(true)}, change(func(o *RoomOptions) { o.Messages.RawMessageReactions = true })},
		"unique":       {[]RoomOption{WithDefaultMessageReactionType(MessageReactionTypeUnique)}, change(func(o *RoomOptions) { o.Messages.DefaultMessageReactionType = "unique" })},
		"multiple":     {[]RoomOption{WithDefaultMessageReactionType(MessageReactionTypeMultiple)}, change(func(o *RoomOptions) { o.Messages.DefaultMessageReactionType = "multiple" })},
		"whole":        {[]RoomOption{WithRoomOptions(whole)}, whole},
		"later wins":   {[]RoomOption{WithPresenceEvents(false), WithPresenceEvents(true), WithTypingHeartbeatThrottle(0), WithTypingHeartbeatThrottle(10 * time.Second)}, theDefaults},
		"whole first":  {[]RoomOption{WithRoomOptions(whole), WithOccupancyEvents(false)}, func() RoomOptions { o := whole; o.Occupancy.EnableEvents = false; return o }()},
		"whole last":   {[]RoomOption{WithOccupancyEvents(false), WithRoomOptions(whole)}, whole},
		"spelled out":  {[]RoomOption{WithRoomOptions(DefaultRoomOptions())}, theDefaults},
		"each default": {[]RoomOption{WithTypingHeartbeatThrottle(10 * time.Second), WithPresenceEvents(true), WithOccupancyEvents(false), WithRawMessageReactions(false), WithDefaultMessageReactionType(MessageReactionTypeDistinct)}, theDefaults},
	} {
		if got := resolve(t, c.options...); got != c.want { // comparable with ==
			t.Errorf("%s: got %v, expected %v", name, got, c.want)
		}
	}
	if DefaultRoomOptions() != theDefaults {
		t.Errorf("the defaults are %v", DefaultRoomOptions())
	}
}

// CHA-RC2a: invalid options return InvalidArgument, with the field, its value and the expected
// values.
func TestValidate(t *testing.T) {
	for _, c := range []struct {
		option RoomOption
		names  []string
	}{
		{WithTypingHeartbeatThrottle(0), []string{"typing.heartbeatThrottleMs", "is 0s", "more than 0"}},
		{WithTypingHeartbeatThrottle(-5 * time.Millisecond), []string{"typing.heartbeatThrottleMs", "is -5ms", "more than 0"}},
		{WithDefaultMessageReactionType("like"), []string{"messages.defaultMessageReactionType", `is "like"`, `"unique", "distinct" or "multiple"`}},
		{WithDefaultMessageReactionType(""), []string{"messages.defaultMessageReactionType", `is ""`}},
		{WithDefaultMessageReactionType("Distinct"), []string{`is "Distinct"`}},
		{WithRoomOptions(RoomOptions{}), []string{"typing.heartbeatThrottleMs"}},
	} {
		o, err := ResolveRoomOptions(c.option)
		if again := o.Validate(); again == nil || err == nil || again.Error() != err.Error() {
			t.Errorf("resolved: %v, validated: %v", err, again)
		}
		info := (*ErrorInfo)(nil)
		if !errors.Is(err, ErrInvalidArgument) || !errors.As(err, &info) {
			t.Errorf("got %v, expected InvalidArgument", err)
			continue
		}
		for _, part := range append(c.names, "unable to create room; invalid room configuration: ") {
			if !strings.Contains(info.Message, part) {
				t.Errorf("%q does not say %q", info.Message, part)
			}
		}
	}
	if err := theDefaults.Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func TestResolvingAllocatesNothing(t *testing.T) {
	var o RoomOptions
	if n := testing.AllocsPerRun(100, func() {
		o, _ = ResolveRoomOptions(WithTypingHeartbeatThrottle(time.Second), WithPresenceEvents(false), WithOccupancyEvents(true),
			WithRawMessageReactions(true), WithDefaultMessageReactionType(MessageReactionTypeUnique))
	}); n != 0 || !o.Occupancy.EnableEvents {
		t.Errorf("%v allocations", n)
	}
}

func TestRoomOptionsPrint(t *testing.T) {
	const want = "{presence.enableEvents: true, typing.heartbeatThrottleMs: 10000, occupancy.enableEvents: false, " +
		"messages.rawMessageReactions: false, messages.defaultMessageReactionType: distinct}"
	if got := theDefaults.String(); got != want {
		t.Errorf("got %s, expected %s", got, want)
	}
}
