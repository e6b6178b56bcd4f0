package ablychat

import (
	"fmt"
	"math"
	"unicode/utf8"
)

// plain makes of a value that came in MessagePack what the same value is in JSON: maps by strings, and numbers as float64. It changes
// maps and lists in place.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return plainObject(v)
	case map[any]any:
		o := make(map[string]any, len(v))
		for key, value := range v {
			o[fmt.Sprint(key)] = plain(value)
		}
		return o
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case int64:
		return float64(v)
	case uint64:
		return float64(v)
	case float32:
		return float64(v)
	}
	return v
}

func plainObject(m map[string]any) map[string]any {
	for key, value := range m {
		m[key] = plain(value)
	}
	return m
}

// copyPlain copies a value that is of the types that [encoding/json] makes of it anyway. ok is false for any other, and for one that is
// nested too deep to be looked at.
func copyPlain(v any, depth int) (c any, ok bool) {
	if depth == 0 {
		return nil, false
	}
	switch v := v.(type) {
	case nil, bool:
		return v, true
	case string:
		return v, utf8.ValidString(v)
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	case []any:
		if v == nil {
			return nil, true
		}
		list := make([]any, len(v))
		for i := range v {
			if list[i], ok = copyPlain(v[i], depth-1); !ok {
				return nil, false
			}
		}
		return list, true
	case map[string]any:
		if v == nil {
			return nil, true
		}
		o := make(map[string]any, len(v))
		for key, value := range v {
			if o[key], ok = copyPlain(value, depth-1); !ok || !utf8.ValidString(key) {
				return nil, false
			}
		}
		return o, true
	}
	return nil, false
}
