package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// decoded returns a value that MessagePack decoding made in the form that JSON decoding
// makes: numbers as json.Number. It changes maps and slices in place.
func decoded(v any) any {
	switch v := v.(type) {
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case uint64:
		return json.Number(strconv.FormatUint(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
	case float32:
		return json.Number(strconv.FormatFloat(float64(v), 'g', -1, 32))
	case []any:
		for i := range v {
			v[i] = decoded(v[i])
		}
	case map[string]any:
		return decodedMap(v)
	}
	return v
}

func decodedMap(m map[string]any) map[string]any {
	for k, v := range m {
		m[k] = decoded(v)
	}
	return m
}

// encodable returns v in types that the MessagePack encoder can take; it crashes on maps of
// others. What isn't of plain types already goes by way of JSON.
func encodable(v any) (any, error) {
	if isEncodable(v) {
		return v, nil
	}
	switch v := v.(type) {
	case json.Number:
		return number(v)
	case map[string]any:
		return encodableMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			var err error
			if out[i], err = encodable(v[i]); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var plain any
	if err := decodeJSON(b, &plain); err != nil {
		return nil, err
	}
	return encodable(plain)
}

// isEncodable reports whether v is of the types that the MessagePack encoder can take.
func isEncodable(v any) bool {
	switch v := v.(type) {
	case nil, bool, string, []byte, int, int64, uint64, float64:
		return true
	case map[string]any:
		for _, e := range v {
			if !isEncodable(e) {
				return false
			}
		}
		return true
	case []any:
		for _, e := range v {
			if !isEncodable(e) {
				return false
			}
		}
		return true
	}
	return false
}

func encodableMap(m map[string]any) (map[string]any, error) {
	if isEncodable(m) {
		return m, nil
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		var err error
		if out[k], err = encodable(v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func number(n json.Number) (any, error) {
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i, nil
	}
	if u, err := strconv.ParseUint(string(n), 10, 64); err == nil {
		return u, nil
	}
	return strconv.ParseFloat(string(n), 64)
}

func base64Data(data any, encoding string) (any, string) {
	b, ok := data.([]byte)
	if !ok {
		return data, encoding
	}
	return base64.StdEncoding.EncodeToString(b), addStep(encoding, "base64")
}

func addStep(encoding, step string) string {
	if encoding == "" {
		return step
	}
	return encoding + "/" + step
}

// EncodeData returns a payload in the form in which it is published, and its encoding
// (RSL4): a string or bytes as they are, an object or array as a JSON string. nil is no
// payload. Any other value is an error.
func EncodeData(v any) (data any, encoding string, err error) {
	switch v := v.(type) {
	case nil, []byte:
		return v, "", nil
	case string:
		if utf8.ValidString(v) {
			return v, "", nil
		}
		return []byte(v), "", nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, "", err
	}
	if b[0] != '{' && b[0] != '[' {
		return nil, "", fmt.Errorf("a payload is a string, bytes, a JSON object or array, not %T", v)
	}
	return string(b), "json", nil
}

// DecodeData undoes the encoding of a payload from the right (RSL6). It stops at a step
// that it doesn't know or that fails, and returns what is left of both (RSL6b); err is then
// the reason.
func DecodeData(data any, encoding string) (decoded any, left string, err error) {
	for encoding != "" {
		i := strings.LastIndexByte(encoding, '/')
		next, err := decodeStep(data, encoding[i+1:])
		if err != nil {
			return data, encoding, err
		}
		data, encoding = next, encoding[:max(i, 0)]
	}
	return data, "", nil
}

func decodeStep(data any, step string) (any, error) {
	switch step {
	case "base64":
		if text, ok := data.(string); ok {
			return base64.StdEncoding.DecodeString(text)
		}
	case "utf-8":
		switch d := data.(type) {
		case string:
			return d, nil
		case []byte:
			if utf8.Valid(d) {
				return string(d), nil
			}
		}
	case "json":
		var text []byte
		switch d := data.(type) {
		case string:
			text = []byte(d)
		case []byte:
			text = d
		}
		if len(bytes.TrimSpace(text)) > 0 {
			var v any
			err := decodeJSON(text, &v)
			return v, err
		}
	}
	return nil, fmt.Errorf("payload of type %T can't be decoded as %q", data, step)
}
