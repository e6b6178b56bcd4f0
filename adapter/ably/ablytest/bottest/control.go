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

// Start starts a server on loopback, or where the options say, without a test; the caller closes
// it. What would fail a test panics.
func Start(options ...ablytest.Option) (*Server, error) {
	s, err := ablytest.Start(options...)
	if err != nil {
		return nil, err
	}
	return &Server{Server: s, t: noTest{}}, nil
}

// noTest stands for the test of a server that has none.
type noTest struct{}

func (noTest) Helper()                           {}
func (noTest) Cleanup(func())                    {}
func (noTest) Logf(format string, args ...any)   { log.Printf(format, args...) }
func (noTest) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// Control returns a handler by which programs in other languages use the kit, over HTTP in JSON:
// users, what is in rooms, disruptions, tokens and frames. docs/control.md describes it. It answers
// requests to loopback alone, and none of a web page in a browser.
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

// fromHere refuses requests that a web page may have made: one that names where it is from, one to
// a name that is not loopback's, which a page's own name server may have led here, and a body that
// a page could send without being asked.
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
		return ablytest.NewError(40300, http.StatusForbidden, "a web page may not use this")
	case r.ContentLength != 0 && !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json"):
		return ablytest.NewError(40000, http.StatusUnsupportedMediaType,
			"a body must be of the type application/json")
	}
	return nil
}

// failure is an answer in Ably's error form.
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
	_ = json.NewEncoder(w).Encode(answer) // the client may be gone
}

// control serves the requests of one server's kit.
type control struct {
	s *Server

	mu      sync.Mutex
	last    int // the number of the last disruption
	running map[string]*ablytest.Disruption
}
