package ablytest

import (
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// request is an HTTP request to a REST endpoint.
type request struct {
	s           *Server
	r           *http.Request
	query       url.Values
	credentials credentials
	segments    []string // of the path, unescaped one by one: a name may contain "/"
	body        []byte
	bodyFormat  Format
	format      Format    // of the response
	app         string    // the client's application, once the client is authenticated
	as          *identity // the client, if it needs no credentials: see VirtualClient; or nil
}

// response is a response before any fault is applied.
type response struct {
	status int
	header http.Header
	body   []byte
}

const maxBody = 2 * maxFrameSize

// serve handles every HTTP request, also those that open a WebSocket.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.out() {
		panic(http.ErrAbortHandler) // net/http cuts the connection.
	}
	if err := s.opts.fromHere(r); err != nil {
		s.newRequest(r).fail(err).write(w)
		return
	}
	if strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		if path := r.URL.EscapedPath(); path != "" && path != "/" {
			s.newRequest(r).fail(NewError(40400, http.StatusNotFound,
				"the test server doesn't serve WebSockets on %s", path)).write(w)
			return
		}
		s.mu.Lock()
		unreachable := s.refusal != nil && s.refusal.err == nil
		s.mu.Unlock()
		if unreachable {
			panic(http.ErrAbortHandler) // net/http cuts the connection.
		}
		s.serveSocket(w, r)
		return
	}
	defer s.owners.start("HTTP request")()
	s.serveREST(w, r)
}

func (s *Server) newRequest(r *http.Request) *request {
	rq := &request{s: s, r: r, query: r.URL.Query(), credentials: credentialsOf(r)}
	for _, part := range []string{r.Header.Get("Accept"), rq.query.Get("format")} {
		if strings.Contains(part, "msgpack") {
			rq.format = MsgPack
		}
	}
	if mediaType, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); mediaType == mimeMsgPack {
		rq.bodyFormat = MsgPack
	}
	return rq
}

