// Package chatdebug serves a page about the chat rooms of a running program, like net/http/pprof.
// The page shows the rooms with their statuses and incarnations, the calls that wait and how long
// they have waited, and the last events.
//
//	http.Handle("/debug/chat", chatdebug.Handler(client))
//	go http.ListenAndServe("localhost:6060", nil)
//
// The page is at /debug/chat. /debug/chat?format=json has the same as JSON. Both contain names of
// rooms, options, statuses and errors, but no message, no key and no token. They are meant for the
// people who run the program: don't serve them to the public.
//
// A client without a handler has no cost from this package. After [Handler] is called, each step of
// a room takes a lock and records one event. The number of recorded events is limited.
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

// Handler returns a handler that serves the page about a client. It begins to record the client's
// events and the times of its calls. Call it once for each client: its recording can't be removed.
// The handler may be used concurrently, and also after the client is disposed of.
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

// ServeHTTP serves the page. It serves JSON instead if the query has format=json, or if the client
// accepts only JSON.
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
		_ = e.Encode(view) // never fails: view is plain data, and body is in memory
	} else {
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'")
		if err := page.Execute(&body, view); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
	}
	_, _ = w.Write(body.Bytes()) // fails only if the reader has gone
}

func wantsJSON(r *http.Request) bool {
	if format := r.URL.Query().Get("format"); format != "" {
		return format == "json"
	}
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}
