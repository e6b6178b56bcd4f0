package golden

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestEntriesAreRead(t *testing.T) {
	if n := Int("graph/rooms/3-2-2/states"); n < 10_000 {
		t.Errorf("Int returned only %d states", n)
	}
	if hash := Text("schedules/3-calls/digest"); len(hash) != 16 {
		t.Errorf("Text returned the hash %q, expected 16 characters", hash)
	}
	if keys := Keys("graph/rooms/3-2-2"); !slices.Equal(keys, []string{"graph/rooms/3-2-2/states", "graph/rooms/3-2-2/steps"}) {
		t.Errorf("Keys returned %q", keys)
	}
	if !Has("graph/rooms/3-2-2/states") || Has("graph/rooms/3-2-2") {
		t.Error("Has does not find a key, or takes a prefix for a key")
	}
}

func TestAMissingEntryFails(t *testing.T) {
	for key, get := range map[string]func(string){
		"graph/rooms/9-9-9/states": func(key string) { Int(key) },
		"schedules/3-calls/digest": func(key string) { Int(key) },
		"graph/rooms/3-2-2/states": func(key string) { Text(key) },
	} {
		func() {
			defer func() {
				if said, _ := recover().(string); !strings.Contains(said, key) || !strings.Contains(said, File) {
					t.Errorf("%s: the panic does not name the key and the file: %q", key, said)
				}
			}()
			get(key)
		}()
	}
}

func TestUpdateReplacesAPart(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, File)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"a/b/c": 1, "a/b/d": "x", "a/bb/c": 3}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Update(root, "a/b", map[string]any{"e": 5, "f": "z"}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if want := "{\n  \"a/b/e\": 5,\n  \"a/b/f\": \"z\",\n  \"a/bb/c\": 3\n}\n"; err != nil || string(text) != want {
		t.Errorf("after Update, the file is %s; the error is %v", text, err)
	}
	if err := Update(root, "a/b", map[string]any{"e": 1.5}); err == nil {
		t.Error("Update accepts a fraction")
	}
	if after, _ := os.ReadFile(file); string(after) != string(text) {
		t.Error("Update returned an error, but changed the file")
	}
}
