package ablytest

import (
	"net/url"
	"strings"
)

// Endpoints returns the endpoints of the REST API that the server serves, as method and pattern.
func Endpoints() (all []string) {
	for _, e := range endpoints {
		for _, m := range e.methods {
			all = append(all, m.method+" "+e.pattern)
		}
	}
	return all
}

// EndpointOf returns the endpoint that serves an escaped path, or "" if there is none.
func EndpointOf(method, path string) string {
	var segments []string
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		name, _ := url.PathUnescape(part)
		segments = append(segments, name)
	}
	for _, e := range endpoints {
		if e.matches(segments) {
			return method + " " + e.pattern
		}
	}
	return ""
}
