package ablychat

import (
	"encoding/json"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// values are what users give: plain types of JSON, and others.
func values(depth int) *rapid.Generator[any] {
	simple := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.String().AsAny(), rapid.Float64().AsAny(), rapid.Int().AsAny(),
		rapid.SampledFrom([]any{"\xff", math.NaN(), math.Inf(1), []any(nil), map[string]any(nil), []string{"a"}, struct{ A int }{1}}),
	)
	if depth == 0 {
		return simple
	}
	return rapid.OneOf(simple, rapid.SliceOfN(values(depth-1), 0, 3).AsAny(),
		rapid.MapOfN(rapid.OneOf(rapid.String(), rapid.Just("\xff")), values(depth-1), 0, 3).AsAny())
}

// What inJSON returns is what JSON makes of the value, whatever way it takes, and shares nothing with it.
func TestInJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values(3).Draw(t, "value")
		var want any
		text, bad := json.Marshal(v)
		if bad == nil {
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
		}
		got, err := inJSON("test", v)
		if (err != nil) != (bad != nil) || !reflect.DeepEqual(got, want) {
			t.Fatalf("%#v, %v; expected %#v, %v", got, err, want, bad)
		}
		spoil(v)
		if !reflect.DeepEqual(got, want) {
			t.Fatal("it shares something with the value")
		}
	})
}

func spoil(v any) {
	switch v := v.(type) {
	case []any:
		for i := range v {
			spoil(v[i])
			v[i] = "spoilt"
		}
	case map[string]any:
		for _, e := range v {
			spoil(e)
		}
		if v != nil {
			v["spoilt"] = true
		}
	}
}

// A value that contains itself has no form in JSON, and is no way to hang.
func TestInJSONOfACycle(t *testing.T) {
	o := map[string]any{}
	o["o"] = o
	if _, err := inJSON("test", o); err == nil {
		t.Error("no error")
	}
}
