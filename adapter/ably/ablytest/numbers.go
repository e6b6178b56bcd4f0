package ablytest

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strconv"
)

// unmarshalJSON is [json.Unmarshal], except that an integer that a float64 can't hold becomes an
// int64 or a uint64, as in MessagePack. So the server, like Ably, returns such a number unchanged.
func unmarshalJSON(b []byte, v any) error {
	if !hasLongNumber(b) {
		return json.Unmarshal(b, v)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return json.Unmarshal(b, v) // its error describes what is wrong
	}
	exact(reflect.ValueOf(v))
	return nil
}

// hasLongNumber reports whether b has a sequence of digits that may be too long for a float64 to
// hold the number exactly.
func hasLongNumber(b []byte) bool {
	row := 0
	for _, c := range b {
		if row++; c < '0' || c > '9' {
			row = 0
		}
		if row >= 16 {
			return true
		}
	}
	return false
}

// exact replaces every [json.Number] in v.
func exact(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		exact(v.Elem())
	case reflect.Interface:
		if n, ok := v.Interface().(json.Number); ok && v.CanSet() {
			v.Set(reflect.ValueOf(number(n)))
			return
		}
		exact(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				exact(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			exact(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			value := v.MapIndex(key)
			if value.Kind() == reflect.Interface {
				if n, ok := value.Interface().(json.Number); ok {
					v.SetMapIndex(key, reflect.ValueOf(number(n)))
					continue
				}
			}
			exact(value)
		}
	}
}

func number(n json.Number) any {
	f, err := n.Float64()
	if err == nil && strconv.FormatFloat(f, 'f', -1, 64) == string(n) && f > -1<<53 && f < 1<<53 {
		return f
	}
	if i, err := strconv.ParseInt(string(n), 10, 64); err == nil {
		return i
	}
	if u, err := strconv.ParseUint(string(n), 10, 64); err == nil {
		return u
	}
	return f
}
