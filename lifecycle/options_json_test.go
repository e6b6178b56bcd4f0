package lifecycle

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// fromDocumentation is a configuration in the form of Ably's Rooms documentation. A JavaScript
// front end can read it unchanged.
const fromDocumentation = `{
  "typing": {"heartbeatThrottleMs": 5000},
  "presence": {"enableEvents": false},
  "occupancy": {"enableEvents": true},
  "messages": {"rawMessageReactions": true, "defaultMessageReactionType": "unique"}
}`

var documented = RoomOptions{
	Typing:    TypingOptions{HeartbeatThrottle: 5 * time.Second},
	Occupancy: OccupancyOptions{EnableEvents: true},
	Messages:  MessagesOptions{RawMessageReactions: true, DefaultMessageReactionType: MessageReactionTypeUnique},
}

func TestReadRoomOptions(t *testing.T) {
	base := documented
	for name, c := range map[string]struct {
		into RoomOptions
		text string
		want RoomOptions
	}{
		"a file as in the documentation":              {RoomOptions{}, fromDocumentation, documented},
		"CHA-RC4a an empty object gives the defaults": {RoomOptions{}, ` {} `, theDefaults},
		"CHA-RC4b an empty feature too":               {RoomOptions{}, `{"typing": {}, "presence": {}}`, theDefaults},
		"CHA-RC4b a part leaves the other defaults":   {RoomOptions{}, `{"occupancy":{"enableEvents":true}}`, resolve(t, WithOccupancyEvents(true))},
		"CHA-RC4b and within a feature":               {RoomOptions{}, `{"messages":{"rawMessageReactions":true}}`, resolve(t, WithRawMessageReactions(true))},
		"what is not named keeps its value":           {base, `{"presence":{"enableEvents":true}}`, func() RoomOptions { o := base; o.Presence.EnableEvents = true; return o }()},
		"fractions of milliseconds":                   {RoomOptions{}, `{"typing":{"heartbeatThrottleMs":0.25}}`, resolve(t, WithTypingHeartbeatThrottle(250*time.Microsecond))},
		"an exponent":                                 {RoomOptions{}, `{"typing":{"heartbeatThrottleMs":1.5e3}}`, resolve(t, WithTypingHeartbeatThrottle(1500*time.Millisecond))},
		"an exponent, rounded":                        {RoomOptions{}, `{"typing":{"heartbeatThrottleMs":1.0000004e0}}`, resolve(t, WithTypingHeartbeatThrottle(time.Millisecond))},
		"the shortest":                                {RoomOptions{}, `{"typing":{"heartbeatThrottleMs":0.000001}}`, resolve(t, WithTypingHeartbeatThrottle(1))},
		"the longest":                                 {RoomOptions{}, `{"typing":{"heartbeatThrottleMs":9223372036854.775807}}`, resolve(t, WithTypingHeartbeatThrottle(math.MaxInt64))},
		"long, and exact to the nanosecond":           {RoomOptions{}, `{"typing":{"heartbeatThrottleMs":9007199254740.993001}}`, resolve(t, WithTypingHeartbeatThrottle(9007199254740993001))},
		"escapes in names and values":                 {RoomOptions{}, `{"m\u0065ssages":{"defaultMessageReactionType":"uniqu\u0065"}}`, resolve(t, WithDefaultMessageReactionType("unique"))},
	} {
		got := c.into
		if err := json.Unmarshal([]byte(c.text), &got); err != nil || got != c.want {
			t.Errorf("%s: got %v, %v; expected %v", name, got, err, c.want)
		}
	}
}

