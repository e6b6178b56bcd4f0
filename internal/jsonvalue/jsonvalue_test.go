package jsonvalue

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type tagged struct {
	Name  string  `json:"name"`
	Score float64 `json:"score,omitempty"`
	skip  int
}

type object = map[string]any

func cycle() any {
	o := object{}
	o["self"] = o
	return o
}

func TestOf(t *testing.T) {
	for what, c := range map[string]struct {
		give any
		want any
		bad  string // part of the error; "" for none
	}{
		"nil":                   {nil, nil, ""},
		"nested nil":            {object{"a": nil, "b": []any(nil), "c": object(nil)}, object{"a": nil, "b": nil, "c": nil}, ""},
		"empty":                 {object{"o": object{}, "l": []any{}}, object{"o": object{}, "l": []any{}}, ""},
		"beyond 2^53":           {int64(9007199254740993), int64(9007199254740993), ""},
		"the smallest integer":  {int64(math.MinInt64), int64(math.MinInt64), ""},
		"the largest integer":   {uint64(math.MaxUint64), uint64(math.MaxUint64), ""},
		"any integer type":      {[]any{int8(-1), uint32(7), uint(8)}, []any{int64(-1), int64(7), int64(8)}, ""},
		"a number":              {json.Number("9007199254740993"), int64(9007199254740993), ""},
		"a fraction":            {json.Number("0.25"), 0.25, ""},
		"minus zero":            {json.Number("-0"), math.Copysign(0, -1), ""},
		"a whole float":         {float64(1 << 60), int64(1 << 60), ""},
		"a float of 2^63":       {float64(1 << 63), uint64(1 << 63), ""},
		"a large float":         {1e300, 1e300, ""},
		"float32":               {float32(0.1), 0.1, ""},
		"a struct":              {tagged{Name: "x", skip: 1}, object{"name": "x"}, ""},
		"a time":                {time.Unix(0, 0).UTC(), "1970-01-01T00:00:00Z", ""},
		"typed maps and slices": {map[string][]int{"a": {1}}, object{"a": []any{int64(1)}}, ""},
		"the character itself":  {[]string{"\ufffd", `\ufffd`}, []any{"\ufffd", `\ufffd`}, ""},

		"NaN":                     {object{"n": math.NaN()}, nil, "top.n is NaN, which has no form in JSON"},
		"infinity":                {[]any{0, math.Inf(-1)}, nil, "top[1] is -Inf, which has no form in JSON"},
		"infinity in a struct":    {object{"s": tagged{Score: math.Inf(1)}}, nil, "top.s has no form in JSON: json: unsupported value: +Inf"},
		"a channel":               {object{"a b": make(chan int)}, nil, `top["a b"] has no form in JSON: json: unsupported type: chan int`},
		"no number":               {json.Number("0x10"), nil, `top is "0x10", which is not a number`},
		"an empty number":         {json.Number(""), nil, `top is "", which is not a number`},
		"a number with a word":    {json.Number("true"), nil, `top is "true", which is not a number`},
		"too large an integer":    {json.Number("123456789012345678901234567890"), nil, "top is 123456789012345678901234567890, which is too large to be sent unchanged"},
		"too large a float":       {json.Number("1e999"), nil, "top is 1e999, which is too large to be sent unchanged"},
		"invalid UTF-8":           {object{"deep": []any{"a\xff"}}, nil, "top.deep[0] is not valid UTF-8"},
		"invalid UTF-8 in a name": {object{"a\xff": 1}, nil, `top["a\xff"] has a name that is not valid UTF-8`},
		"invalid UTF-8, typed":    {[]string{`\`, "\xff"}, nil, "top is not valid UTF-8"},
		"invalid UTF-8, raw":      {json.RawMessage("\"\xff\""), nil, "top is not valid UTF-8"},
		"a cycle":                 {cycle(), nil, "nested deeper than 1000"},
	} {
		got, err := Of("top", c.give)
		switch {
		case c.bad == "" && (err != nil || !reflect.DeepEqual(got, c.want)):
			t.Errorf("%s: Of returned %#v, %v, expected %#v", what, got, err, c.want)
		case c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)):
			t.Errorf("%s: Of returned %#v, %v, expected the error %s", what, got, err, c.bad)
		}
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]any{
		`{"a":[1,2.5,null,{}]}`:     object{"a": []any{1.0, 2.5, nil, object{}}},
		`9007199254740992`:          9007199254740992.0,
		`9007199254740993`:          json.Number("9007199254740993"),
		`-9007199254740993`:         json.Number("-9007199254740993"),
		`1152921504606847000`:       json.Number("1152921504606847000"), // float64: 24 less
		`18446744073709551615`:      json.Number("18446744073709551615"),
		`295147905179352830000`:     float64(1 << 68), // as encoding/json and JavaScript write it
		`1e400`:                     json.Number("1e400"),
		`1180591620717411303424`:    float64(1 << 70),
		`12345678901234567890.5`:    12345678901234567890.5,
		`100000000000000000000001`:  json.Number("100000000000000000000001"),
		`"\ud800"`:                  "\ufffd",
		` {"z": -0.0} `:             object{"z": math.Copysign(0, -1)},
		`[9223372036854775807, -1]`: []any{json.Number("9223372036854775807"), -1.0},
	} {
		got, err := Parse([]byte(text))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%s) returned %#v, %v, expected %#v", text, got, err, want)
		}
	}
	for _, text := range []string{``, `{"a":1`, `{} {}`, `<html>`, `1 2`, `{}x`} {
		if got, err := Parse([]byte(text)); err == nil {
			t.Errorf("Parse(%q) returned %v, expected an error", text, got)
		}
	}
	if got := Received([]any{int64(math.MaxInt64), uint64(math.MaxUint64), int64(3), float32(0.5)}); !reflect.DeepEqual(got,
		[]any{json.Number("9223372036854775807"), json.Number("18446744073709551615"), 3.0, 0.5}) {
		t.Errorf("Received returned %#v", got)
	}
}

// Integers and floats are the same numbers after encoding and decoding as JSON.
func TestNumbersStayTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var give any
		var exact string
		if rapid.Bool().Draw(t, "integer") {
			i := rapid.Int64().Draw(t, "i")
			give, exact = i, string(must(json.Marshal(i)))
		} else {
			f := rapid.Float64().Draw(t, "f")
			give, exact = f, string(must(json.Marshal(f)))
		}
		sent := must(json.Marshal(must(Of("n", give))))
		switch got := must(Parse(sent)).(type) {
		case float64:
			if i, ok := give.(int64); ok && int64(got) != i {
				t.Fatalf("the integer %d was received as %v", i, got)
			} else if f, ok := give.(float64); ok && got != f {
				t.Fatalf("the float %v was received as %v", f, got)
			}
		case json.Number:
			if string(got) != exact {
				if f, err := got.Float64(); err != nil || f != give {
					t.Fatalf("the number %s was received as %s", exact, got)
				}
			}
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
