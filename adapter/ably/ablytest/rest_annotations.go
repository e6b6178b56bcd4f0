package ablytest

import (
	"net/http"
)

// serveAnnotate serves POST /channels/{name}/messages/{serial}/annotations (RSAN1).
func (s *Server) serveAnnotate(rq *request) *response {
	id, err := rq.identify()
	if err != nil {
		return rq.fail(err)
	}
	channel := rq.segments[1]
	if !id.capability.allows(channel, "annotation-publish") {
		return rq.fail(errNotPermitted("operation annotation-publish not permitted with the provided capability"))
	}
	var wires []map[string]any
	if err := rq.decode(&wires); err != nil {
		return rq.fail(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	serials := []string{}
	for _, w := range wires {
		a := annotationOf(w)
		a.serial, a.userClaim = rq.segments[3], id.userClaim(channel)
		if a.client == "" {
			a.client = id.implied
		}
		if err := id.mayUse(a.client, id.implied); err != nil {
			return rq.fail(err)
		}
		serial, err := s.channelOf(id.app, channel).annotate(a)
		if err != nil {
			return rq.fail(err)
		}
		serials = append(serials, serial)
	}
	return rq.ok(http.StatusCreated, map[string]any{"serials": serials})
}

// annotationOf returns the annotation that a message of the wire describes.
func annotationOf(w map[string]any) annotation {
	a := annotation{action: wholeNumber(w["action"]), count: wholeNumber(w["count"])}
	a.kind, _ = w["type"].(string)
	a.name, _ = w["name"].(string)
	a.serial, _ = w["messageSerial"].(string)
	a.client, _ = w["clientId"].(string)
	a.data, a.encoding = w["data"], w["encoding"]
	a.extras, _ = w["extras"].(map[string]any)
	return a
}

// serveAnnotations serves GET /channels/{name}/messages/{serial}/annotations, oldest first (RSAN3).
func (s *Server) serveAnnotations(rq *request) *response {
	b, err := rq.pageOf("annotation-subscribe")
	if err != nil {
		return rq.fail(err)
	}
	b.forwards = rq.query.Get("direction") != "backwards"
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*pastEvent
	if ch := s.findChannel(rq.app, rq.segments[1]); ch != nil {
		all = ch.annotated[rq.segments[3]]
	}
	return rq.eventPage(b, all, "annotations")
}