// Options that can't be read return InvalidArgument, which names the field, and change nothing
// (CHA-RC2a).
func TestReadRoomOptionsRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"reactions": {}}`:                        `unknown field "reactions", expected presence, typing, occupancy or messages`,
		`{"Typing": {}}`:                           `unknown field "Typing"`,
		`{"": {}}`:                                 `unknown field ""`,
		`{"typing.heartbeatThrottleMs": 5}`:        `unknown field "typing.heartbeatThrottleMs"`,
		`{"typing": {"timeoutMs": 5}}`:             `unknown field "typing.timeoutMs"`,
		`{"typing": {"heartbeatthrottlems": 5}}`:   `unknown field "typing.heartbeatthrottlems"`,
		`{"presence": {"heartbeatThrottleMs": 5}}`: `unknown field "presence.heartbeatThrottleMs"`,
		`{"occupancy":{"enableEvents":true},"presence":{"enter":true}}`:               `unknown field "presence.enter"`,
		`{"typing": {"heartbeatThrottleMs": "10"}}`:                                   `typing.heartbeatThrottleMs is "10", expected a number of milliseconds`,
		`{"typing": {"heartbeatThrottleMs": true}}`:                                   `typing.heartbeatThrottleMs is true, expected a number of milliseconds`,
		`{"typing": {"heartbeatThrottleMs": null}}`:                                   `typing.heartbeatThrottleMs is null`,
		`{"typing": {"heartbeatThrottleMs": 0}}`:                                      `typing.heartbeatThrottleMs is 0s, expected more than 0`,
		`{"typing": {"heartbeatThrottleMs": -0.5}}`:                                   `typing.heartbeatThrottleMs is -500µs, expected more than 0`,
		`{"typing": {"heartbeatThrottleMs": 9223372036854.775808}}`:                   `typing.heartbeatThrottleMs is 9223372036854.775808, which is out of range`,
		`{"typing": {"heartbeatThrottleMs": 1e300}}`:                                  `typing.heartbeatThrottleMs is 1e300, which is out of range`,
		`{"typing": {"heartbeatThrottleMs": 1e999}}`:                                  `typing.heartbeatThrottleMs is 1e999, expected a number of milliseconds`,
		`{"typing": {"heartbeatThrottleMs": -1e300}}`:                                 `typing.heartbeatThrottleMs is -1e300, which is out of range`,
		`{"typing": {"heartbeatThrottleMs": -9223372036854775808e-6}}`:                `typing.heartbeatThrottleMs is -9223372036854775808e-6, which is out of range`,
		`{"presence": {"enableEvents": 1}}`:                                           `presence.enableEvents is 1, expected true or false`,
		`{"presence": {"enableEvents": "true"}}`:                                      `presence.enableEvents is "true", expected true or false`,
		`{"occupancy": {"enableEvents": null}}`:                                       `occupancy.enableEvents is null`,
		`{"messages": {"defaultMessageReactionType": 7}}`:                             `messages.defaultMessageReactionType is 7, expected a string`,
		`{"messages": {"defaultMessageReactionType": "like"}}`:                        `messages.defaultMessageReactionType is "like", expected "unique", "distinct" or "multiple"`,
		`{"messages": {"rawMessageReactions": []}}`:                                   `messages.rawMessageReactions is [], expected true or false`,
		`{"presence": true}`:                                                          `presence is true, expected an object`,
		`{"presence": null}`:                                                          `presence is null, expected an object`,
		`{"presence": [1]}`:                                                           `presence is [1], expected an object`,
		`null`:                                                                        `the value is null, expected an object`,
		`[]`:                                                                          `the value is [], expected an object`,
		`"x"`:                                                                         `the value is "x", expected an object`,
		`{"presence": {"enableEvents": true}, "presence": {}}`:                        `the value has the field "presence" twice`,
		`{"presence": {"enableEvents": true, "enableEvents": true}}`:                  `presence has the field "enableEvents" twice`,
		`{"presence": {"enableEvents": false}, "typing": {"heartbeatThrottleMs": 0}}`: `typing.heartbeatThrottleMs is 0s`,
	} {
		o := documented
		err := json.Unmarshal([]byte(text), &o)
		if info := (*ErrorInfo)(nil); !errors.Is(err, ErrInvalidArgument) || !errors.As(err, &info) || !strings.Contains(info.Message, want) ||
			!strings.HasPrefix(info.Message, "unable to ") {
			t.Errorf("%s: got %v, expected InvalidArgument, %s", text, err, want)
		}
		if o != documented {
			t.Errorf("%s: is refused and changes the options to %v", text, o)
		}
	}
	// json.Unmarshal refuses these texts before it calls the method, but another caller may pass
	// them to it.
	for _, text := range []string{``, `{`, `{"presence":{}`, `{"presence"}`, `{} {}`, `{}x`, `{"presence":{"enableEvents":true}`} {
		o := documented
		if err := o.UnmarshalJSON([]byte(text)); !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "not valid JSON") || o != documented {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestWriteRoomOptions(t *testing.T) {
	const want = `{"presence":{"enableEvents":false},"typing":{"heartbeatThrottleMs":5000},"occupancy":{"enableEvents":true},` +
		`"messages":{"rawMessageReactions":true,"defaultMessageReactionType":"unique"}}`
	if got, err := json.Marshal(documented); err != nil || string(got) != want {
		t.Errorf("got %s, %v", got, err)
	}
	for d, ms := range map[time.Duration]string{1: "0.000001", time.Microsecond: "0.001", 1500 * time.Microsecond: "1.5", -1500 * time.Microsecond: "-1.5",
		-time.Nanosecond: "-0.000001", time.Second: "1000", 0: "0", math.MaxInt64: "9223372036854.775807", math.MinInt64: "-9223372036854.775808"} {
		if got := milliseconds(d); string(got) != ms {
			t.Errorf("%v: got %s ms, expected %s", d, got, ms)
		}
	}
}

// All options keep their values when they are written as JSON and read again, into any options.
func TestRoomOptionsRoundTrip(t *testing.T) {
	options := rapid.Custom(func(t *rapid.T) RoomOptions {
		return RoomOptions{
			Presence:  PresenceOptions{EnableEvents: rapid.Bool().Draw(t, "presence")},
			Typing:    TypingOptions{HeartbeatThrottle: time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "throttle"))},
			Occupancy: OccupancyOptions{EnableEvents: rapid.Bool().Draw(t, "occupancy")},
			Messages: MessagesOptions{RawMessageReactions: rapid.Bool().Draw(t, "raw"), DefaultMessageReactionType: rapid.SampledFrom([]MessageReactionType{
				MessageReactionTypeUnique, MessageReactionTypeDistinct, MessageReactionTypeMultiple}).Draw(t, "type")},
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		want := options.Draw(t, "options")
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := rapid.OneOf(options, rapid.Just(RoomOptions{})).Draw(t, "target")
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Fatalf("%s became %v, %v", text, got, err)
		}
	})
}

// Options can be loaded as part of a larger configuration, as a value and as a pointer.
func TestRoomOptionsInABiggerStruct(t *testing.T) {
	var config struct {
		Title string                 `json:"title"`
		Room  RoomOptions            `json:"room"`
		Other *RoomOptions           `json:"other"`
		None  *RoomOptions           `json:"none"`
		Named map[string]RoomOptions `json:"named"`
	}
	text := `{"title": "x", "room": ` + fromDocumentation + `, "other": {"presence": {"enableEvents": false}}, "none": null,
		"named": {"a": {"occupancy": {"enableEvents": true}}}}`
	if err := json.Unmarshal([]byte(text), &config); err != nil {
		t.Fatal(err)
	}
	if config.Room != documented || *config.Other != resolve(t, WithPresenceEvents(false)) || config.None != nil ||
		config.Named["a"] != resolve(t, WithOccupancyEvents(true)) {
		t.Errorf("got %+v", config)
	}
	config.Room = RoomOptions{}
	if err := json.Unmarshal([]byte(`{"title": "y"}`), &config); err != nil || config.Room != (RoomOptions{}) {
		t.Errorf("an absent field: %v, %v", config.Room, err)
	}
	err := json.Unmarshal([]byte(`{"room": {"typing": {"ms": 1}}}`), &config)
	if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), `"typing.ms"`) {
		t.Errorf("got %v", err)
	}
}
