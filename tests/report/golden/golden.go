// Package golden has the numbers and hashes that tests and documents expect: sizes of state graphs,
// lengths of TLC's traces, hashes of specs. They are in one generated file, golden.json, and
// nowhere else. "make golden" writes the file; review its diff like code.
//
// A key is a path. It begins with the name of the part that wrote it:
//
//	graph/rooms/3-2-2/states         Rooms with 3 calls, 2 names, 2 options
//	graph/roomstatus/2-1-bare/steps  a room with 2 calls, 1 error, and no memory of its past
//	tlc/MCRooms_safety4/distinct     the number of states that TLC finds in a configuration
//	schedules/3-calls/count          the number of schedules of three calls
//
// A program that writes a part calls [Update] with the prefix of the part.
package golden

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// File is the path of the generated file, from the module's root.
const File = "tests/report/golden/golden.json"

//go:embed golden.json
var embedded []byte

var entries = sync.OnceValue(func() map[string]any {
	all, err := parse(embedded)
	if err != nil {
		panic(fmt.Sprintf("golden: %s: %v", File, err))
	}
	return all
})

// parse parses the entries of a file. A value is an int or a string.
func parse(text []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	all := map[string]any{}
	if err := d.Decode(&all); err != nil {
		return nil, err
	}
	for key, v := range all {
		switch v := v.(type) {
		case string:
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			all[key] = int(n)
		default:
			return nil, fmt.Errorf("%s is neither a number nor a text", key)
		}
	}
	return all, nil
}

// Int returns the number with this key. It panics if there is none, so that no test passes without
// its expected value.
func Int(key string) int {
	return get[int](key)
}

// Text returns the text with this key, usually a hash. It panics if there is none.
func Text(key string) string {
	return get[string](key)
}

func get[V any](key string) V {
	v, ok := entries()[key]
	if !ok {
		panic(fmt.Sprintf("golden: %s has no entry %q: write it with make golden, and review the diff", File, key))
	}
	value, ok := v.(V)
	if !ok {
		panic(fmt.Sprintf("golden: %s: the entry %q is %v, which is no %T", File, key, v, value))
	}
	return value
}

// Has reports whether there is an entry with this key.
func Has(key string) bool {
	_, ok := entries()[key]
	return ok
}

// Keys returns the keys below a prefix, sorted. Keys("tlc") returns those that begin with "tlc/".
func Keys(prefix string) []string {
	var keys []string
	for key := range entries() {
		if strings.HasPrefix(key, prefix+"/") {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// Update replaces all entries below prefix in the file; root is the module's root. The keys of the
// new entries are relative to prefix, and their values have the type int or string. The running
// program still uses the entries that it was built with.
func Update(root, prefix string, with map[string]any) error {
	file := filepath.Join(root, filepath.FromSlash(File))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	all, err := parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", File, err)
	}
	maps.DeleteFunc(all, func(key string, _ any) bool { return strings.HasPrefix(key, prefix+"/") })
	for key, v := range with {
		all[prefix+"/"+key] = v
	}
	if text, err = json.MarshalIndent(all, "", "  "); err != nil { // sorted by key
		return err
	}
	if _, err := parse(text); err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}
