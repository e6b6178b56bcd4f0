// Package jsonvalue converts values to and from plain JSON types, so that a value stays the same by
// REST and by realtime, in JSON and in MessagePack.
package jsonvalue

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"unicode/utf8"
)

// maxDepth is how deep a value may be nested.
const maxDepth = 1000

// FieldError reports a value that can't be sent.
type FieldError struct {
	Field  string // the path of the field, such as `metadata.list[2]`
	Reason string
}

// Error returns the field and the reason.
func (e *FieldError) Error() string { return e.Field + " " + e.Reason }

// Of returns a copy of v, for sending, in plain JSON types: map[string]any, []any, string, bool,
// nil, and int64, uint64 and float64 for numbers. Values of other types are converted by
// [encoding/json]. field is the name of v in errors; it may be empty if v is an object.
//
// It returns a [*FieldError] for a value that JSON can't encode, or that would not stay the same
// everywhere: text that is not valid UTF-8, or an integer that is too large for int64, uint64 and
// float64.
func Of(field string, v any) (any, error) { return of(field, v, 0) }

func of(field string, v any, depth int) (any, error) {
	if depth > maxDepth {
		return nil, &FieldError{field, fmt.Sprintf("is nested deeper than %d", maxDepth)}
	}
	switch v := v.(type) {
	case nil, bool, int64:
		return v, nil
	case string:
		if !utf8.ValidString(v) {
			return nil, &FieldError{field, "is not valid UTF-8"}
		}
		return v, nil
	case int:
		return int64(v), nil
	case uint64:
		return unsigned(v), nil
	case float64:
		return float(field, v)
	case json.Number:
		return number(field, string(v))
	case map[string]any:
		return members(field, v, depth)
	case []any:
		if v == nil {
			return nil, nil
		}
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = of(fmt.Sprintf("%s[%d]", field, i), v[i], depth+1); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
	return throughJSON(field, v, depth)
}

func members(field string, v map[string]any, depth int) (any, error) {
	if v == nil {
		return nil, nil
	}
	o := make(map[string]any, len(v))
	for key, value := range v {
		name := member(field, key)
		if !utf8.ValidString(key) {
			return nil, &FieldError{name, "has a name that is not valid UTF-8"}
		}
		plain, err := of(name, value, depth+1)
		if err != nil {
			return nil, err
		}
		o[key] = plain
	}
	return o, nil
}

var identifier = regexp.MustCompile(`^[\pL_][\pL\pN_-]*$`)

// member returns the path of an object's member.
func member(field, key string) string {
	switch {
	case !identifier.MatchString(key):
		return fmt.Sprintf("%s[%q]", field, key)
	case field == "":
		return key
	}
	return field + "." + key
}

// throughJSON converts a value of any other type by encoding it to JSON and decoding it.
func throughJSON(field string, v any, depth int) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, &FieldError{field, "has no form in JSON: " + err.Error()}
	}
	// json.Marshal writes invalid UTF-8 as this escape, and a valid U+FFFD as the character itself.
	if hasEscape(text, `\ufffd`) || !utf8.Valid(text) {
		return nil, &FieldError{field, "is not valid UTF-8"}
	}
	decoded, err := decode(text)
	if err != nil {
		return nil, &FieldError{field, "has no form in JSON: " + err.Error()}
	}
	return of(field, decoded, depth)
}

// hasEscape reports whether JSON text contains an escape, whose backslash is not escaped itself.
func hasEscape(text []byte, escape string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(text[i:], []byte(escape)) {
			return true
		}
		i++
	}
	return false
}

func unsigned(v uint64) any {
	if v <= math.MaxInt64 {
		return int64(v)
	}
	return v
}

// float returns a large whole number as an integer: JSON might write a float with fewer digits.
func float(field string, v float64) (any, error) {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return nil, &FieldError{field, fmt.Sprintf("is %v, which has no form in JSON", v)}
	case v != math.Trunc(v) || math.Abs(v) < 1<<53:
		return v, nil
	case v >= math.MinInt64 && v < math.MaxInt64:
		return int64(v), nil
	case v > 0 && v < math.MaxUint64:
		return uint64(v), nil
	}
	return v, nil
}

// number converts a number from its text in JSON.
func number(field, text string) (any, error) {
	if !json.Valid([]byte(text)) || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
		return nil, &FieldError{field, fmt.Sprintf("is %q, which is not a number", text)}
	}
	if whole(text) {
		if i, err := strconv.ParseInt(text, 10, 64); err == nil && text != "-0" {
			return i, nil
		}
		if u, err := strconv.ParseUint(text, 10, 64); err == nil {
			return u, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || whole(text) && !writes(f, text) {
		return nil, &FieldError{field, "is " + text + ", which is too large to be sent unchanged"}
	}
	return f, nil
}

// whole reports whether a number is written without a fraction and an exponent.
func whole(text string) bool {
	for i := range len(text) {
		if c := text[i]; c == '.' || c == 'e' || c == 'E' {
			return false
		}
	}
	return true
}

// writes reports whether text is f with all its digits, or f with the fewest digits that identify
// it.
func writes(f float64, text string) bool {
	return text == strconv.FormatFloat(f, 'f', 0, 64) || text == strconv.FormatFloat(f, 'f', -1, 64)
}

// Received converts a value that was decoded from JSON or MessagePack to plain types. They are
// those of [Of], except for numbers: a number is a float64, or a [json.Number] where a float64
// would change an integer. Received changes objects and lists in place.
func Received(v any) any {
	switch v := v.(type) {
	case json.Number:
		return receivedNumber(v)
	case int64:
		if f := float64(v); f < math.MaxInt64 && int64(f) == v {
			return f
		}
		return json.Number(strconv.FormatInt(v, 10))
	case uint64:
		if f := float64(v); f < math.MaxUint64 && uint64(f) == v {
			return f
		}
		return json.Number(strconv.FormatUint(v, 10))
	case float32:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = Received(v[i])
		}
	case map[string]any:
		return ReceivedObject(v)
	}
	return v
}

// ReceivedObject is [Received] for an object; nil stays nil.
func ReceivedObject(o map[string]any) map[string]any {
	for key, value := range o {
		o[key] = Received(value)
	}
	return o
}

func receivedNumber(n json.Number) any {
	text := string(n)
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return n
	case !whole(text) || math.Abs(f) < 1<<53:
		return f
	case text == strconv.FormatFloat(f, 'f', 0, 64):
		return f
	case math.Abs(f) > math.MaxUint64 && writes(f, text):
		return f
	}
	return n
}

// Parse decodes JSON text, and converts the value as [Received] does. Nothing may follow the value.
func Parse(text []byte) (any, error) {
	v, err := decode(text)
	if err != nil {
		return nil, err
	}
	return Received(v), nil
}

func decode(text []byte) (v any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more bytes follow the value")
	}
	return v, nil
}
