package ablytest

import (
	"net/http"
)

// serveREST serves a request. The request and its response are two frames. Faults apply to them
// like to the frames of a WebSocket.
func (s *Server) serveREST(w http.ResponseWriter, r *http.Request) {
	rq := s.newRequest(r)
	f := Frame{
		Direction: ClientToServer, Index: s.frames.nextHTTP(),
		Action: ActionHTTP, Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.Query(), Header: r.Header,
	}
	x := &exchange{s: s, w: w, r: r}
	rs, cutAfter := x.cross(f, rq)
	if rs == nil {
		rs = rq.answer()
	}
	if cutAfter {
		panic(http.ErrAbortHandler) // net/http cuts the connection, and logs nothing.
	}

	f.Direction, f.Status, f.Seq = ServerToClient, rs.status, 0
	instead, cutAfter := x.cross(f, rq)
	if instead != nil {
		rs = instead
	}
	if cutAfter {
		w.Header().Set("Connection", "close")
	}
	rs.write(w)
}

// exchange is an HTTP request with its response.
type exchange struct {
	s *Server
	w http.ResponseWriter
	r *http.Request
}

// cross counts the request or the response, and applies the hooks and the faults. It returns the
// response to send instead, if there is one, and whether to cut the connection afterwards. It
// doesn't return if the frame is lost.
func (x *exchange) cross(f Frame, rq *request) (instead *response, cutAfter bool) {
	x.s.frames.cross(&f)
	for _, e := range x.s.faults.effects(f) {
		switch e.kind {
		case effectHold:
			passed := make(chan struct{})
			if held, leave := e.gate.enter(func() { close(passed) }); held {
				x.await(passed, leave)
			}
		case effectDelay, effectLatency:
			passed := make(chan struct{})
			stop := x.s.after(e.delay, func() { close(passed) })
			x.await(passed, stop)
		case effectCall:
			e.call(f)
		case effectCutAfter:
			cutAfter = true
		case effectDrop, effectReply:
			x.await(nil, func() {})
		case effectCutBefore, effectDisconnect:
			panic(http.ErrAbortHandler)
		default:
			return rq.fail(e.err), cutAfter
		}
	}
	return nil, cutAfter
}

// await waits until passed is closed. If the client goes away or the server closes first, it
// ends the exchange without an answer.
func (x *exchange) await(passed <-chan struct{}, leave func()) {
	select {
	case <-passed:
		return
	case <-x.r.Context().Done():
	case <-x.s.ctx.Done():
	}
	leave()
	panic(http.ErrAbortHandler)
}
