package wire

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
)

// decoded converts a value that a MessagePack decoder returned to the form that the JSON decoder
// returns: numbers become json.Number. It changes maps and slices in place.
func decoded(v any) any {
	switch v := v.(type) {
	case int64:
		return json.Number(strconv.FormatInt(v, 10))
	case uint64:
		return json.Number(strconv.FormatUint(v, 10))
	case float64:
		return json.Number(strconv.FormatFloat(v, 'g', -1, 64))
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

// encodable converts v to types that the MessagePack encoder can take; the encoder crashes on maps
// of other types. A value of another type is converted by encoding it to JSON and decoding it.
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
