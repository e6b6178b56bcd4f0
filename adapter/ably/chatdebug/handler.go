// Package chatdebug serves a page about the chat rooms of a running program, in the manner of
// net/http/pprof: the rooms with their statuses and incarnations, the calls that wait and for how
// long, and the last events.
//
//	http.Handle("/debug/chat", chatdebug.Handler(client))
//	go http.ListenAndServe("localhost:6060", nil)
//
// The page is at /debug/chat, and the same as JSON at /debug/chat?format=json. Both have names of
// rooms, options, statuses and errors; no message, no key and no token. They are for the people who
// run the program: don't serve them to everybody.
//
// A client without a handler pays nothing for this package. From the call of [Handler] on, each
// step of a room takes a lock and writes one event; what is kept has a fixed size.
package chatdebug

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	ablychat "ablyrooms.example/adapter/ably"
	"ablyrooms.example/lifecycle"
)

// Handler returns a handler that serves the page about a client, and begins to note the client's
// events and the times of its calls. Make one for a client: each stays with it for its life. The
// handler may be used concurrently, and also when the client is disposed of.
func Handler(client *ablychat.Client) http.Handler { return newHandler(client, time.Now) }

func newHandler(client *ablychat.Client, now func() time.Time) *handler {
	h := &handler{client: client, now: now, recorder: newRecorder(now)}
	client.Observe(lifecycle.Observer{Rooms: h.recorder.rooms, Room: h.recorder.room})
	return h
}

type handler struct {
	client   *ablychat.Client
	now      func() time.Time
	recorder *recorder
}

// ServeHTTP serves the page, or with format=json, or for a client that accepts only that, JSON.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET is served here", http.StatusMethodNotAllowed)
		return
	}
	view := h.view()
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	var body bytes.Buffer
	if wantsJSON(r) {
		header.Set("Content-Type", "application/json")
		e := json.NewEncoder(&body)
		e.SetIndent("", "  ")
		_ = e.Encode(view) // plain data, into memory
	} else {
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
		if err := page.Execute(&body, view); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	_, _ = w.Write(body.Bytes()) // an error is the reader's, who has gone
}

func wantsJSON(r *http.Request) bool {
	if format := r.URL.Query().Get("format"); format != "" {
		return format == "json"
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
