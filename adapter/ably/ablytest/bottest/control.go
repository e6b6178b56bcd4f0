package bottest

import (
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"

	"ablyrooms.example/adapter/ably/ablytest"
)

// Start starts a server without a test, on loopback or on the address of the options. The caller
// closes it. Methods that would fail a test panic instead.
func Start(options ...ablytest.Option) (*Server, error) {
	s, err := ablytest.Start(options...)
	if err != nil {
		return nil, err
	}
	return &Server{Server: s, t: noTest{}}, nil
}

// noTest is the TB of a server without a test.
type noTest struct{}

func (noTest) Helper()                           {}
func (noTest) Cleanup(func())                    {}
func (noTest) Logf(format string, args ...any)   { log.Printf(format, args...) }
func (noTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Control returns an HTTP handler with a JSON API, so that programs in other languages can use the
// kit: users, the state of rooms, disruptions, tokens and frames. docs/control.md describes the
// API. The handler answers only requests to loopback, and refuses those of web pages.
func (s *Server) Control() http.Handler {
	c := &control{s: s, running: map[string]*ablytest.Disruption{}}
	mux := http.NewServeMux()
	for pattern, serve := range c.endpoints() {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			answer, err := serve(r)
			if err != nil {
				answer = failure{controlError(err)}
			}
			write(w, answer)
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		write(w, failure{ablytest.NewError(40400, http.StatusNotFound,
			"nothing is served on %s %s", r.Method, r.URL.Path)})
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := fromHere(r); err != nil {
			write(w, failure{err})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
		mux.ServeHTTP(w, r)
	})
}

// fromHere returns an error for a request that a web page may have made: one with an Origin or a
// Sec-Fetch-Site of another page, one to a host that is not loopback (its name may have been made
// to resolve to loopback), and one with a body that a browser sends across sites without asking the
// server.
func fromHere(r *http.Request) *ablytest.ErrorInfo {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	site := r.Header.Get("Sec-Fetch-Site")
	switch {
	case host != "localhost" && (ip == nil || !ip.IsLoopback()):
		return ablytest.NewError(40300, http.StatusForbidden, "the host %q is not loopback", r.Host)
	case r.Header.Get("Origin") != "" || site != "" && site != "none":
		return ablytest.NewError(40300, http.StatusForbidden, "web pages may not use the control API")
	case r.ContentLength != 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return ablytest.NewError(40000, http.StatusUnsupportedMediaType,
			"a body must be of the type application/json")
	}
	return nil
}

// failure is a response in Ably's error form.
type failure struct {
	Error *ablytest.ErrorInfo `json:"error"`
}

func controlError(err error) *ablytest.ErrorInfo {
	var info *ablytest.ErrorInfo
	if errors.As(err, &info) {
		return info
	}
	return ablytest.NewError(40000, http.StatusBadRequest, "%v", err)
}

func write(w http.ResponseWriter, answer any) {
	status := http.StatusOK
	if f, ok := answer.(failure); ok {
		status = f.Error.StatusCode
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(answer) // fails if the client is gone
}

// control serves the requests of one server's kit.
type control struct {
	s *Server

	mu      sync.Mutex
	last    int // the number of the newest disruption
	running map[string]*ablytest.Disruption
}
