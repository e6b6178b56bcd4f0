package lifecycle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// roomOptionsJSON is the form in which options are written. It has the field names of Ably's
// documentation.
type roomOptionsJSON struct {
	Presence struct {
		EnableEvents bool `json:"enableEvents"`
	} `json:"presence"`
	Typing struct {
		HeartbeatThrottleMs json.Number `json:"heartbeatThrottleMs"`
	} `json:"typing"`
	Occupancy struct {
		EnableEvents bool `json:"enableEvents"`
	} `json:"occupancy"`
	Messages struct {
		RawMessageReactions        bool   `json:"rawMessageReactions"`
		DefaultMessageReactionType string `json:"defaultMessageReactionType"`
	} `json:"messages"`
}

// milliseconds returns a duration in milliseconds, with as few digits as it needs.
func milliseconds(d time.Duration) json.Number {
	sign, whole, rest := "", d/time.Millisecond, d%time.Millisecond
	if rest == 0 {
		return json.Number(strconv.FormatInt(int64(whole), 10))
	}
	if d < 0 {
		sign, whole, rest = "-", -whole, -rest
	}
	return json.Number(strings.TrimRight(fmt.Sprintf("%s%d.%06d", sign, whole, rest), "0"))
}

// MarshalJSON writes the options as an object with the field names of Ably's documentation.
// Durations are in milliseconds.
func (o RoomOptions) MarshalJSON() ([]byte, error) {
	var j roomOptionsJSON
	j.Presence.EnableEvents = o.Presence.EnableEvents
	j.Typing.HeartbeatThrottleMs = milliseconds(o.Typing.HeartbeatThrottle)
	j.Occupancy.EnableEvents = o.Occupancy.EnableEvents
	j.Messages.RawMessageReactions = o.Messages.RawMessageReactions
	j.Messages.DefaultMessageReactionType = string(o.Messages.DefaultMessageReactionType)
	return json.Marshal(j)
}

// UnmarshalJSON reads options with the field names of Ably's documentation, such as a configuration
// file that is shared with a JavaScript front end. A field that the object doesn't have keeps its
// value, or gets its default if o is the zero value (CHA-RC4b).
//
// UnmarshalJSON returns an [*ErrorInfo] with the code [ErrInvalidArgument] that names the field, if
// a field is unknown, is given twice, or has a value of the wrong type, or if
// [RoomOptions.Validate] returns an error. Then o is unchanged.
func (o *RoomOptions) UnmarshalJSON(data []byte) error {
	next := *o
	if next == (RoomOptions{}) {
		next = DefaultRoomOptions()
	}
	fields := map[string]any{
		"presence.enableEvents":               &next.Presence.EnableEvents,
		"typing.heartbeatThrottleMs":          &next.Typing.HeartbeatThrottle,
		"occupancy.enableEvents":              &next.Occupancy.EnableEvents,
		"messages.rawMessageReactions":        &next.Messages.RawMessageReactions,
		"messages.defaultMessageReactionType": &next.Messages.DefaultMessageReactionType,
	}
	if !json.Valid(data) {
		return badOptions("the value is not valid JSON")
	}
	features, err := readObject("the value", data)
	if err != nil {
		return err
	}
	for _, feature := range slices.Sorted(maps.Keys(features)) {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(fields)), func(f string) bool { return strings.HasPrefix(f, feature+".") }) {
			return badOptions("unknown field %q, expected presence, typing, occupancy or messages", feature)
		}
		values, err := readObject(feature, features[feature])
		if err != nil {
			return err
		}
		for _, field := range slices.Sorted(maps.Keys(values)) {
			path := feature + "." + field
			target, ok := fields[path]
			if !ok {
				return badOptions("unknown field %q, expected %s", path, known(fields, feature))
			}
			if err := readField(path, values[field], target); err != nil {
				return err
			}
		}
	}
	if err := next.Validate(); err != nil {
		return err
	}
	*o = next
	return nil
}

// known lists the fields of a feature, for error messages.
func known(fields map[string]any, feature string) string {
	paths := slices.Sorted(maps.Keys(fields))
	paths = slices.DeleteFunc(paths, func(f string) bool { return !strings.HasPrefix(f, feature+".") })
	return strings.Join(paths, " or ")
}

func badOptions(format string, args ...any) error {
	return invalidArgument("unable to read room options; "+format, args...)
}

// readObject returns the fields of an object, with their values as raw JSON. It refuses a field
// that is given twice, which decoding into a map would accept.
func readObject(path string, data []byte) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badOptions("%s is %s, expected an object", path, data)
	}
	fields := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		var value json.RawMessage
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			return nil, badOptions("%s is not valid JSON: %v", path, err)
		}
		name := t.(string)
		if _, twice := fields[name]; twice {
			return nil, badOptions("%s has the field %q twice", path, name)
		}
		fields[name] = value
	}
	return fields, nil
}

func readField(path string, data json.RawMessage, target any) error {
	if string(data) == "null" {
		return badOptions("%s is null, expected a value", path)
	}
	switch target := target.(type) {
	case *bool:
		if json.Unmarshal(data, target) != nil {
			return badOptions("%s is %s, expected true or false", path, data)
		}
	case *MessageReactionType:
		if json.Unmarshal(data, target) != nil {
			return badOptions("%s is %s, expected a string", path, data)
		}
	case *time.Duration:
		var ms float64
		if json.Unmarshal(data, &ms) != nil {
			return badOptions("%s is %s, expected a number of milliseconds", path, data)
		}
		// exact, where a float64 can't hold the nanoseconds
		if d, err := time.ParseDuration(string(data) + "ms"); err == nil {
			*target = d
			return nil
		}
		// a number with an exponent, which ParseDuration can't read, or out of range
		ns := math.Round(ms * float64(time.Millisecond))
		if ns >= math.MaxInt64 || ns <= math.MinInt64 {
			return badOptions("%s is %s, which is out of range", path, data)
		}
		*target = time.Duration(ns)
	}
	return nil
}
