//go:build js && wasm

// Command wasm is the playground's engine in a browser: the cores, the models and the explorer. It
// sets the global object playground, whose functions take and return JSON as text:
//
//	facts()               what the page shows for every script
//	run(fragment)         what happens in each step of a script
//	find(search, told)    a shortest script; calls told(states, depth) now and then
package main

import (
	"context"
	"encoding/json"
	"syscall/js"

	"ablyrooms.example/cmd/playground/internal/play"
)

func main() {
	text := func(v any, err error) any {
		if err == nil {
			var b []byte
			if b, err = json.Marshal(v); err == nil {
				return string(b)
			}
		}
		b, _ := json.Marshal(map[string]string{"Error": err.Error()})
		return string(b)
	}
	js.Global().Set("playground", map[string]any{
		"facts": js.FuncOf(func(js.Value, []js.Value) any { return text(play.Facts(), nil) }),
		"run": js.FuncOf(
			func(_ js.Value, args []js.Value) any { return text(play.Run(args[0].String()), nil) },
		),
		"find": js.FuncOf(func(_ js.Value, args []js.Value) any {
			var s play.Search
			if err := json.Unmarshal([]byte(args[0].String()), &s); err != nil {
				return text(nil, err)
			}
			return text(
				play.Find(
					context.Background(),
					s,
					func(states, depth int) { args[1].Invoke(states, depth) },
				),
			)
		}),
	})
	select {}
}