// answer returns the response of the endpoint that the request is for.
func (rq *request) answer() *response {
	for part := range strings.SplitSeq(strings.Trim(rq.r.URL.EscapedPath(), "/"), "/") {
		name, err := url.PathUnescape(part)
		if err != nil {
			return rq.fail(errBadRequest("the path can't be unescaped"))
		}
		rq.segments = append(rq.segments, name)
	}
	body, err := io.ReadAll(io.LimitReader(rq.r.Body, maxBody+1))
	if err != nil {
		return rq.fail(errBadRequest("the body can't be read"))
	}
	if len(body) > maxBody {
		return rq.fail(NewError(40009, http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", maxBody))
	}
	rq.body = body
	for _, e := range endpoints {
		if !e.matches(rq.segments) {
			continue
		}
		for _, m := range e.methods {
			if m.method == rq.r.Method {
				return m.serve(rq.s, rq)
			}
		}
		return rq.fail(errMethod(rq.r.Method, e.pattern))
	}
	for _, e := range refused {
		if e.matches(rq.segments) {
			if _, err := rq.identify(); err != nil {
				return rq.fail(err)
			}
			break
		}
	}
	return rq.fail(NewError(40400, http.StatusNotFound, "the test server doesn't serve %s", rq.r.URL.EscapedPath()))
}

// identify authenticates the request.
func (rq *request) identify() (identity, *ErrorInfo) {
	if rq.as != nil {
		rq.app = rq.as.app
		return *rq.as, nil
	}
	clientID := ""
	if h := rq.r.Header.Get("X-Ably-ClientId"); h != "" {
		b, err := base64.StdEncoding.DecodeString(h)
		if err != nil {
			return identity{}, NewError(40012, http.StatusBadRequest, "invalid clientId: X-Ably-ClientId is not base64")
		}
		clientID = string(b)
	}
	id, err := rq.s.authenticate(rq.credentials, clientID)
	rq.app = id.app
	return id, err
}

// decode reads the body into v.
func (rq *request) decode(v any) *ErrorInfo {
	if err := unmarshal(rq.bodyFormat, rq.body, v); err != nil {
		return errBadRequest("the body is not the %v that is expected: %v", rq.bodyFormat, err)
	}
	return nil
}

// ok returns a response with the body v, or without a body if v is nil.
func (rq *request) ok(status int, v any) *response {
	rs := &response{status: status, header: http.Header{}}
	if v == nil {
		return rs
	}
	b, err := rq.encode(v)
	if err != nil {
		return rq.fail(NewError(50000, http.StatusInternalServerError, "the answer can't be encoded: %v", err))
	}
	rs.body = b
	rs.header.Set("Content-Type", rq.format.mime())
	return rs
}

// encode encodes v in the format of the response. Messages have the form for clients of that
// format.
func (rq *request) encode(v any) ([]byte, error) {
	switch ms := v.(type) {
	case *Message:
		list, err := forFormat(rq.format, []*Message{ms})
		if err != nil {
			return nil, err
		}
		v = list[0]
	case []map[string]any:
		list, err := mapsForFormat(rq.format, ms)
		if err != nil {
			return nil, err
		}
		v = list
	case []*Message:
		list, err := forFormat(rq.format, ms)
		if err != nil {
			return nil, err
		}
		v = list
	}
	return marshal(rq.format, v)
}

// fail returns a response in Ably's error form.
func (rq *request) fail(err *ErrorInfo) *response {
	b, _ := marshal(rq.format, struct {
		Error *ErrorInfo `json:"error"`
	}{err})
	status := err.StatusCode
	if status < 400 || status > 599 {
		status = http.StatusBadRequest
	}
	rs := &response{status: status, header: http.Header{}, body: b}
	rs.header.Set("Content-Type", rq.format.mime())
	rs.header.Set("X-Ably-Errorcode", strconv.Itoa(err.Code))
	rs.header.Set("X-Ably-Errormessage", headerText(err.Message))
	if status == http.StatusUnauthorized {
		rs.header.Set("WWW-Authenticate", `Basic realm="Ably"`)
	}
	return rs
}

// headerText returns text in a form that a header may contain.
func headerText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

func (rs *response) write(w http.ResponseWriter) {
	h := w.Header()
	for name, values := range rs.header {
		h[name] = values
	}
	h.Set("X-Ably-Serverid", "ablytest")
	h.Set("Content-Length", fmt.Sprint(len(rs.body)))
	w.WriteHeader(rs.status)
	w.Write(rs.body)
}

// endpoint is a path of the REST API, with "*" for a variable part.
type endpoint struct {
	pattern string
	methods []endpointMethod
}

type endpointMethod struct {
	method string
	serve  func(*Server, *request) *response
}

// endpoints has the endpoints that the server serves. The functions are in the files of their
// features.
var endpoints = append([]endpoint{
	{"time", []endpointMethod{{http.MethodGet, (*Server).serveTime}}},
	{"keys/*/requestToken", []endpointMethod{
		{http.MethodPost, (*Server).requestToken},
		// GET is not allowed here, but an unknown application has its own error.
		{http.MethodGet, (*Server).requestToken},
	}},
	{"channels/*", []endpointMethod{{http.MethodGet, (*Server).serveChannelDetails}}},
	{"channels/*/messages", []endpointMethod{
		{http.MethodGet, (*Server).serveHistory},
		{http.MethodPost, (*Server).servePublish},
	}},
	{"channels/*/history", []endpointMethod{{http.MethodGet, (*Server).serveHistory}}},
	{"channels/*/presence", []endpointMethod{{http.MethodGet, (*Server).servePresence}}},
	{"channels/*/presence/history", []endpointMethod{{http.MethodGet, (*Server).servePresenceHistory}}},
	{"channels/*/messages/*", []endpointMethod{
		{http.MethodGet, (*Server).serveMessage},
		{http.MethodPatch, (*Server).serveAmend},
	}},
	{"channels/*/messages/*/versions", []endpointMethod{{http.MethodGet, (*Server).serveVersions}}},
	{"channels/*/messages/*/annotations", []endpointMethod{
		{http.MethodGet, (*Server).serveAnnotations},
		{http.MethodPost, (*Server).serveAnnotate},
	}},
}, chatEndpoints()...)

// refused has paths that Ably serves and this server doesn't. An authenticated client gets an error
// that says that the server doesn't serve the path.
var refused = []endpoint{
	{pattern: "stats"}, {pattern: "messages"}, {pattern: "presence"}, {pattern: "channels"},
	{pattern: "push/*"}, {pattern: "push/*/*"}, {pattern: "channels/*/object"}, {pattern: "channels/*/objects"},
	{pattern: "keys/*/revokeTokens"},
}

func (e endpoint) matches(segments []string) bool {
	parts := strings.Split(e.pattern, "/")
	if len(parts) != len(segments) {
		return false
	}
	for i, p := range parts {
		if p != "*" && p != segments[i] || segments[i] == "" {
			return false
		}
	}
	return true
}

// serveTime serves GET /time: the time in milliseconds.
func (s *Server) serveTime(rq *request) *response {
	return rq.ok(http.StatusOK, []int64{s.nowMillis()})
}
