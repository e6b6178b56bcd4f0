package ablychat

import "fmt"

// plain makes of a value that came in MessagePack what the same value is in JSON: maps by strings, and numbers as float64.
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
		list := make([]any, len(v))
		for i := range v {
			list[i] = plain(v[i])
		}
		return list
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
	if m == nil {
		return nil
	}
	o := make(map[string]any, len(m))
	for key, value := range m {
		o[key] = plain(value)
	}
	return o
}
