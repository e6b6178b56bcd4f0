package realtime

import (
	"reflect"
	"testing"

	"ablyrooms.example/adapter/ably/internal/transport/wire"
	"ablyrooms.example/lifecycle"
)

// Errors of the service keep code, status, message and cause; missing values are filled in.
func TestErrorsOfTheService(t *testing.T) {
	if fromWire(nil) != nil || asInfo(nil) != nil || Unable("x", nil) != nil || unable("x", nil) != nil {
		t.Error("nil is an error")
	}
	e := fromWire(&wire.ErrorInfo{Code: 40160, StatusCode: 418, Message: "no", Cause: &wire.ErrorInfo{Code: 50000, Message: "why"}})
	cause, _ := e.Cause.(*lifecycle.ErrorInfo)
	if e.Code != 40160 || e.StatusCode != 418 || e.Message != "no" || cause == nil || cause.Code != 50000 || cause.Cause != nil {
		t.Errorf("got %+v", e)
	}
	if e := fromWire(&wire.ErrorInfo{Message: "odd"}); e.Code != lifecycle.ErrChannelOperationFailed || e.Message != "odd" ||
		e.StatusCode != lifecycle.NewErrorInfo(e.Code, "", nil).StatusCode || e.Cause != nil {
		t.Errorf("without a code: %+v", e)
	}
	if e := asInfo(&wire.ErrorInfo{Code: 40160, Message: "no"}); e.Code != 40160 || e.StatusCode != 401 {
		t.Errorf("got %+v", e)
	}
	for _, e := range []*lifecycle.ErrorInfo{errNoAnswer, errNoConnection} {
		if e.Code != 90007 || e.StatusCode != 408 {
			t.Errorf("a request that ran out of time fails with %+v", e)
		}
	}
	if u := Unable("swim", errNoAnswer); u.Code != 90007 || u.StatusCode != 408 || u.Message != "unable to swim; "+errNoAnswer.Message {
		t.Errorf("got %+v", u)
	}
}

// RSL6, RSL6b: encodings are undone from the right, until one is unknown.
func TestDecoding(t *testing.T) {
	for _, c := range []struct {
		data     any
		encoding string
		want     any
		left     string
	}{
		{"plain", "", "plain", ""}, {nil, "", nil, ""},
		{`{"a":[1]}`, "json", map[string]any{"a": []any{1.0}}, ""}, {[]byte(`[1]`), "json", []any{1.0}, ""},
		{"e30=", "json/base64", map[string]any{}, ""}, {"eyJhIjoxfQ==", "json/utf-8/base64", map[string]any{"a": 1.0}, ""},
		{[]byte("x"), "utf-8", "x", ""}, {"x", "utf-8", "x", ""},
		{"!", "json/base64", "!", "json/base64"}, {"AQ==", "cipher+aes-128-cbc/base64", []byte{1}, "cipher+aes-128-cbc"},
		{"{", "json", "{", "json"}, {1.5, "json", 1.5, "json"}, {[]byte("x"), "base64", []byte("x"), "base64"},
		{1.5, "utf-8", 1.5, "utf-8"}, {"x", "vcdiff/utf-8", "x", "vcdiff"},
	} {
		got, left, err := decode(c.data, c.encoding)
		if !reflect.DeepEqual(got, c.want) || left != c.left || (err != nil) != (left != "") {
			t.Errorf("%v as %q: %#v, left %q, %v", c.data, c.encoding, got, left, err)
		}
	}
	for _, c := range []struct {
		data, want any
		encoding   string
	}{{nil, nil, ""}, {"s", "s", ""}, {[]byte{1}, []byte{1}, ""}, {5, "5", "json"}, {map[string]any{"a": 1}, `{"a":1}`, "json"}, {true, "true", "json"}} {
		if got, encoding, err := encode(c.data); !reflect.DeepEqual(got, c.want) || encoding != c.encoding || err != nil {
			t.Errorf("%v: %#v, %q, %v", c.data, got, encoding, err)
		}
	}
	if _, _, err := encode(func() {}); err == nil || err.Code != lifecycle.ErrInvalidArgument {
		t.Errorf("a function: %v", err)
	}
}
